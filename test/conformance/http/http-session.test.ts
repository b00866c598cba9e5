import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { HttpOptions } from '../../../src-core/http/index.ts';
import { openLoginFile } from '../../../src-core/system/index.ts';
import { PASSWORD, startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';

let http: HttpFixture;
afterEach(() => http.server.stop());

const start = async (change: Partial<HttpOptions> = {}): Promise<void> => {
  http = await startFixture(change);
};
const DEFAULT = { user: 'natsjob', password: 'natsjob', isDefaultPassword: true };

test('a token opens what is closed, until it is logged out', async () => {
  await start();
  const { body } = await http.send('POST', '/login', { user: 'admin', password: PASSWORD });
  expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(3_500_000);
  const headers = { authorization: `Bearer ${body.token}` };
  expect((await http.send('GET', '/me', undefined, headers)).body.user).toBe('admin');
  expect((await http.send('POST', '/logout', undefined, headers)).status).toBe(204);
  const after = await http.send('GET', '/me', undefined, headers);
  expect([after.status, after.body.type, after.headers.get('www-authenticate')]).toEqual([401, 'urn:natsjob:problem:invalid-token', 'Bearer realm="natsjob"']);
  expect((await http.send('GET', '/me')).status).toBe(200);
});

test('a token ends when its time is over, by our clock', async () => {
  const clock = createVirtualClock();
  await start({ clock, tokenExpireMs: 3_600_000 });
  clock.pass(3_599_000);
  expect((await http.send('GET', '/me')).status).toBe(200);
  clock.pass(2_000);
  expect((await http.send('GET', '/me')).status).toBe(401);
});

test('a token of another password, of another key, unsigned or touched is worth nothing', async () => {
  await start({ credentials: { user: 'admin', password: 'old', isDefaultPassword: false } });
  const old = http.token;
  await http.server.stop();
  await start({ secretKey: 'z'.repeat(32) });
  const other = http.token;
  await http.server.stop();
  await start();
  const [head, payload, signature] = http.token.split('.') as [string, string, string];
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  const touched = `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), exp: 9e9 })).toString('base64url')}.${signature}`;
  for (const token of [old, other, none, touched, '', 'x', 'a.b.c', `${http.token}x`]) {
    expect((await http.send('GET', '/me', undefined, { authorization: `Bearer ${token}` })).status).toBe(401);
  }
  for (const header of ['', 'Basic YTpi', http.token, `Bearer ${http.token} x`]) expect((await http.send('GET', '/me', undefined, { authorization: header })).status).toBe(401);
});

test.each([
  { user: 'admin', password: 'wrong' },
  { user: 'nobody', password: PASSWORD },
  { user: '', password: '' },
  { user: 'admin', password: `${PASSWORD} ` },
])('$user / $password is not let in, and is not told which of them is wrong', async (body) => {
  await start();
  const answer = await http.send('POST', '/login', body);
  expect([answer.status, answer.body.detail]).toEqual([401, 'User or password is wrong.']);
});

test('a login body must be whole and nothing else', async () => {
  await start();
  for (const body of [{}, { user: 1, password: true }, { user: 'admin', password: PASSWORD, otp: '1' }, { user: 'a', password: 'x'.repeat(2_000) }]) expect((await http.send('POST', '/login', body)).status).toBe(400);
});

test('the sixth wrong try has to wait, even with the right password, and longer each time', async () => {
  const clock = createVirtualClock();
  await start({ clock });
  for (let index = 0; index < 5; index += 1) expect((await http.send('POST', '/login', { user: 'admin', password: 'x' })).status).toBe(401);
  const refused = await http.send('POST', '/login', { user: 'admin', password: PASSWORD });
  expect([refused.status, refused.headers.get('retry-after'), refused.body.retryAfter]).toEqual([429, '5', 5]);
  clock.pass(5_000);
  expect((await http.send('POST', '/login', { user: 'admin', password: 'x' })).status).toBe(401);
  expect((await http.send('POST', '/login', { user: 'admin', password: 'x' })).headers.get('retry-after')).toBe('10');
  clock.pass(10_000);
  expect((await http.send('POST', '/login', { user: 'admin', password: PASSWORD })).status).toBe(200);
  expect((await http.send('POST', '/login', { user: 'admin', password: 'x' })).status).toBe(401);
});

test('the default password works here, and from elsewhere says what to set', async () => {
  await start({ credentials: DEFAULT });
  const body = { user: 'natsjob', password: 'natsjob' };
  expect((await http.send('POST', '/login', body)).status).toBe(200);
  expect((await http.send('GET', '/me')).body.defaultPassword).toBe(true);
  for (const headers of [{ 'x-forwarded-for': '10.0.0.9' }, { 'x-real-ip': '10.0.0.9' }, { forwarded: 'for=10.0.0.9' }, { via: '1.1 p' }]) {
    const answer = await http.send('POST', '/login', body, headers as Record<string, string>);
    expect([answer.status, answer.body.type]).toEqual([403, 'urn:natsjob:problem:default-password']);
    expect(answer.body.detail).toContain('NATSJOB_LOGIN_PWD');
  }
  expect(await statusWithHost('jobs.example.com', body)).toBe(403);
});

test('no secret is logged', async () => {
  await start();
  http.answer('jobs.get', () => {
    throw new Error('boom');
  });
  await http.send('POST', '/login', { user: 'admin', password: 'guess-me' });
  await http.send('GET', '/jobs/7?');
  expect(http.logged.length).toBe(2);
  for (const secret of [PASSWORD, 'guess-me', http.token, 'k'.repeat(32), 'Bearer']) expect(http.logged.join('\n')).not.toContain(secret);
});

test('a page of another site that carries cookies cannot change anything', async () => {
  await start();
  const cookie = { cookie: 'a=b', origin: 'http://evil.example' };
  expect((await http.send('DELETE', '/jobs/7', undefined, { ...cookie, 'if-match': '"1"' })).status).toBe(403);
  expect((await http.send('DELETE', '/jobs/7', undefined, { ...cookie, origin: http.origin, 'if-match': '"1"' })).status).toBe(204);
  const answer = await http.send('GET', '/jobs', undefined, { origin: 'http://evil.example' });
  expect([...answer.headers.keys()].filter((key) => key.startsWith('access-control'))).toEqual([]);
});

test('readiness and metrics tell strangers nothing, and a token everything', async () => {
  await start();
  http.answer('health', () => ({ role: 'standby', natsConnected: false, databaseWritable: true, tickAgeMs: undefined, ready: false, problems: ['NATS is away'] }));
  const away = { authorization: '', 'x-forwarded-for': '10.0.0.9' };
  const stranger = await http.send('GET', '//readyz', undefined, away);
  expect([stranger.status, stranger.body]).toEqual([503, { status: 'not-ready' }]);
  const known = await http.send('GET', '//readyz', undefined, { 'x-forwarded-for': '10.0.0.9' });
  expect([known.status, known.body]).toEqual([503, { status: 'not-ready', role: 'standby', problems: ['NATS is away'] }]);
  expect((await http.send('GET', '//readyz', undefined, { authorization: '' })).body.problems).toEqual(['NATS is away']);
  expect((await http.send('GET', '//metrics', undefined, away)).status).toBe(401);
  expect((await http.send('GET', '//metrics', undefined, { 'x-real-ip': '10.0.0.9' })).status).toBe(200);
  expect((await http.send('GET', '//metrics', undefined, { authorization: '' })).status).toBe(200);
  expect((await http.send('GET', '//healthz', undefined, away)).text).toBe('ok\n');
});

/** fetch does not let its Host be set. */
function statusWithHost(host: string, body: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${http.origin}/natsjob/api/login`, { method: 'POST', headers: { host, 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}

const OTHER = 'another password';
const logIn = (password: string, headers: Record<string, string> = {}) => http.send('POST', '/login', { user: 'admin', password }, headers);
const me = async (token: string): Promise<number> => (await http.send('GET', '/me', undefined, { authorization: `Bearer ${token}` })).status;

test('a changed password holds at once, and ends all sessions but the one that changed it', async () => {
  await start();
  const { token } = (await logIn(PASSWORD)).body;
  expect((await http.send('POST', '/me/password', { current: PASSWORD, password: OTHER })).status).toBe(204);
  expect([await me(http.token), await me(token)]).toEqual([200, 401]);
  expect([(await logIn(PASSWORD)).status, (await logIn(OTHER)).status]).toEqual([401, 200]);
  const later = (await logIn(OTHER)).body.token;
  expect(await me(later)).toBe(200);
});

test('a new password is not taken without the current one, guessing it is slowed down, and it must be long enough', async () => {
  const clock = createVirtualClock();
  await start({ clock });
  const change = (current: string, password = OTHER) => http.send('POST', '/me/password', { current, password });
  expect((await change(PASSWORD, 'short 7')).body.errors).toEqual([{ field: 'password', message: 'must have at least 8 characters' }]);
  expect((await http.send('POST', '/me/password', { password: OTHER, pass: 1 })).body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(['current', 'pass']);
  for (let index = 0; index < 5; index += 1) expect((await change('wrong')).body).toMatchObject({ status: 403, errors: [{ field: 'current' }] });
  expect((await change(PASSWORD)).status).toBe(429);
  clock.pass(5_000);
  expect((await change(PASSWORD)).status).toBe(204);
});

test('a password that a setting gives is changed there', async () => {
  await start({ credentials: { user: 'admin', password: PASSWORD, isDefaultPassword: false, givenBy: 'environment NATSJOB_LOGIN_PWD' } });
  const answer = await http.send('POST', '/me/password', { current: PASSWORD, password: OTHER });
  expect(answer.body).toMatchObject({ status: 409, detail: expect.stringContaining('environment NATSJOB_LOGIN_PWD') });
  expect((await logIn(PASSWORD)).status).toBe(200);
});

test('once the default password is changed, others may log in from afar', async () => {
  await start({ credentials: DEFAULT });
  const afar = { 'x-forwarded-for': '203.0.113.9' };
  const from = (password: string) => http.send('POST', '/login', { user: 'natsjob', password }, afar);
  expect([(await from('natsjob')).status, (await http.send('GET', '/me')).body.defaultPassword]).toEqual([403, true]);
  expect((await http.send('POST', '/me/password', { current: 'natsjob', password: OTHER })).status).toBe(204);
  expect([(await from('natsjob')).status, (await from(OTHER)).status, (await http.send('GET', '/me')).body.defaultPassword]).toEqual([401, 200, false]);
});

test('a person can end all other sessions', async () => {
  await start();
  const { token } = (await logIn(PASSWORD)).body;
  expect((await http.send('POST', '/sessions/revoke')).status).toBe(204);
  expect([await me(http.token), await me(token), await me((await logIn(PASSWORD)).body.token)]).toEqual([200, 401, 200]);
  await http.send('POST', '/logout');
  expect(await me(http.token)).toBe(401);
});

test('a restart remembers the password, the logouts and what was ended, and keeps no password in clear', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'login-'));
  const file = join(folder, 'login.json');
  try {
    await start({ loginKeeper: openLoginFile(file) });
    const [early, left, stays] = [(await logIn(PASSWORD)).body.token, (await logIn(PASSWORD)).body.token, http.token];
    await http.send('POST', '/me/password', { current: PASSWORD, password: OTHER });
    const late = (await logIn(OTHER)).body.token;
    const out = (await logIn(OTHER)).body.token;
    await http.send('POST', '/logout', undefined, { authorization: `Bearer ${out}` });
    await http.server.stop();
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(OTHER);

    // The fixture logs in with what the settings say, which no longer holds.
    await expect(start({ loginKeeper: openLoginFile(file) })).rejects.toThrow('login: 401');
    await start({ loginKeeper: { ...openLoginFile(file), kept: { ...openLoginFile(file).kept, password: undefined as never } } });
    expect([await me(early), await me(left), await me(out), await me(late), await me(stays)]).toEqual([401, 401, 401, 200, 200]);
    await http.server.stop();

    await start({ loginKeeper: openLoginFile(file), credentials: { user: 'admin', password: PASSWORD, isDefaultPassword: false, givenBy: 'flag --login-pwd' } });
    expect([(await logIn(PASSWORD)).status, (await logIn(OTHER)).status]).toEqual([200, 401]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
