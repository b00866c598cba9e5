import { expect, it } from 'vitest';
import { NotReachedError, UnavailableError } from '../../../src-core/domain/errors.ts';
import { JobWaitError, QueueClosedError } from '../../../src-core/worker/index.ts';
import { JobWaiting } from '../../../src-core/worker/queue/job-waiting.ts';
import type { FinalEnd } from '../../../src-core/worker/queue/job-waiting.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const END: FinalEnd = { status: 'success', reason: '7', runId: '1' };

function open(answers: (FinalEnd | Error | undefined)[]) {
  const clock = new VirtualClock();
  const tellers = new Set<(end: FinalEnd) => void>();
  let asked = 0;
  let isClosed = false;
  const watch = {
    started: () => Promise.resolve(),
    endOf: () => undefined,
    waitFor: (_id: string, tell: (end: never) => void) => {
      tellers.add(tell as (end: FinalEnd) => void);
      return () => void tellers.delete(tell as (end: FinalEnd) => void);
    },
  };
  const ask = async (): Promise<FinalEnd | undefined> => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const waiting = new JobWaiting({ clock, watch, ask, isClosed: () => isClosed });
  const results: unknown[] = [];
  const wait = (limitMs?: number): void => void waiting.endOf('1', limitMs, () => new JobWaitError('1', limitMs ?? 0)).then((end) => results.push(end), (error: Error) => results.push(error.name));
  return { clock, waiting, wait, results, asked: () => asked, tell: () => [...tellers].forEach((each) => each(END)), tellers, closeConnection: () => (isClosed = true) };
}

it('a job that ended before reading began is waited for until a scheduler has read its end, too', async () => {
  const { clock, wait, results, asked, tellers } = open([undefined, undefined, END]);
  wait();
  await clock.advance(2_999);
  expect([results, asked()]).toEqual([[], 2]);
  await clock.advance(1);
  expect([results, asked(), tellers.size, clock.timers]).toEqual([[END], 3, 0, 0]);
});

it('what is read tells at once, also while a scheduler is asked in vain, or none is there', async () => {
  const { clock, wait, results, tell } = open([new NotReachedError('nobody')]);
  wait();
  wait(60_000);
  await clock.advance(10_000);
  expect(results).toEqual([]);
  tell();
  await clock.settle();
  expect([results, clock.timers]).toEqual([[END, END], 0]);
});

it('a scheduler is asked less and less often', async () => {
  const { clock, wait, asked, tell } = open([undefined]);
  wait();
  await clock.advance(3_600_000);
  expect(asked()).toBeLessThan(70);
  tell();
  await clock.settle();
  expect(clock.timers).toBe(0);
});

it('the waiting ends with its time, with the queue, with the connection, and with what a scheduler refuses', async () => {
  const { clock, waiting, wait, results, closeConnection, tellers } = open([undefined, undefined, undefined, undefined, new Error('refused')]);
  wait(100);
  await clock.advance(100);
  expect(results).toEqual(['JobWaitError']);
  wait();
  await clock.settle();
  waiting.close(new QueueClosedError('mail'));
  await clock.settle();
  expect(results).toEqual(['JobWaitError', 'QueueClosedError']);
  wait();
  await clock.advance(5_000);
  expect(results).toEqual(['JobWaitError', 'QueueClosedError', 'Error']);
  const closed = open([new UnavailableError('closed')]);
  closed.closeConnection();
  closed.wait();
  await closed.clock.settle();
  expect(closed.results).toEqual(['UnavailableError']);
  expect([tellers.size, clock.timers, closed.clock.timers]).toEqual([0, 0, 0]);
  closeConnection();
});
