import { Command } from 'commander';
import { beforeAll, expect, it, vi } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { trainVerb } from '../../src/cli/verbs/train.ts';
import { synthesize } from '../../src/data/index.ts';
import { DETECTOR_NAMES, DETECTORS, type DetectorName } from '../../src/methods/detectors.ts';
import { checkConfig, resolvedConfig } from '../../src/run/config.ts';
import { configHash, placelessHash } from '../../src/run/configHash.ts';
import { encodersFor, type RunConfig } from '../../src/run/settings.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { scratchFolder, wgad } from '../cli/wgad.ts';

/** Files of runs lie on users' disks for years: what follows from a setting is compared with what did before. */
const golden = (name: string): string => `../goldens/settings/${name}`;

/** The least that a run's file says, in files of early versions. */
function early(method: DetectorName, preset?: string): RunConfig {
  const { defaults } = DETECTORS[method];
  return {
    version: '0',
    method,
    preset,
    encoder: encodersFor({ method })[0]!,
    weights: 'embedded',
    align: ['cada'],
    size: 64,
    batch: 4,
    iterations: defaults.iterations === 0 ? 0 : 8,
    alignIterations: 12,
    lr: defaults.optimiser.lr,
    width: defaults.width,
    seed: 0,
    data: '/photos',
    smoothing: defaults.smoothing,
    scoreFraction: defaults.scoreFraction,
    adapter: 'llvmpipe',
  };
}

/** One change of each setting. */
const CHANGES: Partial<RunConfig>[] = [
  {},
  { version: '1' },
  { encoder: 'wide_resnet50_2' },
  { weights: '/weights' },
  { weightsSha256: 'aa' },
  { dataSha256: 'bb' },
  { dataSha256: 'bb', textures: '/textures' },
  { detector: '/detector', detectorSha256: 'cc' },
  { detector: '/detector' },
  { activation: 'relu' },
  { align: ['none', 'cada-std'] },
  { size: 96 },
  { size: 100, tile: 64 },
  { size: 100, tile: 64, tileOverlap: 0.25 },
  { size: 100, tile: 64, tileOverlap: 0.5 },
  { resize: 64 },
  { resize: 80 },
  { resample: 'pil' },
  { resample: 'opencv' },
  { batch: 5 },
  { iterations: 9 },
  { alignIterations: 13 },
  { lr: 0.5 },
  { encoderLr: 0.25 },
  { encoderNorm: 'training' },
  { width: 4 },
  { textures: '/textures' },
  { seed: 1 },
  { data: '/moved' },
  { layout: 'mvtec' },
  { classes: ['one'] },
  { contaminate: { fraction: 0.5, images: ['b', 'a'] } },
  { smoothing: 'none' },
  { scoreFraction: 0.5 },
  { precision: 'f32' },
  { precision: 'f16' },
  { alignHead: '1-conv-2-linear' },
  { alignDropout: 0 },
  { alignKernel: 3 },
  { coreset: 'greedy' },
  { coreset: 'random' },
  { coresetFraction: 0.5 },
  { adamEps: 1e-8 },
  { adamEps: 1e-10 },
  { amsgrad: true },
  { lrSchedule: 'constant' },
  { alignLr: 0.125 },
  { alignAlpha: 0.75 },
  { alignBase: 'training' },
  { calibration: 'after' },
  { pixelScale: 'shared' },
  { classTable: 'sigma' },
  { adapter: 'another' },
  { tuning: 'x' },
  { memoryRows: 7 },
];

const METHODS = DETECTOR_NAMES.flatMap((method) =>
  [undefined, ...Object.keys(DETECTORS[method].presets ?? {})].map((preset) => ({ method, preset })),
);

const sorted = (config: object): object =>
  Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));

it('the same settings have the same hashes as ever', async () => {
  const lines = METHODS.flatMap(({ method, preset }) =>
    CHANGES.map((change) => {
      const config = { ...early(method, preset), ...change };
      const name = [method, preset ?? '', JSON.stringify(change)].join(' ');
      return `${name} ${configHash(config)} ${placelessHash(config)}`;
    }),
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('hashes.txt'));
});

it('what a file leaves out means what it meant', async () => {
  const full = METHODS.map(({ method, preset }) =>
    JSON.stringify(sorted(resolvedConfig(early(method, preset))), null, 2),
  );
  await expect(`${full.join('\n')}\n`).toMatchFileSnapshot(golden('left-out.txt'));
});

