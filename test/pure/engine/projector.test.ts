import { expect, test } from 'vitest';
import { RunBook } from '../../../src-core/decide/index.ts';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import type { Places } from '../../../src-core/engine/backlog.ts';
import { Projector } from '../../../src-core/engine/projector.ts';
import type { Checkpoint, ViewBatch } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { DEFINITIONS_STREAM, RESULTS_STREAM, STREAM } from '../../../src-core/wire/index.ts';
import { dispatch, end, listening, taskId } from '../../support/run-log.ts';
import { aBatch } from '../../support/store-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT } from '../../support/virtual-node.ts';

const at = ({ runs, results }: Places, created = 'now'): Checkpoint[] => [
  { stream: STREAM, created, sequence: runs }, { stream: RESULTS_STREAM, created, sequence: results }, { stream: DEFINITIONS_STREAM, created, sequence: 1 },
];

test.each([
  ['read on first when the view is further', { runs: 10, results: 4 }, 'now', { runs: 5, results: 4 }, { runs: 12, results: 9 }],
  ['read on first when the view has more answers', { runs: 5, results: 9 }, 'now', { runs: 5, results: 4 }, { runs: 12, results: 9 }],
  ['go on from where they are when the view is not as far', { runs: 3, results: 4 }, 'now', { runs: 5, results: 4 }, { runs: 5, results: 4 }],
  ['do not wait for what stood in a log that is gone', { runs: 10, results: 9 }, 'before', { runs: 5, results: 4 }, { runs: 5, results: 4 }],
])('new leaders of a shared view %s', async (_, view, created, here, through) => {
  const clock = new VirtualClock();
  const store = createMemoryStore({ isShared: true });
  await store.apply(aBatch({ term: 3, checkpoints: at(view, created) }));
  let places: Places = here;
  let mayWrite = false;
  const asked: Places[] = [];
  const batches: ViewBatch[] = [];
  const context = { clock, log: SILENT, store: { ...store, apply: (batch: ViewBatch) => (batches.push(batch), store.apply(batch)) } } as unknown as EngineContext;
  const projector = new Projector({
    context, book: new RunBook(listening([])), term: () => 4, mayWrite: () => mayWrite, checkpoints: () => at(places), places: () => places,
    viewCaughtUp: async () => {},
    caughtUp: async () => {
      places = { runs: 12, results: 9 };
    },
    backlog: (to) => {
      asked.push(to);
      return { run: async () => {}, stop: () => {} } as never;
    },
    saved: () => {}, stale: () => {},
  });
  projector.start();
  await clock.advance(1000);
  expect(batches).toEqual([]);
  mayWrite = true;
  projector.mayWriteChanged();
  await clock.advance(3000);
  expect(asked).toEqual([through]);
  expect(batches.map(({ term, checkpoints }) => [term, checkpoints.map(({ sequence }) => sequence)])).toEqual([[4, []], [4, [through.runs, through.results, 1]]]);
  await clock.until(projector.stop());
});

test('a batch that is taken late has the rows as they were at its checkpoints', async () => {
  const clock = new VirtualClock();
  const book = new RunBook(listening([]));
  const batches: ViewBatch[] = [];
  const context = { clock, log: SILENT, store: { ...createMemoryStore(), apply: (batch: ViewBatch) => (batches.push(batch), new Promise(() => {})) } } as unknown as EngineContext;
  let places: Places = { runs: 0, results: 0 };
  const projector = new Projector({
    context, book, term: () => 1, mayWrite: () => true, checkpoints: () => at(places), places: () => places, caughtUp: async () => {}, viewCaughtUp: async () => {},
    backlog: () => ({}) as never, saved: () => {}, stale: () => {},
  });
  projector.start();
  const run = { id: taskId(0), category: 'broadcast', model: 'ultra' } as const;
  for (const subId of ['1', '2']) dispatch(run, { subId, targets: 2, tail: `w${subId}` })(book);
  places = { runs: 2, results: 0 };
  await clock.advance(100);
  // The view lacks what the database has not answered for: a run, its two parts.
  expect(projector.waiting).toBe(3);
  end(run, 'success', 1, { kind: 'client-end', subId: '1' })(book);
  end(run, 'fail', 2, { kind: 'client-end', subId: '2' })(book);
  expect(batches.map(({ insertRuns, putSubRuns }) => [insertRuns.map(({ state }) => state), putSubRuns.map(({ status }) => status)])).toEqual([[['active'], ['open', 'open']]]);
});

