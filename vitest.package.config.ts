import { defineConfig } from 'vitest/config';

// The packed programs in dist/release: one file at a time, because each wants the machine for itself.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
