import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canStartProgram, startProgram } from '../support/program.ts';

describe.skipIf(!(await canStartProgram()))('the started program', () => {
  test('answers, survives kill -9 with its NATS server, and stops with exit code 0', async () => {
    await using program = await startProgram();
    const servers = await program.api.get('/servers');
    expect(servers.status).toBe(200);
    const nats = program.natsPid();
    expect(nats).toBeGreaterThan(1);

    const before = program.pid;
    await program.kill('SIGKILL');
    expect(program.isRunning).toBe(false);
    expect(program.natsPid()).toBe(nats);

    await program.restart();
    expect(program.pid).not.toBe(before);
    expect(program.natsPid()).toBe(nats);
    expect((await program.api.get('/me')).status).toBe(200);

    expect(await program.stop()).toBe(0);
    expect(program.natsPid()).toBeUndefined();
    expect(readdirSync(program.dataDir)).toContain('natsjob.sqlite');
  });
});
