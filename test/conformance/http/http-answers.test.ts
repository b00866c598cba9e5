import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  AlreadyExistsError, ConflictError, IllegalTransitionError, InvalidInputError, NotFoundError, RunSkippedError, StaleVersionError, UnavailableError,
} from '../../../src-core/domain/errors.ts';
import { ListenError, PortTakenError } from '../../../src-core/http/index.ts';
import { jobView, runRecord, T0 } from '../../support/fake-api.ts';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';
import { until } from '../../support/until.ts';

let http: HttpFixture;
beforeAll(async () => {
  http = await startFixture();
});
afterAll(() => http.server.stop());
beforeEach(() => {
  http.logged.length = 0;
});

function fails(error: unknown): void {
  http.answer('jobs.run', () => {
    throw error;
  });
}

test.each([
  [new InvalidInputError([{ field: 'schedule.expression', message: 'never fires' }, { field: 'model', message: 'no' }]), 400, 'invalid-input', { errors: [{ field: 'schedule.expression', message: 'never fires' }, { field: 'model', message: 'no' }] }],
  [new NotFoundError('job', 'a.b.c'), 404, 'not-found', { detail: 'There is no job "a.b.c".' }],
  [new AlreadyExistsError('job', 'a.b.c'), 409, 'already-exists', {}],
  [new StaleVersionError('a.b.c', 14), 412, 'stale-version', { currentVersion: 14 }],
  [new ConflictError('It is in use.'), 409, 'conflict', { detail: 'It is in use.' }],
  [new RunSkippedError('overlap', 'One runs already.'), 409, 'run-skipped', { reason: 'overlap', detail: 'One runs already.' }],
  [new UnavailableError('NATS is away.'), 503, 'unavailable', { retryAfter: 2 }],
])('%s becomes a problem of its own', async (error, status, kind, has) => {
  fails(error);
  const answer = await http.send('POST', '/jobs/7/run');
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ type: `urn:natsjob:problem:${kind}`, status, errors: expect.any(Array), ...has });
  expect(answer.headers.get('retry-after')).toBe(status === 503 ? '2' : null);
  expect(http.logged).toEqual([]);
});

test.each([new IllegalTransitionError('active', 'delayed', '1'), new TypeError('secret insides'), 'a text', undefined, Object.assign(new Error('disk'), { code: 'EIO', statusCode: 418 })])('%s becomes a 500 without insides, and one log line', async (error) => {
  fails(error);
  const answer = await http.send('POST', '/jobs/7/run?');
  expect(answer.status).toBe(500);
  expect(answer.body).toMatchObject({ type: 'urn:natsjob:problem:internal', instance: expect.stringMatching(/^urn:uuid:/) });
  expect(answer.text).not.toContain('secret');
  expect(http.logged).toHaveLength(1);
  expect(http.logged[0]).toContain(answer.body.instance);
});

test.each([
  ['{"a":}', 5, 1, 6], ['{"a":1', 6, 1, 7], ['[1,]', 3, 1, 4], ['{"a" 1}', 5, 1, 6], ['{\n "a": tru\n}', 8, 2, 7], ['"a\u0001"', 2, 1, 3], ['1 2', 2, 1, 3], ['{a:1}', 1, 1, 2], [' ', 1, 1, 2], ['01', 1, 1, 2], ['"\\x"', 1, 1, 2],
])('%j is not JSON, and is told where', async (text, index, line, column) => {
  const answer = await http.send('POST', '/jobs', text);
  expect([answer.status, answer.body.type]).toEqual([400, 'urn:natsjob:problem:invalid-json']);
  expect(answer.body.detail).toContain(`at position ${index} (line ${line}, column ${column})`);
});

test('mistyped names are met with the nearest one', async () => {
  expect((await http.send('GET', '/jobs?namspace=app')).body.errors).toEqual([{ field: 'namspace', message: 'is not a parameter here. Did you mean "namespace"?' }]);
  expect((await http.send('GET', '/jobs?state=enable')).body.errors[0].message).toContain('Did you mean "enabled"?');
  expect((await http.send('POST', '/jobs/7/run', { unheard: 1, delay: 1, prority: 2 })).body.errors.map((error: { message: string }) => error.message)).toEqual(['is not known here.', 'is not known here. Did you mean "delayMs"?', 'is not known here. Did you mean "priority"?']);
  expect((await http.send('POST', '/jobs/7/run', { priority: 'urgent' })).body.errors).toEqual([{ field: 'priority', message: 'must be a whole number from 1 to 20, or low (1), normal (5), high (10), critical (20), not text' }]);
});

test('a method that is not there names those that are', async () => {
  const answer = await http.send('PATCH', '/namespaces', {});
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD']);
  expect((await http.send('OPTIONS', '/login')).headers.get('allow')).toBe('POST');
});

test('a resource carries its version as a strong tag, a new one its place', async () => {
  expect((await http.send('GET', '/jobs/7')).headers.get('etag')).toBe('"12"');
  expect((await http.send('PATCH', '/jobs/7', {}, { 'if-match': ' "12" ' })).headers.get('etag')).toBe('"12"');
  const created = await http.send('POST', '/jobs', {});
  expect([created.headers.get('location'), created.headers.get('etag')]).toEqual(['/natsjob/api/jobs/7', '"12"']);
  fails(undefined);
  http.answer('jobs.run', () => ({ taskId: '5', state: 'delayed' }));
  expect((await http.send('POST', '/jobs/7/run', { delayMs: 9 })).headers.get('location')).toBe('/natsjob/api/runs/5');
});

