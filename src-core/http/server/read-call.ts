import type { FastifyRequest } from 'fastify';
import { clientAddress, isLocal } from '../auth/request-origin.ts';
import type { RequestTrace } from '../auth/request-origin.ts';
import { invalidInput } from '../problem.ts';
import { readFields } from '../routes/fields.ts';
import { readIfMatch } from '../routes/if-match.ts';
import type { BodyRule, Call, Caller, Route } from '../routes/route.ts';
import { checkSchema } from '../schema/check-schema.ts';

/** Everything a route wants to know of a request, checked; throws the problem otherwise. */
export function readCall(route: Route, request: FastifyRequest, caller: Caller | undefined): Call<never, never, never> {
  const trace = traceOf(request);
  const given = new Map(Object.entries(request.params as Record<string, string>).map(([key, value]) => [key, [value]] as const));
  return {
    params: readFields(route.params, given) as never,
    query: readFields(route.query, readQuery(request.url)) as never,
    version: route.ifMatch ? readIfMatch(request.headers['if-match']) : 0,
    body: readBody(route.body, request.body) as never,
    caller,
    clientAddress: clientAddress(trace),
    local: isLocal(trace),
  };
}

export function traceOf(request: FastifyRequest): RequestTrace {
  return { socketAddress: request.socket.remoteAddress ?? '', httpVersion: request.raw.httpVersion, headers: request.headers };
}

function readQuery(url: string): ReadonlyMap<string, readonly string[]> {
  const given = new Map<string, string[]>();
  const start = url.indexOf('?');
  if (start < 0) return given;
  const pairs = url.slice(start + 1).split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_PAIRS) throw invalidInput([{ field: '', message: `The query has more than ${MAX_PAIRS} parameters.` }]);
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = decode(equals < 0 ? pair : pair.slice(0, equals), 'a parameter name');
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1), key);
    const known = given.get(key);
    if (known) known.push(value);
    else given.set(key, [value]);
  }
  return given;
}

const MAX_PAIRS = 100;

function decode(text: string, field: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidInput([{ field: field.slice(0, 64), message: 'is not valid percent-encoded UTF-8' }]);
  }
}

function readBody(rule: BodyRule | undefined, body: unknown): unknown {
  if (rule === undefined) {
    if (isEmpty(body)) return undefined;
    throw invalidInput([{ field: '', message: 'This call takes no body.' }]);
  }
  if (body === undefined && rule.optional !== true) throw invalidInput([{ field: '', message: 'A JSON body is needed.' }]);
  const value = body === undefined ? {} : body;
  if (rule.checkedBy === 'http') {
    const errors = checkSchema(rule.schema, value);
    if (errors.length > 0) throw invalidInput(errors);
  }
  return value;
}

function isEmpty(body: unknown): boolean {
  return body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
}
