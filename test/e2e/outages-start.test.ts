import { Kvm } from '@nats-io/kv';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startNatsServer } from '../support/nats-server.ts';
import { connectForEver } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { ProgramOptions } from '../support/program.ts';
import { until } from '../support/until.ts';
import { expectWhole, openLoad } from './outage-load.ts';

describe.skipIf(!(await canStartProgram()))('a start', () => {
  test('at a port that is taken says so in one line, for HTTP and for NATS', async () => {
    await using taken = await listen();
    expect(await refusal({ httpPort: taken.port })).toMatchObject({ lines: [expect.stringMatching(new RegExp(`${taken.port}.*(in use|taken)`, 'i'))] });
    expect(await refusal({ natsPort: taken.port })).toMatchObject({ code: 1, lines: [expect.stringMatching(new RegExp(`${taken.port}.*--nats-port`))] });
  });

  test('in a data folder that is in use ends with 75, names who has it, and harms nobody', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const { code, lines } = await refusal({ dataDir: program.dataDir });
    expect(code).toBe(75);
    expect(lines).toEqual([expect.stringContaining(`process id ${program.pid} at ${program.url}`)]);
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
  });

  test('after an orderly stop finds the lease given up, and what was due in between is made up for', async () => {
    await using nats = await startNatsServer();
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: nats.url } });
    await using load = await openLoad(program);
    expect(await leaseIn(nats.url)).toMatchObject({ held: true });
    expect(await program.stop()).toBe(0);
    // So that its two seconds are not waited out.
    expect(await leaseIn(nats.url)).toMatchObject({ held: false });
    await program.restart();
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
  });
});

describe.skipIf(!(await canStartProgram()))('a second signal', () => {
  test('ends a stop that takes long at once', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const nats = program.natsPid() as number;
    // A NATS server that does not answer: there is something to wait for.
    process.kill(nats, 'SIGSTOP');
    try {
      process.kill(program.pid, 'SIGTERM');
      await until(() => program.output().includes('"msg":"Stopping"'), { what: 'the stop to begin' });
      await program.kill('SIGTERM');
      // A stop that came to its end has another code.
      expect(await program.stop()).toBe(130);
    } finally {
      process.kill(nats, 'SIGCONT');
    }
    await program.restart();
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
  });
});

async function refusal(options: ProgramOptions): Promise<{ code: number; lines: string[] }> {
  await using program = await startProgram({ ...options, untilReady: false });
  await until(() => !program.isRunning, { what: () => `the program to give up\n${program.output()}` });
  // What it has said is all here only then: its end is often heard of before its last words are read.
  const code = await program.stop();
  return { code, lines: program.output().trim().split('\n').filter((line) => line.startsWith('natsjob:')) };
}

async function listen(): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const server: Server = createServer((socket) => void socket.end('220 not for you\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function leaseIn(url: string): Promise<unknown> {
  const nc = await connectForEver(url, 'reader');
  try {
    const entry = await (await new Kvm(nc).open('natsjob-control')).get('lease');
    return entry?.json();
  } finally {
    await nc.close();
  }
}
