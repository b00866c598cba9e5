import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { answerOneRun } from '../../build/package/smoke-worker.mjs';
import { natsServerPath } from '../support/nats-server.ts';
import { canStartProgram } from '../support/program.ts';
import { sparePort } from '../support/spare-port.ts';

const SMOKE = fileURLToPath(new URL('../../build/package/smoke.mjs', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../dist/headless.mjs', import.meta.url));

async function smoke(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, NATSJOB_SMOKE_PORTS: `${await sparePort()},${await sparePort()}` };
  return new Promise((resolve) => {
    execFile(process.execPath, [SMOKE, ...words], { env }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
  });
}

describe.skipIf(!(await canStartProgram()))('the smoke test of packed programs', () => {
  it('passes for a program that works', async () => {
    const { code, out, err } = await smoke(process.execPath, PROGRAM, '--nats-server', (await natsServerPath()) ?? '');
    expect(err).toBe('');
    expect([code, out]).toEqual([0, expect.stringMatching(/^first start: .*\nrun \d+ fired, answered, completed\nstop: .*\nsecond start: .*\nstart after kill -9: .*\nlast stop: .*\nThe program works\.\n$/)]);
  });

  it('fails for one that ends, and for one that is none', async () => {
    expect(await smoke(process.execPath, PROGRAM, '--http-host', 'not a host')).toMatchObject({ code: 1, err: expect.stringContaining('it ended with 78') as string });
    expect(await smoke('/no/such/program')).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') as string });
    expect(await smoke()).toMatchObject({ code: 2, err: expect.stringContaining('usage:') as string });
  });

  it('fails when what listens is no NATS', async () => {
    const job = { namespace: 'app', app: 'smoke', name: 'tick' };
    await using server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(answerOneRun({ port, job, deadlineMs: 200, onListening: () => Promise.resolve() })).rejects.toThrow();
  });
});
