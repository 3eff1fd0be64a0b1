import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest loads its configuration from the default export.
export default defineConfig({
  test: {
    include: ['test/faults/full.ts'],
    reporters: ['default', './scripts/summary-reporter.mjs'],
    pool: 'forks',
    // One kind at a time: their tries watch the clock, the memory and the disk of one machine.
    maxWorkers: 1,
    globalSetup: ['test/temporaryFolder.ts'],
    // A kind takes as long as its tries do.
    testTimeout: 0,
    hookTimeout: 0,
    disableConsoleIntercept: true,
  },
});
