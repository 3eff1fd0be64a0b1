// Closes a test run with one plain line: N passed, N failed, N skipped; and where some failed, how to draw their numbers again.
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter from its default export.
export default class SummaryReporter {
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests())
        counts[test.result().state] = (counts[test.result().state] ?? 0) + 1;
      counts.failed += module.errors().length;
    }
    if (counts.failed > 0) {
      console.log(`\nrandom numbers: WGAD_TEST_SEED=${process.env.WGAD_TEST_SEED}`);
    }
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}
