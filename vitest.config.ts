import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seed of the random numbers of all tests (test/seed.ts); whoever sets another replays a failure, or looks for one. */
process.env.WGAD_TEST_SEED ??= '20261130';

/** Tests of the adapter's own kernels and of their choice, at its own width of 8 lanes; not those that other adapters run. */
const KERNELS = [
  'test/ops.test.ts',
  'test/{doctor,tune}/**/*.test.ts',
  'test/kernels/**/!(blocked|convOfOthers|half|subgroupMatrix).test.ts',
  'test/cli/{doctor,tune}.test.ts',
];
/** What runs as users run it, special numbers among it, and what computes for longer than it compiles. */
const OPTIMISED = [
  'bench/test/**/*.test.ts',
  'test/{isa,site,tools}/**/*.test.ts',
  'test/models/{draem,encoders,layers,long,revdist,uniad}.test.ts',
  'test/project/{examples,library,specialNumbers}.test.ts',
  'test/train/{draem,uniad}.test.ts',
];

/** Mesa's software adapter would optimise kernels for longer than these run them; hardware knows no such setting. */
const NOT_OPTIMISED = { GALLIVM_PERF: 'nopt' };
/**
 * Its kernels of 4 lanes compile in about half the time of those of 8. Its cache does not tell them apart: they have one of
 * their own.
 */
const OF_4_LANES = {
  LP_NATIVE_VECTOR_WIDTH: '128',
  MESA_SHADER_CACHE_DIR: join(import.meta.dirname, 'node_modules', '.cache', 'kernels-of-4-lanes'),
};
// The driver makes one folder, not those above it.
mkdirSync(OF_4_LANES.MESA_SHADER_CACHE_DIR, { recursive: true });

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
  setupFiles: ['test/arrayEquality.ts'],
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
      { test: { ...common, name: 'kernels', include: KERNELS, env: NOT_OPTIMISED } },
      { test: { ...common, name: 'optimised', include: OPTIMISED } },
      {
        test: {
          ...common,
          name: 'narrow',
          include: ['test/**/*.test.ts'],
          exclude: [...KERNELS, ...OPTIMISED],
          env: { ...NOT_OPTIMISED, ...OF_4_LANES },
        },
      },
    ],
  },
});
