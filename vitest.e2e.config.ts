import { defineConfig } from 'vitest/config';

// For what hangs: each thing waited for has a limit of its own, which says what did not come, and several of them stand in one test.
const e2e = { testTimeout: 480_000, hookTimeout: 480_000, pool: 'forks' } as const;
/** Figures want the machine for themselves, and so do three NATS servers that elect. */
const ALONE = ['test/e2e/bench.test.ts', 'test/e2e/nats-cluster.test.ts'];

// The started program with a real nats-server. Three files at a time, also on two cores: most of their time is spent waiting for processes.
export default defineConfig({
  test: {
    projects: [
      { test: { ...e2e, name: 'together', include: ['test/e2e/**/*.test.ts'], exclude: ALONE, maxWorkers: 3, sequence: { groupOrder: 0 } } },
      { test: { ...e2e, name: 'alone', include: ALONE, maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 1 } } },
    ],
  },
});
