import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOwnProgram, type OwnProgram } from '../support/own-program.ts';
import { canStartProgram } from '../support/program.ts';

describe.skipIf(!(await canStartProgram()))('a one-time token of the running program', () => {
  let program: OwnProgram;
  beforeAll(async () => {
    program = await startOwnProgram();
  });
  afterAll(() => program[Symbol.asyncDispose]());

  const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${program.url}/natsjob/api${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });

  test('logs in once, from this machine only, and is in no log', async () => {
    const token = program.running.issueOneTimeToken();
    expect((await post('/login/one-time', { token }, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(403);
    const answer = await post('/login/one-time', { token });
    expect(answer.status).toBe(200);
    const login = (await answer.json()) as { token: string };
    const servers = await fetch(`${program.url}/natsjob/api/servers`, { headers: { authorization: `Bearer ${login.token}` } });
    expect(servers.status).toBe(200);
    expect((await post('/login/one-time', { token })).status).toBe(401);
    expect((await post('/logout', {}, { authorization: `Bearer ${login.token}` })).status).toBe(204);
    for (const secret of [token, login.token]) expect(program.logged()).not.toContain(secret);
    expect(program.logged()).toContain('A login was refused');
  });
});
