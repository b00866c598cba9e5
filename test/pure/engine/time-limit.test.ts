import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import { Heeding } from '../../../src-core/engine/heeding.ts';
import { RunWaiters } from '../../../src-core/engine/run-waiters.ts';
import { ShortQuestions } from '../../../src-core/engine/short-questions.ts';
import { timeLimit } from '../../../src-core/engine/time-limit.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { systemClock } from '../../../src-core/system/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode } from '../../support/virtual-node.ts';

const LIMIT_MS = 20;

/** Begins something, and stands still for longer than the limit while what it waits for comes. Resolves once that was taken. */
function comesWhileStandingStill(begin: () => void, take: () => void): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.once('message', () => {
      take();
      port1.close();
      resolve();
    });
    // From here the timers are looked at next, and what has come only after them.
    setImmediate(() => {
      begin();
      port2.postMessage('came');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * LIMIT_MS);
    });
  });
}

test('a process that stood still takes what has come before its time is up', async () => {
  const told: string[] = [];
  let cancel = (): void => {};
  await comesWhileStandingStill(() => {
    setTimeout(() => told.push('timer'), LIMIT_MS);
    cancel = timeLimit(systemClock(), LIMIT_MS, () => told.push('time is up'));
  }, () => {
    told.push('came');
    cancel();
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['timer', 'came']);
});

test('so a database, and a run that is waited for, are not said to be silent', async () => {
  const runs = new RunWaiters<string>(systemClock());
  let questions: ShortQuestions | undefined;
  let waits: Promise<unknown>[] = [];
  let answer = (_text: string): void => {};
  await comesWhileStandingStill(() => {
    questions = new ShortQuestions(systemClock(), LIMIT_MS);
    waits = [questions.ask(() => new Promise<string>((resolve) => (answer = resolve))), runs.until('1', LIMIT_MS)];
  }, () => {
    answer('in time');
    runs.tell('1', () => 'in time');
  });
  expect(await Promise.all(waits)).toEqual(['in time', 'in time']);
  expect(questions?.unanswered).toBe(0);
});

test('what does not come is not waited for longer', async () => {
  const clock = new VirtualClock();
  const questions = new ShortQuestions(clock, 200);
  const asked = questions.ask(() => new Promise(() => {}));
  const waited = new RunWaiters(clock).until('1', 200);
  const heeded = new Heeding(clock).until(() => false).then(() => 'heeded', (error: Error) => error.message);
  await clock.advance(200);
  expect([await asked, questions.unanswered, await waited]).toEqual([undefined, 1, undefined]);
  await clock.advance(10_000);
  expect(await heeded).toMatch(/does not read it/);
  expect(clock.timers).toBe(0);
});

test('a calendar is whole, though the process stood still while it was made', async () => {
  const { clock, node: { clock: own, scheduler: { api } } } = await started();
  for (const name of ['a', 'b', 'c']) await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name, schedule: { expression: '@hourly' } }));
  const monotonic = own.monotonic.bind(own);
  let stood = 0;
  own.monotonic = () => monotonic() + (stood += 3_000);
  const from = own.now();
  const { jobs, truncated } = await clock.until(api.looking.calendar({ from, to: from + 86_400_000, bucketMs: 3_600_000 }));
  expect([jobs.map(({ job }) => job), truncated]).toEqual([['a', 'b', 'c'], false]);
});

test('messages of a run that NATS does not show in time are not said to be none', async () => {
  const { clock, node: { bus, scheduler: { api } } } = await started();
  await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name: 'a' }));
  const { taskId } = await clock.until(api.jobs.run('app.biz.a', {}));
  expect(await clock.until(api.runs.messages(taskId))).toHaveLength(1);
  bus.read = async () => false;
  await expect(clock.until(api.runs.messages(taskId))).rejects.toThrow(UnavailableError);
});

async function started() {
  const clock = new VirtualClock();
  const node = openNode({ clock, nats: new MemoryNats(clock), store: createMemoryStore() });
  await clock.until(node.scheduler.start());
  await clock.advance(500);
  await clock.until(node.scheduler.api.apps.create('app', { name: 'biz' }));
  return { clock, node };
}