test('HEAD answers like GET, without the body', async () => {
  const answer = await http.send('HEAD', '/jobs/7');
  expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([200, '', '"12"']);
});

test('a lite or plus job has no limits', async () => {
  http.answer('jobs.get', () => jobView({ model: 'plus' }));
  const { body } = await http.send('GET', '/jobs/7');
  for (const key of ['maxRunning', 'overlap', 'queueLimit', 'timeoutMs', 'retry']) expect(body).not.toHaveProperty(key);
  expect(body).toHaveProperty('misfire');
});

test.each([['text', '{"a":1}', '{"a":1}'], ['json', '{"a":1}', { a: 1 }], ['json', '5', 5], ['text', '', ''], ['json', '{broken', '{broken']] as const)('args given as %s %j come back in kind', async (argsKind, args, shown) => {
  http.answer('jobs.get', () => jobView({ argsKind, args }));
  expect((await http.send('GET', '/jobs/7')).body.args).toEqual(shown);
});

test('times carry an offset and mean the moment they were', async () => {
  http.answer('runs.get', () => runRecord({ dispatchedAt: T0 + 4, endedAt: T0 + 1_234 }));
  const { body } = await http.send('GET', '/runs/12');
  expect(body.endedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
  expect(Date.parse(body.endedAt)).toBe(T0 + 1_234);
  expect([body.latenessMs, body.durationMs]).toEqual([4, 1_230]);
});

test('a body of ten megabytes in chunks is refused as well, and the connection goes on', async () => {
  const chunk = new Uint8Array(65_536).fill(0x20);
  let left = 160;
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => ((left -= 1) < 0 ? controller.close() : controller.enqueue(chunk)) });
  const answer = await fetch(`${http.origin}/natsjob/api/jobs`, { method: 'POST', headers: { authorization: `Bearer ${http.token}`, 'content-type': 'application/json' }, body, duplex: 'half' } as RequestInit);
  expect(answer.status).toBe(413);
  expect(((await answer.json()) as { type: string }).type).toBe('urn:natsjob:problem:body-too-large');
  expect((await http.send('GET', '/me')).status).toBe(200);
});

test('a body that is too large is read to its end where the connection is to be closed after it, so that the answer is heard', async () => {
  const { port, hostname } = new URL(http.origin);
  const socket = connect(Number(port), hostname);
  let answer = '';
  let isOver = false;
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text)).on('end', () => (isOver = true));
  const half = ' '.repeat(2_000_000);
  socket.write(`POST /natsjob/api/jobs HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${http.token}\r\nContent-Type: application/json\r\nContent-Length: ${2 * half.length}\r\nConnection: close\r\n\r\n${half}`);
  await until(() => socket.writableLength === 0, { what: 'half of it to be taken' });
  for (let turns = 0; turns < 5; turns++) expect((await http.send('GET', '/me')).status).toBe(200);
  expect(isOver).toBe(false);
  socket.write(half);
  await until(() => isOver, { what: 'the answer' });
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain('urn:natsjob:problem:body-too-large');
});

test('a body in chunks that is just too large, and there at once, is answered before the connection is closed', async () => {
  const { port, hostname } = new URL(http.origin);
  const socket = connect(Number(port), hostname);
  let answer = '';
  const over = once(socket.setEncoding('utf8').on('data', (text: string) => (answer += text)), 'end');
  const body = ' '.repeat(1_048_577);
  socket.write(`POST /natsjob/api/jobs HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${http.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  await over;
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test('a hundred edits at once are all answered', async () => {
  let version = 1;
  http.answer('jobs.update', ((_id: string, _patch: unknown, from: number) => {
    if (from !== version) throw new StaleVersionError('app.orders.nightly', version);
    version += 1;
    return jobView();
  }) as never);
  const answers = await Promise.all(Array.from({ length: 100 }, () => http.send('PATCH', '/jobs/7', { priority: 1 }, { 'if-match': '"1"' })));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 412)).toHaveLength(99);
});

test('every answer carries the security headers', async () => {
  for (const path of ['/jobs', '/nothing', '/jobs?x=1', '//', '//nothing', '//healthz']) {
    const { headers } = await http.send('GET', path);
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('referrer-policy'), path).toBe('no-referrer');
    expect(headers.get('content-security-policy'), path).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('server'), path).toBeNull();
    expect(headers.get('x-powered-by'), path).toBeNull();
  }
});

test('a taken port is an error that names it', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  const error = await startFixture({ port }).then(() => undefined, (reason: unknown) => reason);
  holder.close();
  expect(error).toBeInstanceOf(PortTakenError);
  expect(error).toMatchObject({ port, host: '127.0.0.1', message: expect.stringContaining(String(port)) });
  await expect(startFixture({ host: '192.0.2.1' })).rejects.toBeInstanceOf(ListenError);
});

test('stop waits for what is under way, not for who never finishes, and leaves nothing', async () => {
  const other = await startFixture();
  let release = (): void => undefined;
  other.answer('jobs.get', () => new Promise((resolve) => (release = () => resolve(jobView()))));
  const answer = other.send('GET', '/jobs/7');
  const idle = connect(other.server.port, '127.0.0.1');
  await new Promise((resolve) => idle.once('connect', resolve));
  idle.write('POST /natsjob/api/login HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\nContent-Type: application/json\r\n\r\n{');
  while (!other.calls.includes('jobs.get("7")')) await new Promise((resolve) => setImmediate(resolve));
  const stopping = other.server.stop();
  release();
  expect((await answer).status).toBe(200);
  await stopping;
  await expect(fetch(other.origin)).rejects.toThrow();
  expect(other.listeners()).toBe(0);
});
