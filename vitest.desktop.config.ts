import { defineConfig } from 'vitest/config';

// The desktop shell on a stand-in for Electron, with the built scheduler in a process of its own: one file at a time.
export default defineConfig({
  define: { __NATSJOB_VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/desktop/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
