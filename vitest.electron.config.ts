import { defineConfig } from 'vitest/config';

// The desktop console in Electron itself: needs Electron's binary (npx install-electron) and a screen, on Linux Xvfb.
export default defineConfig({
  define: { __NATSJOB_VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/electron/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
