import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seed of the random numbers of all tests (test/seed.ts); whoever sets another replays a failure, or looks for one. */
process.env.WGAD_TEST_SEED ??= '20261130';

/** Files that compile kernels for longer than they run them. */
const COMPILED = [
  'test/{kernels,doctor,cli,run,weights,score}/**/*.test.ts',
  'test/train/!(draem|uniad).test.ts',
  'test/ops.test.ts',
];

/** Minutes each where no kernel has been compiled before: begun last, one of them would run alone. */
const LONGEST = [
  'test/kernels/gemm/conv',
  'test/cli/run',
  'test/cli/reproduce',
  'test/project/readme',
  'test/faults/short',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONGEST.some((name) => moduleId.endsWith(`${name}.test.ts`));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const common = {
  pool: 'forks',
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // What was built is tested as it is.
  server: { deps: { external: [/\/dist\//] } },
} as const;

// biome-ignore lint/style/noDefaultExport: vitest loads its configuration from the default export.
export default defineConfig({
  test: {
    reporters: ['default', './scripts/summary-reporter.mjs'],
    // Two workers: the software adapter already spreads one dispatch over all cores.
    maxWorkers: 2,
    globalSetup: ['test/temporaryFolder.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...common,
          name: 'compiled',
          include: COMPILED,
          // Mesa's software adapter would optimise kernels for longer than these run them; hardware knows no such setting.
          env: { GALLIVM_PERF: 'nopt' },
        },
      },
      {
        test: {
          ...common,
          name: 'optimised',
          include: ['test/**/*.test.ts', 'bench/test/**/*.test.ts'],
          exclude: COMPILED,
        },
      },
    ],
  },
});
