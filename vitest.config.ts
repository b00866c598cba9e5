import { defineConfig } from 'vitest/config';

// Everything but the tests that start the built program: see vitest.e2e.config.ts, vitest.desktop.config.ts, vitest.panel.config.ts, vitest.package.config.ts and vitest.examples.config.ts.
export default defineConfig({
  define: { __NATSJOB_VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/desktop/**', 'test/electron/**', 'test/e2e/**', 'test/examples/**', 'test/package/**', 'test/panel/**', '**/node_modules/**'],
    // Limits for what hangs, longer than what until() waits: a machine that is busy is no fault.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
