import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest loads its configuration from the default export.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './scripts/summary-reporter.mjs'],
    pool: 'forks',
    // Two workers: the software adapter already spreads one dispatch over all cores.
    maxWorkers: 2,
    // Mesa's software adapter optimises kernels for longer than tests run them. Hardware drivers know no such setting.
    env: { GALLIVM_PERF: 'nopt' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