test('skips of a batch that was taken and said to have failed are not added again when the log is lost', async () => {
  const clock = new VirtualClock();
  const store = createMemoryStore();
  let fault: 'unsure' | 'away' | undefined = 'unsure';
  const context = { clock, log: SILENT, store: {
    ...store,
    apply: async (batch: ViewBatch) => {
      if (fault === 'away') throw new UnavailableError('The database is away.');
      await store.apply(batch);
      if (fault === 'unsure') throw new UnavailableError('The connection to the database broke before it answered.');
    },
  } } as unknown as EngineContext;
  let created = 'before';
  const projector = new Projector({
    context, book: new RunBook(listening([])), term: () => 1, mayWrite: () => true, checkpoints: () => at({ runs: 1, results: 0 }, created), places: () => ({ runs: 1, results: 0 }), caughtUp: async () => {}, viewCaughtUp: async () => {},
    backlog: () => ({}) as never, saved: () => {}, stale: () => {},
  });
  const skip = { jobNumber: 1, namespace: 'app', app: 'biz', job: 'job', reason: 'overlap', hour: 0, count: 3, lastAt: 5 } as const;
  projector.start();
  projector.addSkips([skip]);
  await clock.advance(100);
  fault = 'away';
  await expect(clock.until(projector.forgetCheckpoints())).rejects.toThrow('does not tell');
  expect(await store.checkpoints()).not.toEqual([]);
  fault = undefined;
  await clock.until(projector.forgetCheckpoints());
  expect(await store.checkpoints()).toEqual([]);
  created = 'now';
  projector.addSkips([skip]);
  await clock.advance(3000);
  expect((await store.skips({ limit: 10 })).items).toMatchObject([{ count: 6 }]);
  expect(await store.checkpoints()).toContainEqual({ stream: STREAM, created: 'now', sequence: 1 });
  await clock.until(projector.stop());
});

test('a batch that was taken and said to have failed does not keep its runs open when the checkpoints that would tell are reset', async () => {
  const clock = new VirtualClock();
  const book = new RunBook(listening([]));
  const store = createMemoryStore();
  let isUnsure = true;
  const context = { clock, log: SILENT, store: {
    ...store,
    apply: async (batch: ViewBatch) => {
      await store.apply(batch);
      if (isUnsure) throw new UnavailableError('The connection to the database broke before it answered.');
    },
  } } as unknown as EngineContext;
  let places: Places = { runs: 0, results: 0 };
  const projector = new Projector({
    context, book, term: () => 1, mayWrite: () => true, checkpoints: () => at(places), places: () => places, caughtUp: async () => {}, viewCaughtUp: async () => {},
    backlog: () => ({}) as never, saved: () => {}, stale: () => {},
  });
  projector.start();
  const run = { id: taskId(0) };
  dispatch(run)(book);
  places = { runs: 1, results: 0 };
  await clock.advance(100);
  expect(await store.run(run.id)).toMatchObject({ state: 'active' });
  end(run, 'success', 1)(book);
  await store.resetCheckpoints();
  isUnsure = false;
  await clock.advance(3000);
  expect(await store.run(run.id)).toMatchObject({ state: 'completed' });
  expect(await store.endTotals({ from: 0, to: Number.MAX_SAFE_INTEGER, bucketMs: 60_000 })).toMatchObject([{ completed: 1 }]);
  await clock.until(projector.stop());
});
