import { defineConfig } from 'vitest/config';

// The panel in a real Chromium against the started program: one file at a time, because each wants the machine for itself.
export default defineConfig({
  test: {
    include: ['test/panel/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
