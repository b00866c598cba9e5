import { fullPath } from './routes/route.ts';
import type { Route } from './routes/route.ts';
import type { Field } from './routes/fields.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { RESOURCE_SCHEMAS } from './schema/resource-schemas.ts';
import { ref } from './schema/schema.ts';
import type { Schema } from './schema/schema.ts';

/** The OpenAPI 3.1 document of the routes; made of the same table that they are registered from. */
export function buildOpenApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[fullPath(route)] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'natsjob', version, description: DESCRIPTION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: RESOURCE_SCHEMAS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

const DESCRIPTION = [
  'Times are ISO 8601 with offset, durations milliseconds in names ending in Ms, ids text.',
  'Errors are RFC 9457 problems that name the field.',
  'Edits need If-Match with the version in double quotes.',
].join(' ');

function operation(route: Route): object {
  const responses: Record<string, object> = {};
  for (const [status, schema] of Object.entries(route.answers)) responses[status] = goodAnswer(Number(status), schema);
  for (const status of problemsOf(route)) responses[status] ??= problemAnswer(PROBLEM_WORDS[status] ?? 'Problem');
  responses.default = problemAnswer('Any other problem');
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    parameters: parameters(route),
    ...(route.body === undefined ? {} : { requestBody: { required: route.body.optional !== true, content: { 'application/json': { schema: route.body.schema } } } }),
    responses,
    security: route.access === 'open' ? [] : route.access === 'optional' ? [{}, { token: [] }] : [{ token: [] }],
  };
}

function parameters(route: Route): readonly object[] {
  const of = (place: 'path' | 'query') => ([name, field]: [string, Field<unknown>]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: field.schema,
    ...(field.many ? { style: 'form', explode: false } : {}),
  });
  const ifMatch = { name: 'If-Match', in: 'header', required: true, schema: { type: 'string', pattern: '^"[0-9]{1,15}"$', description: 'The version this edit is based on, in double quotes' } };
  return [...Object.entries(route.params).map(of('path')), ...Object.entries(route.query).map(of('query')), ...(route.ifMatch ? [ifMatch] : [])];
}

function goodAnswer(status: number, schema: Schema | string | null): object {
  if (status === 101) return { description: 'It is a WebSocket from here on' };
  if (schema === null) return { description: 'Done' };
  if (typeof schema === 'string') return { description: 'Done', content: { [schema]: { schema: { type: 'string' } } } };
  return { description: status === 503 ? 'Not ready' : 'Done', content: { 'application/json': { schema } } };
}

function problemAnswer(description: string): object {
  return { description, content: { [PROBLEM_TYPE]: { schema: ref('Problem') } } };
}

/** The route's own, and those that follow from what it takes. */
function problemsOf(route: Route): readonly number[] {
  const statuses = new Set(route.problems);
  if (!route.atRoot) statuses.add(400).add(503);
  if (route.access === undefined) statuses.add(401);
  if (route.body !== undefined) statuses.add(413).add(415);
  if (route.ifMatch) statuses.add(412).add(428);
  return [...statuses].sort((a, b) => a - b);
}

const PROBLEM_WORDS: Readonly<Record<number, string>> = {
  400: 'Something sent is wrong; errors names it',
  401: 'Not logged in',
  403: 'Not allowed',
  404: 'Does not exist',
  409: 'Its state, or what exists already, forbids it; reason says why a run was not started',
  412: 'Somebody else changed it since that version',
  413: 'Body larger than 1 MiB',
  415: 'Body is not application/json',
  426: 'Must be a WebSocket',
  428: 'If-Match is missing',
  429: 'Too many tries; Retry-After says how long to wait',
  502: 'Another server of the cluster failed over it, or is of another version',
  503: 'NATS, the database or a leader is away: Retry-After says when to try again. Without Retry-After (type …:unanswered) the leader was asked and did not answer: it may have been done',
};
