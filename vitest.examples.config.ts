import { defineConfig } from 'vitest/config';

// The workers in examples/, each installed as its readers would: needs the registries, and compilers that take minutes
// the first time. Two at a time, because the machine of CI has two cores.
export default defineConfig({
  test: {
    include: ['test/examples/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxConcurrency: 2,
  },
});
