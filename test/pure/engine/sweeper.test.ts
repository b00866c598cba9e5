import { beforeEach, describe, expect, test } from 'vitest';
import { RunBook } from '../../../src-core/decide/index.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import type { SweeperParts } from '../../../src-core/engine/sweeper.ts';
import { Sweeper } from '../../../src-core/engine/sweeper.ts';
import { accepted, dispatch, end, listening, taskId } from '../../support/run-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT } from '../../support/virtual-node.ts';

const run = { id: taskId(1000) };
let clock: VirtualClock;
let told: string[];
let book: RunBook;
let sweeper: Sweeper;
/** What the view has of the run. */
let stored: Partial<RunRecord> | undefined;

beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  stored = undefined;
  book = new RunBook(listening(told));
  const parts = {
    context: { clock, bus: { state: 'connected', streamInfo: async () => ({ lastSequence: 5 }) }, log: SILENT, store: { run: async () => stored } },
    workers: { sweep: () => [] }, workerChanged: () => {}, jobs: { byKey: () => undefined }, book, observer: { positions: { runs: 5, results: 9 }, balance: () => {} },
  };
  sweeper = new Sweeper(parts as unknown as SweeperParts);
  sweeper.start();
});

describe('an answer that is in the log before its message', () => {
  test('waits for the stream to have a leader again and the message to be sent anew', async () => {
    end(run, 'success', 3)(book);
    await clock.advance(8_000);
    dispatch(run)(book);
    expect(told).toEqual([`dispatched ${run.id}`, `ended ${run.id} completed`]);
    sweeper.stop();
  });

  test('waits for a run that was accepted and not sent, as far as the log tells', async () => {
    accepted(run)(book);
    end(run, 'success', 3)(book);
    await clock.advance(8_000);
    dispatch(run)(book);
    expect(told.at(-1)).toBe(`ended ${run.id} completed`);
    sweeper.stop();
  });

  test('is given up when nothing explains it, and holds nothing up', async () => {
    end(run, 'success', 3)(book);
    await clock.advance(15_000);
    expect(told).toEqual(['oddity end-late']);
    expect(book.pending.size).toBe(0);
    sweeper.stop();
  });

  test('is kept as a late one of a broadcast, also of a job that is gone', async () => {
    stored = { id: run.id, category: 'broadcast', model: 'max', endedAt: 7 };
    end(run, 'success', 3)(book);
    await clock.advance(15_000);
    expect(book.takeUnsaved(10).subRuns).toMatchObject([{ runId: run.id, kind: 'answer', number: 3, status: 'success' }]);
    expect(told).toEqual([]);
    sweeper.stop();
  });

  test('is taken at once when it is ours', async () => {
    accepted(run)(book);
    end(run, 'expired', 3)(book);
    await clock.advance(3_000);
    expect(told.at(-1)).toBe(`ended ${run.id} expired`);
    sweeper.stop();
  });
});
