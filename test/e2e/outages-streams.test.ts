import { DiscardPolicy, jetstreamManager, StorageType } from '@nats-io/jetstream';
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { connectForEver } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { expectWhole, openLoad } from './outage-load.ts';

interface Other {
  readonly how: string;
  readonly config: Partial<StreamConfig>;
  /** What the log says of it, once. */
  readonly line: string;
}

const RUNS: readonly Other[] = [
  { how: 'in memory', config: { storage: StorageType.Memory }, line: 'Stream natsjob is stored in memory; that is kept.' },
  { how: 'with an age of a minute', config: { max_age: 60e9, duplicate_window: 60e9 }, line: 'Stream natsjob keeps messages for 60 s instead of 86400 s; that is kept.' },
  { how: 'with room for a megabyte', config: { max_bytes: 1024 * 1024 }, line: 'Stream natsjob is bounded to 1 MiB' },
  { how: 'without direct reading', config: { allow_direct: false }, line: '' },
  { how: 'with other subjects', config: { subjects: ['other.>'] }, line: 'Stream natsjob took in other.>; natsjob.> was added.' },
];

const BUCKETS: Readonly<Record<string, Other>> = {
  'KV_natsjob-job-results': { how: 'with one value a key', config: { max_msgs_per_subject: 1 }, line: 'kept 1 values of a key; it keeps 8 now.' },
  'KV_natsjob-definitions': { how: 'in memory', config: { storage: StorageType.Memory }, line: 'is stored in memory; that is kept.' },
  // Nothing of it is read on, and the lease is written anew at once: looked at with the others at the next start.
  'KV_natsjob-control': { how: 'in memory', config: { storage: StorageType.Memory }, line: '' },
  'KV_natsjob-heartbeat': { how: 'with an age of a minute', config: { max_age: 60e9 }, line: 'keeps messages for 60 s instead of 30 s; that is kept.' },
};

describe.skipIf(!(await canStartProgram()))('a stream that somebody makes anew', () => {
  test('may have other settings: each is said in one line, and runs go on', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const { config: ours } = await managing(program, (manager) => manager.streams.info('natsjob'));
    for (const { how, config, line } of RUNS) {
      await load.whileLost(() => replace(program, 'natsjob', { ...ours, ...config }));
      await untilSaid(program, line, how);
      await load.untilRunsAgain();
    }
    for (const { line } of RUNS) if (line !== '') expect(linesWith(program, line), line).toHaveLength(1);
    expect(linesWith(program, '"level":"error"')).toEqual([]);
    expectWhole(await load.finish(), load);
  });

  for (const [stream, { how, config, line }] of Object.entries(BUCKETS)) {
    test(`may be ${stream} ${how}, and runs go on`, async () => {
      await using program = await startProgram();
      await using load = await openLoad(program);
      await replace(program, stream, config);
      await untilSaid(program, line, how);
      await load.untilRunsAgain();
      if (line !== '') expect(linesWith(program, line)).toHaveLength(1);
      expectWhole(await load.finish(), load);
    });
  }

  test('may refuse what is new when it is full: /readyz says so, fires wait, and all of them come when there is room', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    await replace(program, 'natsjob', { discard: DiscardPolicy.New, max_bytes: 64 * 1024 });
    await untilNotReady(program, 'the log does not take what is sent: natsjob takes nothing at the moment');
    await managing(program, async (manager) => manager.streams.update('natsjob', { max_bytes: 64 * 1024 * 1024 }));
    await program.untilReady();
    await load.untilRunsAgain();
    expectWhole(await load.finish());
    // What was refused had been shown, and nobody can take that back.
    expect([...load.witness.sightings].filter(({ times }) => times.length > 2), program.output()).toEqual([]);
  });
});

describe.skipIf(!(await canStartProgram()))('a stream that loses its subjects while it stays', () => {
  test('is noticed by the missing acknowledgements, said at /readyz, and mended', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    await managing(program, (manager) => manager.streams.update('natsjob', { subjects: ['other.>'] }));
    await untilNotReady(program, 'the log does not take what is sent');
    await untilSaid(program, 'Stream natsjob took in other.>; natsjob.> was added.', 'without its subjects');
    await program.untilReady();
    await load.untilRunsAgain();
    expectWhole(await load.finish());
  });
});

async function replace(program: TestProgram, name: string, changes: Partial<StreamConfig>): Promise<void> {
  await managing(program, async (manager) => {
    const { config } = await manager.streams.info(name);
    await manager.streams.delete(name);
    // The scheduler may be as fast as we are, and then its stream is there.
    await until(async () => {
      try {
        return await manager.streams.add({ ...config, ...changes, name });
      } catch {
        await manager.streams.delete(name).catch(() => undefined);
        return false;
      }
    }, { what: `${name} to be ours` });
  });
}

async function untilSaid(program: TestProgram, line: string, how: string): Promise<void> {
  await until(() => line === '' || linesWith(program, line).length > 0, { what: () => `a stream ${how} to be noticed\n${program.output()}` });
}

async function untilNotReady(program: TestProgram, problem: string): Promise<void> {
  let last = '';
  await until(async () => {
    last = JSON.stringify((await program.api.get('//readyz')).body);
    return last.includes(problem);
  }, { deadlineMs: 60_000, what: () => `/readyz to say "${problem}", it says ${last}\n${program.output()}` });
}

function linesWith(program: TestProgram, text: string): string[] {
  return program.output().split('\n').filter((line) => line.includes(text));
}

async function managing<T>(program: TestProgram, work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const nc = await connectForEver(program.natsUrl, 'manager');
  try {
    return await work(await jetstreamManager(nc));
  } finally {
    await nc.close();
  }
}
