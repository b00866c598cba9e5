import { defineConfig } from 'vitest/config';

// The started program with a real nats-server: one file at a time, because each wants the machine for itself.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
