import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { HttpOptions } from '../../../src-core/http/index.ts';
import { PASSWORD, startFixture } from '../../support/http-fixture.ts';
import type { HttpAnswer, HttpFixture } from '../../support/http-fixture.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';

let http: HttpFixture;
afterEach(() => http.server.stop());

const start = async (change: Partial<HttpOptions> = {}): Promise<void> => {
  http = await startFixture(change);
};
const exchange = (token: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> => http.send('POST', '/login/one-time', { token }, { authorization: '', ...headers });
const me = (token: string): Promise<HttpAnswer> => http.send('GET', '/me', undefined, { authorization: `Bearer ${token}` });

test('a one-time token becomes a login, once', async () => {
  await start();
  const token = http.server.issueOneTimeToken();
  const answer = await exchange(token);
  expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['token', 'expiresAt']]);
  expect((await me(answer.body.token)).body.user).toBe('admin');
  const again = await exchange(token);
  expect([again.status, again.body.type]).toEqual([401, 'urn:natsjob:problem:wrong-one-time-token']);
  expect((await me(answer.body.token)).status).toBe(200);
});

test('it ends after a minute by the clock that never goes back', async () => {
  const clock = createVirtualClock();
  await start({ clock });
  const [early, late] = [http.server.issueOneTimeToken(), http.server.issueOneTimeToken()];
  clock.pass(59_999);
  expect((await exchange(early)).status).toBe(200);
  clock.pass(1);
  expect((await exchange(late)).status).toBe(401);
});

test('it is no bearer token, and a bearer token is no one-time token', async () => {
  await start();
  const token = http.server.issueOneTimeToken();
  expect((await me(token)).status).toBe(401);
  expect((await exchange(http.token)).status).toBe(400);
  expect((await exchange(http.token.slice(0, 100))).status).toBe(401);
});

test('it works on this machine only, and a stranger does not use it up', async () => {
  await start();
  const token = http.server.issueOneTimeToken();
  for (const headers of [{ 'x-forwarded-for': '10.0.0.9' }, { 'x-real-ip': '10.0.0.9' }, { forwarded: 'for=10.0.0.9' }, { via: '1.1 p' }]) {
    const answer = await exchange(token, headers as Record<string, string>);
    expect([answer.status, answer.body.type]).toEqual([403, 'urn:natsjob:problem:not-local']);
  }
  expect(await statusWithHost('jobs.example.com', token)).toBe(403);
  expect((await exchange(token)).status).toBe(200);
});

test('guesses count as failed logins: the sixth has to wait, with a right token, too', async () => {
  const clock = createVirtualClock();
  await start({ clock });
  for (let index = 0; index < 5; index += 1) expect((await exchange('x'.repeat(43))).status).toBe(401);
  const token = http.server.issueOneTimeToken();
  const refused = await exchange(token);
  expect([refused.status, refused.headers.get('retry-after'), refused.body.type]).toEqual([429, '5', 'urn:natsjob:problem:too-many-tries']);
  expect((await http.send('POST', '/login', { user: 'admin', password: PASSWORD })).status).toBe(429);
  clock.pass(5_000);
  expect((await exchange(token)).status).toBe(200);
});

test('ending the other sessions ends tokens that were not used', async () => {
  await start();
  const token = http.server.issueOneTimeToken();
  expect((await http.send('POST', '/sessions/revoke')).status).toBe(204);
  expect((await exchange(token)).status).toBe(401);
});

test.each([{}, { token: 7 }, { token: 'x', user: 'admin' }, { token: 'x'.repeat(129) }])('a body has to be whole and nothing else: %j', async (body) => {
  await start();
  expect((await http.send('POST', '/login/one-time', body)).status).toBe(400);
});

test('a token is in no log, used or not', async () => {
  await start();
  const tokens = [http.server.issueOneTimeToken(), http.server.issueOneTimeToken()];
  await exchange(tokens[0]);
  await exchange(tokens[0]);
  await exchange(`${tokens[1]}x`);
  expect(http.logged.length).toBe(2);
  for (const token of tokens) expect(http.logged.join('\n')).not.toContain(token);
});

/** fetch does not let its Host be set. */
function statusWithHost(host: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${http.origin}/natsjob/api/login/one-time`, { method: 'POST', headers: { host, 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end(JSON.stringify({ token }));
  });
}
