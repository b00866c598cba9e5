import { expect, test } from 'vitest';
import { emptyRecord } from '../../../src-core/decide/index.ts';
import type { RunRecord, SubRunRecord } from '../../../src-core/domain/run.ts';
import { openRunsOf } from '../../../src-core/engine/load-view.ts';
import { fence } from '../../../src-core/engine/view-batch.ts';
import type { Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';

const ID = '815735110631424002';

function run(change: Partial<RunRecord>): RunRecord {
  return { ...emptyRecord(ID, { jobNumber: 2, namespace: 'app', app: 'biz', job: 'spread' }), category: 'broadcast', model: 'ultra', state: 'active', dispatchedAt: 1, targets: 2, ...change };
}

function target(number: number, endedAt: number): SubRunRecord {
  return { runId: ID, kind: 'target', number, workerId: `w${number}`, sceneId: '', sceneName: '', status: endedAt === 0 ? 'open' : 'fail', reason: '', monitorStatus: '', monitorPayload: '', startedAt: 1, endedAt, createdAt: 1 };
}

/** A store in which another node writes between the first two questions. */
async function writtenMeanwhile(then: { updateRuns: readonly RunRecord[]; putSubRuns: readonly SubRunRecord[] }): Promise<Store> {
  const store = createMemoryStore({ isShared: true });
  await store.apply({ ...fence(1), insertRuns: [run({ targetsEnded: 1 })], putSubRuns: [target(1, 5), target(2, 0)] });
  return {
    ...store,
    openRuns: async () => {
      const runs = structuredClone(await store.openRuns());
      await store.apply({ ...fence(1), ...then });
      return runs;
    },
  };
}

test('a run is loaded with its targets as they were at one moment', async () => {
  const store = createMemoryStore();
  await store.apply({ ...fence(1), insertRuns: [run({ targetsEnded: 1 })], putSubRuns: [target(1, 5), target(2, 0)] });
  const [loaded] = await openRunsOf(store);
  expect(loaded?.[0]).toMatchObject({ id: ID, targetsEnded: 1 });
  expect(loaded?.[1].map(({ number, endedAt }) => [number, endedAt]).sort()).toEqual([[1, 5], [2, 0]]);
});

test('a run whose targets another node wrote meanwhile is loaded as it is then', async () => {
  const [loaded] = await openRunsOf(await writtenMeanwhile({ updateRuns: [run({ targets: 3, targetsEnded: 2, targetsWorst: 2 })], putSubRuns: [target(2, 6), target(3, 0)] }));
  expect(loaded?.[0].targetsEnded).toBe(2);
  expect(loaded?.[1].filter(({ endedAt }) => endedAt > 0)).toHaveLength(2);
});

test('a run that another node brought to its end meanwhile is not loaded', async () => {
  expect(await openRunsOf(await writtenMeanwhile({ updateRuns: [run({ state: 'failed', endedAt: 6, targetsEnded: 2, targetsWorst: 2 })], putSubRuns: [target(2, 6)] }))).toEqual([]);
});

test('a run that stands in the view otherwise than its targets is loaded all the same', async () => {
  const [loaded] = await openRunsOf(await writtenMeanwhile({ updateRuns: [], putSubRuns: [target(2, 6)] }));
  expect(loaded?.[0].targetsEnded).toBe(1);
});
