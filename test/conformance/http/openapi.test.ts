import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../../src-core/http/server/create-app.ts';
import { allRoutes } from '../../../src-core/http/routes/all-routes.ts';
import type { RouteContext } from '../../../src-core/http/routes/all-routes.ts';
import { createFakeApi } from '../../support/fake-api.ts';
import { createFakeHost } from '../../support/fake-host.ts';
import { realClock, startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
  readonly security: readonly object[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let http: HttpFixture;
let document: Document;
let ajv: Ajv2020;

beforeAll(async () => {
  http = await startFixture();
  document = (await http.send('GET', '/openapi.json')).body;
  ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/ } });
  ajv.addSchema({ $id: 'doc', components: document.components });
});
afterAll(() => http.server.stop());

function operations(): readonly (readonly [method: string, path: string, operation: Operation])[] {
  return Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const));
}

test('every registered route is documented, and every documented one is registered', () => {
  const fake = createFakeApi();
  const context = { api: fake.api, host: createFakeHost(), clock: realClock(), session: { isDefaultPassword: false } as RouteContext['session'], version: '1', scrape: async () => '' };
  const app = createApp({ routes: allRoutes(context), session: context.session, pages: { answer: async () => undefined }, log: undefined as never, allowOrigins: [], onAnswer: () => undefined });
  const registered = registeredRoutes(app.printRoutes({ commonPrefix: false }));
  const documented = operations().map(([method, path]) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`);
  expect(registered.filter((route) => !route.startsWith('HEAD ')).sort()).toEqual(documented.sort());
  for (const head of registered.filter((route) => route.startsWith('HEAD '))) expect(registered).toContain(head.replace('HEAD', 'GET'));
});

test('operation ids are unique and parameters of the path are all described', () => {
  const ids = operations().map(([, , operation]) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, path, operation] of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(inPath);
  }
});

test('every reference leads somewhere, and all schemas compile', () => {
  for (const match of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) expect(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)).toContain(match[1]);
  for (const name of Object.keys(document.components.schemas)) expect(() => ajv.compile({ $ref: `doc#/components/schemas/${name}` })).not.toThrow();
});

const BODIES: Readonly<Record<string, unknown>> = {
  createNamespace: {}, createApp: {}, createJob: {}, replaceJob: {}, updateJob: {}, updateNamespace: {}, updateApp: {},
  updateWorker: { drained: true },
  publish: { subject: 'natsjob.job.x', text: '' },
  changePassword: { current: 'correct horse', password: 'correct horse' },
  login: { user: 'admin', password: 'correct horse' }, bulkJobs: { ids: ['7'], action: 'enable' }, bulkRuns: { ids: ['7'], action: 'cancel' }, cleanQueue: { state: 'failed' }, previewSchedule: { expression: '@daily' },
};

function bodyOf(operationId: string): unknown {
  return operationId === 'loginOneTime' ? { token: http.server.issueOneTimeToken() } : (BODIES[operationId] ?? {});
}

test('every operation answers as its schema says', async () => {
  const order = [...operations()].sort(([, , a], [, , b]) => Number(a.operationId === 'logout') - Number(b.operationId === 'logout'));
  for (const [method, path, operation] of order) {
    const url = path.replace('{ns}', 'app').replace('{namespace}', 'app').replace('{app}', 'orders').replace('{id}', '7').replace('{taskId}', '12').replace('{bucket}', 'natsjob-control');
    const headers: Record<string, string> = operation.parameters.some((parameter) => parameter.name === 'If-Match') ? { 'if-match': '"12"' } : {};
    const answer = await http.send(method, `/${url}`, operation.requestBody ? bodyOf(operation.operationId) : undefined, headers);
    checkAnswer(operation, answer.status, answer.headers.get('content-type'), answer.body ?? answer.text);
    if (operation.operationId !== 'live') expect(answer.status, operation.operationId).toBeLessThan(300);
  }
});

test('what needs a login says so, and what says so needs one', async () => {
  for (const [method, path, operation] of operations()) {
    const answer = await http.send(method, `/${path.replaceAll(/\{\w+\}/g, '7')}`, operation.requestBody ? {} : undefined, { authorization: '' });
    const needsLogin = operation.security.length === 1 && 'token' in operation.security[0]!;
    expect(answer.status === 401 && answer.body.type === 'urn:natsjob:problem:login-required', `${method} ${path} ${answer.status}`).toBe(needsLogin);
    if (needsLogin) checkAnswer(operation, 401, answer.headers.get('content-type'), answer.body);
  }
});

function checkAnswer(operation: Operation, status: number, type: string | null, body: unknown): void {
  const response = operation.responses[status];
  expect(response, `${operation.operationId} ${status} is documented`).toBeDefined();
  const media = (type ?? '').split(';')[0]!;
  if (!response!.content) return expect(body, operation.operationId).toBe('');
  expect(Object.keys(response!.content), operation.operationId).toContain(media);
  const schema = JSON.parse(JSON.stringify(response!.content[media]!.schema).replaceAll('"#/', '"doc#/')) as object;
  const valid = ajv.validate(schema, body);
  expect(valid ? [] : ajv.errors, operation.operationId).toEqual([]);
}

/** `GET /a/:b` of each line of fastify's tree. */
function registeredRoutes(tree: string): readonly string[] {
  const stack: string[] = [];
  const routes: string[] = [];
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── ([^ ]*)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!match) continue;
    const depth = match[1]!.length / 4;
    stack.length = depth;
    stack.push(match[2]!);
    for (const method of match[3]?.split(', ') ?? []) routes.push(`${method} ${stack.join('')}`);
  }
  return routes;
}
