import { defineConfig } from 'vitest/config';

// The packed programs in dist/release: one file at a time, because each wants the machine for itself.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    // For what hangs: each thing waited for has a limit of its own, and several of them stand in one test.
    testTimeout: 480_000,
    hookTimeout: 480_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
