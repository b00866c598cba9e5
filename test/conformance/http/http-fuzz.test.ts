import fc from 'fast-check';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

let http: HttpFixture;
beforeAll(async () => {
  http = await startFixture();
});
afterAll(() => http.server.stop());

const PATHS = ['/jobs', '/jobs/7/run', '/jobs/bulk', '/runs/bulk', '/schedule/preview', '/runs/12/rerun', '/runs/12/cancel', '/namespaces', '/namespaces/app/apps', '/login/one-time'];
const LISTS = ['/jobs', '/runs', '/workers', '/overview', '/jobs/7/skips', '/jobs/7/stats', '/runs/12/sub-runs', '/runs/count', '/jobs/count', '/jobs/recent-runs', '/fires', '/stats', '/attention', '/calendar'];
const NAMES = ['limit', 'cursor', 'namespace', 'app', 'job', 'state', 'trigger', 'worker', 'from', 'to', 'reason', 'q', 'bucketMs', 'tag', 'ids'];

test('no body makes the server fail', async () => {
  const keys = fc.constantFrom('ids', 'filter', 'action', 'tag', 'move', 'args', 'delayMs', 'priority', 'expression', 'count', 'from', 'user', '__proto__', 'constructor');
  const object = fc.dictionary(fc.oneof(keys, fc.string()), fc.oneof(fc.jsonValue(), fc.constantFrom('enable', 'tag', '2026-01-01T00:00:00Z')), { maxKeys: 6 });
  const body = fc.oneof(fc.json(), fc.string(), object.map((value) => JSON.stringify(value)));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), body, async (path, text) => {
      const { status, body: answer } = await http.send('POST', path, text);
      expect(status).toBeLessThan(500);
      if (status >= 400) expect(answer).toMatchObject({ status, errors: expect.any(Array) });
    }),
    { numRuns: 400 },
  );
});

test('no query and no path makes the server fail', async () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '-1', '1e9', '99999999999999999999', '%', '%zz', '%00', '\u0000', '2026-02-30T00:00:00Z', '../../etc/passwd'));
  const pair = fc.tuple(fc.constantFrom(...NAMES), value, fc.boolean()).map(([name, text, raw]) => `${name}=${raw ? text.replaceAll(/[^!-~]|#/g, '') : encodeURIComponent(Buffer.from(text).toString('utf8'))}`);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...LISTS), fc.array(pair, { maxLength: 4 }), async (path, pairs) => {
      expect((await http.send('GET', `${path}?${pairs.join('&')}`)).status).toBeLessThan(500);
    }),
    { numRuns: 400 },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('/jobs/', '/runs/', '/namespaces/', '/servers/'), value, async (path, text) => {
      expect((await http.send('GET', path + encodeURIComponent(Buffer.from(text).toString('utf8')))).status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});

test('a cursor that was not given out is refused, whatever it is', async () => {
  http.answer('jobs.list', () => ({ items: [], next: 'app.orders.nightly' }));
  const { nextCursor } = (await http.send('GET', '/jobs')).body as { nextCursor: string };
  http.calls.length = 0;
  expect((await http.send('GET', `/jobs?cursor=${nextCursor}`)).status).toBe(200);
  expect(http.calls).toEqual(['jobs.list({}, {"limit":50,"after":"app.orders.nightly"})']);
  expect((await http.send('GET', `/runs?cursor=${nextCursor}`)).status).toBe(400);
  expect((await http.send('GET', `/runs?cursor=${Buffer.from('[1,"runs","9999999999999999999"]').toString('base64url')}`)).status).toBe(400);
  for (const bad of ['', 'a', 'é', `${nextCursor}=`, nextCursor.slice(1), Buffer.from('[1,"jobs",7]').toString('base64url'), Buffer.from('{}').toString('base64url'), Buffer.from('[1,"jobs","a.b\'"]').toString('base64url'), 'A'.repeat(5_000)]) {
    const answer = await http.send('GET', `/jobs?cursor=${encodeURIComponent(bad)}`);
    expect(answer.status, bad.slice(0, 50)).toBe(400);
    expect(answer.body.errors[0].field).toBe('cursor');
  }
});

test.each([
  ['GET /natsjob/api/%ZZ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
  ['GARBAGE\r\n\r\n', 400],
  [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', 200],
  ['POST /natsjob/api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
])('a request that is hardly HTTP gets an answer that is: %j', async (text, status) => {
  const answer = await sendRaw(text);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
  if (status >= 400) expect(answer).toContain('urn:natsjob:problem:');
});

test('an offer of another protocol is passed over, as Java\'s client needs it', async () => {
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n';
  expect(await sendRaw(`GET /healthz HTTP/1.1\r\nHost: a\r\n${offer}\r\n`, 'ok\n')).toMatch(/^HTTP\/1\.1 200 /);
  const body = JSON.stringify({ user: 'admin', password: 'correct horse' });
  const login = await sendRaw(`POST /natsjob/api/login HTTP/1.1\r\nHost: a\r\n${offer}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, '"token"');
  expect(login).toMatch(/^HTTP\/1\.1 200 /);
});

/** All the server says until it hangs up, or until the words have come. */
function sendRaw(text: string, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(http.server.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      if (until !== undefined && answer.includes(until)) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.write(text);
  });
}
