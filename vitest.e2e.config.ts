import { defineConfig } from 'vitest/config';

const e2e = { testTimeout: 180_000, hookTimeout: 120_000, pool: 'forks' } as const;
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
