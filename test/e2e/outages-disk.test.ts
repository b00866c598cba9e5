import Database from 'better-sqlite3';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { until } from '../support/until.ts';
import { expectWhole, openLoad } from './outage-load.ts';
import type { Load } from './outage-load.ts';

describe.skipIf(!(await canStartProgram()))('the disk', () => {
  test('of the database may be full for a while: dispatch goes on, and the view catches up', async ({ skip }) => {
    using disk = mountSmallDisk(8) ?? skip();
    await using program = await startProgram({ env: { NATSJOB_DB_URL: path.join(disk.dir, 'natsjob.sqlite') } });
    await using load = await openLoad(program);
    disk.fill();
    await untilProblem(program, 'is full: make room');
    await untilMoreIsSent(load);
    expect((await program.api.get('//readyz')).status).toBe(503);
    disk.free();
    await program.untilReady();
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
  });

  test('may be full for everything, NATS too, and all goes on when there is room', async ({ skip }) => {
    using disk = mountSmallDisk(160) ?? skip();
    await using program = await startProgram({ dataDir: path.join(disk.dir, 'data') });
    await using load = await openLoad(program);
    disk.fill();
    await until(async () => (await program.api.get('//readyz')).status === 503, { what: () => `the full disk to show\n${program.output()}` });
    await until(() => program.output().includes('cannot write to its disk'), { what: () => `the nats-server to fail\n${program.output()}` });
    // Messages that were shown but not stored are sent once more, not again and again.
    // Where the bucket of the lease is the first that cannot be written, nothing is sent any more and there is nothing to notice.
    let said = '';
    await until(async () => {
      said = JSON.stringify((await program.api.get('//readyz')).body);
      return said.includes('the lease is not renewed') || /neither answered nor stored|were looked up in the stream/.test(program.output());
    }, { what: () => `the publisher to notice, or the lease to end; /readyz says ${said}\n${program.output()}` });
    disk.free();
    await load.untilRunsAgain();
    expectWhole(await load.finish());
    expect([...load.witness.sightings].filter(({ times }) => times.length > 2), program.output()).toEqual([]);
    expect(await program.stop()).toBe(0);
  });

  test('may have the database locked by another program for a while', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const other = lockDatabase(program);
    await untilProblem(program, 'is locked by another program');
    await untilMoreIsSent(load);
    other.exec('ROLLBACK');
    other.close();
    await program.untilReady();
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
  });

  test('keeps what the database missed when the scheduler is killed meanwhile', async () => {
    await using program = await startProgram();
    await using load = await openLoad(program);
    const other = lockDatabase(program);
    await untilProblem(program, 'is locked by another program');
    await untilMoreIsSent(load);
    await program.kill('SIGKILL');
    other.exec('ROLLBACK');
    other.close();
    await program.restart();
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
  });

  test('that is full or read-only at the start is named in one line', async ({ skip }) => {
    using disk = mountSmallDisk(1) ?? skip();
    disk.fill();
    await expectRefusal({ dataDir: path.join(disk.dir, 'data') }, 1, /data folder .* full/i);
    disk.free();
    disk.readOnly();
    await expectRefusal({ dataDir: path.join(disk.dir, 'data') }, 78, /data folder .*(read-only|written)/i);
  });
});

/** A program that stood still in the middle of writing has the lock for a while yet. */
function lockDatabase({ dataDir }: TestProgram): Database.Database {
  const other = new Database(path.join(dataDir, 'natsjob.sqlite'), { timeout: 60_000 });
  other.exec('BEGIN IMMEDIATE');
  return other;
}

async function untilProblem(program: TestProgram, problem: string): Promise<void> {
  let last = '';
  await until(async () => {
    const { body } = await program.api.get('//readyz');
    last = JSON.stringify(body);
    return last.includes(problem);
  }, { what: () => `/readyz to say "${problem}", it says ${last}` });
}

async function untilMoreIsSent({ witness }: Load): Promise<void> {
  const before = witness.count;
  await until(() => witness.count >= before + 30, { what: 'more runs to be dispatched' });
}

async function expectRefusal(options: { dataDir: string }, code: number, words: RegExp): Promise<void> {
  await using program = await startProgram({ ...options, untilReady: false });
  await until(() => !program.isRunning, { what: 'the program to give up' });
  // What it has said is all here only then: its end is often heard of before its last words are read.
  expect(await program.stop()).toBe(code);
  expect(program.output()).toMatch(words);
  expect(program.output().trim().split('\n')).toHaveLength(1);
}