/** One fault in each setting. */
const FAULTS: object[] = [
  { method: 'fcdd' },
  { preset: 'odd' },
  { encoder: 'vgg' },
  { encoder: 'none' },
  { detector: '/detector' },
  { activation: 'odd' },
  { align: 'cada' },
  { align: ['cada', 'odd'] },
  { align: ['cada', 'none', 'cada'] },
  { size: 100 },
  { size: 32 },
  { tile: 96 },
  { size: 100, tile: 70 },
  { size: 100.5, tile: 64 },
  { size: 128, tile: 64, tileOverlap: 0.9 },
  { tileOverlap: 0.5 },
  { resize: 63 },
  { resize: 70.5 },
  { resample: 'odd' },
  { batch: 1 },
  { iterations: -1 },
  { iterations: 0 },
  { iterations: 3 },
  { alignIterations: 1.5 },
  { alignIterations: 0 },
  { alignIterations: 0, align: ['none', 'class'] },
  { lr: 0 },
  { encoderLr: -1 },
  { encoderLr: 1 },
  { encoderNorm: 'odd' },
  { encoderNorm: 'training' },
  { width: 3 },
  { width: undefined },
  { width: 8 },
  { textures: '/textures' },
  { smoothing: 'odd' },
  { scoreFraction: 2 },
  { scoreFraction: null },
  { precision: 'f8' },
  { alignHead: 'odd' },
  { alignDropout: 1 },
  { alignKernel: 2 },
  { coreset: 'odd' },
  { coreset: 'random' },
  { coresetFraction: 0 },
  { coresetFraction: 0.5 },
  { adamEps: 0 },
  { lrSchedule: 'odd' },
  { alignLr: -1 },
  { alignAlpha: Number.NaN },
  { alignBase: 'odd' },
  { calibration: 'never' },
  { classTable: 'odd' },
  { lr: 0, size: 100 },
  { widht: 8 },
];

it('what is wrong with a setting is said as ever', async () => {
  const refusal = (config: RunConfig): string => {
    try {
      checkConfig(config);
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const lines = METHODS.flatMap(({ method, preset }) =>
    FAULTS.map((fault) => {
      const name = [method, preset ?? '', JSON.stringify(fault)].join(' ');
      return `${name}: ${refusal({ ...early(method, preset), ...fault })}`;
    }),
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('refusals.txt'));
});

it.each(['train', 'test', 'predict', 'threshold', 'demo', 'reproduce'])(
  'the help of %s is as ever',
  async (verb) => {
    const { stdout } = await wgad([verb, '--help']);
    await expect(stdout).toMatchFileSnapshot(golden(`help-${verb}.txt`));
  },
);

const scratch = scratchFolder();
beforeAll(() => synthesize({ out: scratch.path('data'), classes: 2, train: 4, test: 2, size: 64, seed: 3 }));

vi.mock('../../src/train/trainRun.ts', { spy: true });

/** What `wgad train` writes into `config.json`, but for what goes by the machine and the version. */
async function newRun(args: readonly string[]): Promise<object> {
  const begun = vi.mocked(trainRun).mockResolvedValueOnce(true);
  const context = { seed: 0, say: () => {}, result: () => {} } as unknown as Context;
  const program = new Command('wgad').exitOverride();
  trainVerb(program, async (body) => void (await body(context)));
  await program.parseAsync(['train', scratch.path('data'), '--out', scratch.path('run'), ...args], {
    from: 'user',
  });
  const { version, data, weightsSha256, dataSha256, ...config } = JSON.parse(
    JSON.stringify(resolvedConfig(begun.mock.lastCall![0].config)),
  );
  return { args: args.join(' '), ...sorted(config) };
}

const ARGUMENTS = [
  ...METHODS.map(({ method, preset }) => [
    ...['--method', method],
    ...(preset === undefined ? [] : ['--preset', preset]),
    ...['--size', '64', '--batch', '2'],
  ]),
  '--method recontrast --size 96 --resize 128 --encoder-lr 0.5 --encoder-norm training --batch 3'.split(' '),
  '--preset quick --method recontrast --iterations 30'.split(' '),
  '--preset quick,anomalib --method patchcore --batch 3'.split(' '),
  '--size 150 --tile 64 --batch 3 --method cfa'.split(' '),
  '--method draem --size 64 --width 8 --batch 2 --iterations 5 --lr 0.25'.split(' '),
  '--method patchcore --size 64 --coreset random --coreset-fraction 0.25 --score-fraction 0 --smoothing none'.split(
    ' ',
  ),
  [
    ...'--size 64 --batch 2 --iterations 3 --align none,cada-std --align-iterations 4 --align-lr 0.5'.split(
      ' ',
    ),
    ...'--align-alpha 0.5 --align-base training --align-dropout 0 --align-kernel 3 --adam-eps 1e-6'.split(
      ' ',
    ),
    ...'--amsgrad --lr-schedule constant --calibration after --class-table sigma --precision f16'.split(' '),
    ...'--layout mvtec --contaminate 0.5 --encoder resnet18_w16'.split(' '),
  ],
];

it('a new run says in its file what it said', async () => {
  const files: string[] = [];
  for (const args of ARGUMENTS) files.push(JSON.stringify(await newRun(args), null, 2));
  await expect(`${files.join('\n')}\n`).toMatchFileSnapshot(golden('new-runs.txt'));
});

it('a first look is the same run as its values, and an unknown preset is refused', async () => {
  const [quick, values] = [
    await newRun(['--preset', 'quick', '--size', '96']),
    await newRun(
      '--size 96 --batch 8 --iterations 400 --lr 0.005 --align-iterations 5000 --align-lr 0.01'.split(' '),
    ),
  ];
  expect({ ...quick, args: '' }).toEqual({ ...values, args: '' });
  await expect(newRun(['--preset', 'quick,odd'])).rejects.toThrow(
    /preset expects nothing for revdist, got odd/,
  );
});
