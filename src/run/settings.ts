/**
 * Every setting of a run, a row each, in the order of `config.json` and of the flags of `wgad train`. The flags and
 * their help, the configuration's type, its checks, its defaults, its hash and the table in docs/methods.md are made
 * from these rows: a setting is added here and is then read where it acts.
 */
import { RESAMPLES, type Resample } from '../data/frame.ts';
import { LAYOUTS } from '../data/layouts/index.ts';
import { ALIGNMENT_RECORDS, ALIGNMENTS, type Alignment, headsOf } from '../methods/alignments/index.ts';
import { CADA_DEFAULTS, PIXEL_SCALES } from '../methods/cada.ts';
import { CALIBRATION_ORDERS, type Detector, NORM_MODES, SMOOTHINGS } from '../methods/detector.ts';
import { DETECTOR_NAMES, DETECTORS, type DetectorName, detectorIn } from '../methods/detectors.ts';
import { DEFAULT_ENCODER } from '../models/embedded.ts';
import { hasStrides, PRETRAINED_NAMES, type PretrainedName, pretrained } from '../models/encoders/index.ts';
import { HEAD_DEFAULTS, HEAD_STRUCTURES, type HeadStructure } from '../models/regressor.ts';
import { DECODER_ACTIVATIONS } from '../models/resnet.ts';
import { PRECISIONS } from '../nn/trainable.ts';
import {
  type Allowed,
  type Around,
  always,
  type Checksum,
  free,
  given,
  listOf,
  moreThan0,
  nameOf,
  numberWhere,
  oneOf,
  optional,
  refusal,
  type Scoring,
  type Setting,
  valuesWhere,
  wholeFrom,
} from './setting.ts';

const path = free<string>('a path', { kind: 'path' });

/** Sides that every network can take. */
const SIDES = 'a multiple of 32 of at least 64';
const isSide = (side: number): boolean => side % 32 === 0 && side >= 64;

/** A quarter: each tile's outer eighth counts less than the neighbour that has it further inside. */
const OVERLAP = 0.25;
/** At 0.75 a pixel is judged sixteen times. */
const MOST_OVERLAP = 0.75;

const LR_SCHEDULES = ['method', 'constant'] as const;
export type LrSchedule = (typeof LR_SCHEDULES)[number];

/** The mean of a class's images' maxima, or u + 3 sigma of all their pixels. */
const CLASS_TABLES = ['maximum', 'sigma'] as const;
export type ClassTableKind = (typeof CLASS_TABLES)[number];

const CORESETS = ['greedy', 'random'] as const;

export const DEFAULT_METHOD: DetectorName = 'revdist';
const DEFAULT_ALIGNMENT: Alignment = 'cada';

/** Encoders that a method works with; `none` for a method without. */
export function encodersFor(method: Pick<Around, 'method' | 'preset'>): (PretrainedName | 'none')[] {
  const { taps } = detectorIn(method);
  if (taps === undefined) return ['none'];
  return PRETRAINED_NAMES.filter((name) => taps === 'all' || hasStrides(pretrained(name), taps));
}

const bare = ({ taps }: Detector): boolean => taps === undefined;
const presetsOf = (method: DetectorName): string[] => Object.keys(DETECTORS[method].presets ?? {});
const methodsWith = (has: (detector: Detector) => boolean): string =>
  DETECTOR_NAMES.filter((name) => has(DETECTORS[name])).join(', ');

const trainsEncoder = {
  which: 'methods that train their encoder',
  has: ({ defaults }: Detector): boolean => defaults.encoderLr !== undefined,
};
const drawsAnomalies = ({ anomalies }: Detector): boolean => anomalies === true;
const readsCheckpoints = ({ checkpoints }: Detector): boolean => checkpoints !== undefined;

export const SETTINGS = {
  version: given({ allowed: free<string>('text'), says: 'version of this package that began the run' }),
  method: always({
    allowed: oneOf(DETECTOR_NAMES),
    flag: '--method <name>',
    says: `detector: ${DETECTOR_NAMES.join(', ')}`,
    end: () => ` (default: "${DEFAULT_METHOD}")`,
    usual: () => DEFAULT_METHOD,
  }),
  preset: optional({
    allowed: free<string>('a preset of the method'),
    flag: '--preset <name>',
    says: `settings of the method other than the paper's: ${DETECTOR_NAMES.flatMap((name) => presetsOf(name).map((preset) => `${preset} with ${name}`)).join(', ')}`,
    end: () =>
      '; or quick, with every method: a first look in minutes, small images and few steps; or both, quick,uniad',
    check(preset, { method }) {
      const presets = presetsOf(method);
      if (preset === undefined || presets.includes(preset)) return undefined;
      return refusal(
        `${presets.length > 0 ? `one of ${presets.join(', ')}` : 'nothing'} for ${method}`,
        preset,
      );
    },
  }),
  encoder: always({
    allowed: free<PretrainedName | 'none'>('one that the method can read'),
    flag: '--encoder <name>',
    says: 'pre-trained network',
    end: () => ` (default: ${DEFAULT_ENCODER}, which ships with the package; none where the method has none)`,
    usual: (detector) => (bare(detector) ? 'none' : DEFAULT_ENCODER),
    check(encoder, run) {
      const fitting = encodersFor(run);
      if (fitting.includes(encoder!)) return undefined;
      return refusal(`one of ${fitting.join(', ')} for ${run.method}`, encoder);
    },
  }),
  /** A path, or `embedded`; `none` without an encoder. */
  weights: always({
    allowed: free<string>('a file or a name'),
    flag: '--weights <file|name>',
    says: 'its weights: a file (safetensors or .pth), a name of "weights fetch", or "embedded"',
    end: () => ' (default: embedded)',
    knownBy: 'weightsSha256',
    usual: (detector) => (bare(detector) ? 'none' : 'embedded'),
  }),
  /** Checksum of the weights file when the run was started. */
  weightsSha256: optional({
    allowed: free<string>('a hash'),
    says: "SHA-256 of the encoder's weights",
    changed: ({ weights }) => `the file of the encoder's weights, ${weights}, has changed`,
  }),
  /** Absent: fresh from the seed. */
  detector: optional({
    allowed: path,
    flag: '--detector <file>',
    says: "a trained detector to start from: RD4AD's checkpoint (its decoder's activation comes with it), UniAD's, or the weights of a run",
    only: {
      which: `methods whose checkpoints are read (${methodsWith(readsCheckpoints)})`,
      has: readsCheckpoints,
    },
    knownBy: 'detectorSha256',
  }),
  detectorSha256: optional({
    allowed: free<string>('a hash'),
    says: 'of that file',
    changed: ({ detector }) => `the file of the detector, ${detector}, has changed`,
  }),
  /** Absent: gelu. */
  activation: optional({ allowed: oneOf(DECODER_ACTIVATIONS), says: "the decoder's, as `detector` has it" }),
  align: always({
    allowed: listOf(ALIGNMENTS),
    flag: '--align <names>',
    says: `comma-separated: ${ALIGNMENTS.join(', ')}`,
    end: () => ` (default: "${DEFAULT_ALIGNMENT}")`,
    usual: () => [DEFAULT_ALIGNMENT],
  }),
  size: always({
    allowed: numberWhere(
      'a multiple of 32 of at least 64; with `tile` a whole number of at least that',
      (size) => typeof size === 'number',
      { kind: 'whole', least: 64 },
    ),
    flag: '--size <px>',
    scoring: ['test', 'judge', 'threshold'],
    says: 'side of the images that the method sees, or that are cut into tiles',
    usual: ({ defaults }) => defaults.size,
    check(size, { tile }) {
      if (typeof size !== 'number') return undefined;
      if (tile === undefined) return isSide(size) ? undefined : refusal(SIDES, size);
      return Number.isInteger(size) && size >= tile
        ? undefined
        : refusal(`a whole number of at least tile, ${tile}`, size);
    },
  }),
  tile: optional({
    allowed: numberWhere(SIDES, isSide, { kind: 'whole', least: 64 }),
    flag: '--tile <px>',
    scoring: ['test', 'judge', 'threshold'],
    says: 'side of the overlapping tiles that images of `--size` are cut into: the method sees each as an image, and their maps are blended',
    end: () => ' (default: images are not cut)',
  }),
  tileOverlap: optional({
    allowed: numberWhere('0 to 0.75', (share) => share >= 0 && share <= MOST_OVERLAP, {
      kind: 'real',
      least: 0,
      most: MOST_OVERLAP,
    }),
    flag: '--tile-overlap <f>',
    scoring: ['test', 'judge', 'threshold'],
    says: "share of a tile's side, at least, that a neighbour shows too",
    end: () => ` (default: ${OVERLAP} with --tile)`,
    absent: (_, { tile }) => (tile === undefined ? undefined : OVERLAP),
    check: (overlap, { tile }) =>
      overlap !== undefined && tile === undefined
        ? `expects tile beside it, got ${overlap} alone`
        : undefined,
  }),
  resize: optional({
    allowed: free<number>('a whole number of at least `size`', { kind: 'whole', least: 64 }),
    flag: '--resize <px>',
    says: 'side that images are resized to before their middle is taken',
    end: (usual) => ` ${usual}; in proportion for another --size`,
    usual: ({ defaults }, { size }) =>
      defaults.resize === undefined ? undefined : Math.round((size * defaults.resize) / defaults.size),
    absent: (_, { size }) => size,
    check: (resize, { size }) =>
      resize === undefined || (Number.isInteger(resize) && resize >= size)
        ? undefined
        : refusal(`a whole number of at least size, ${size}`, resize),
  }),
  resample: optional({
    allowed: oneOf(RESAMPLES),
    says: 'how images are resized',
    usual: ({ defaults }): Resample | undefined => defaults.resample,
    absent: (): Resample => 'pil',
  }),
  batch: always({
    allowed: wholeFrom(2),
    flag: '--batch <n>',
    says: 'images per step',
    usual: ({ defaults }) => defaults.batch,
  }),
  iterations: always({
    allowed: wholeFrom(0),
    flag: '--iterations <n>',
    says: 'steps of the detector',
    end: (usual) => ` ${usual}; with --detector 0: only the alignment is trained`,
    usual({ defaults: { iterations } }, { detector, batch }, images) {
      if (detector !== undefined) return 0;
      if (typeof iterations === 'number') return iterations;
      return iterations.epochs * Math.max(1, Math.floor(images / batch));
    },
    usualText: ({ defaults: { iterations } }) =>
      typeof iterations === 'number' ? String(iterations) : `${iterations.epochs} passes`,
    check(iterations, { method, detector }, { defaults }) {
      const byStep = defaults.iterations !== 0;
      if (byStep && iterations === 0 && detector === undefined)
        return refusal('a whole number of at least 1', 0);
      if (byStep || !(iterations! > 0)) return undefined;
      return refusal(`0 for ${method}, which is not trained by steps`, iterations);
    },
  }),
  alignIterations: always({
    allowed: numberWhere(
      'a whole number; at least 1 where the alignment has a head to train',
      (steps) => Number.isInteger(steps) && steps >= 0,
      { kind: 'whole', least: 0 },
    ),
    flag: '--align-iterations <n>',
    says: 'steps of the alignment',
    usual: ({ defaults }) => defaults.alignIterations,
    // A head that was never trained would calibrate as if it had been.
    check: (iterations, { align }) =>
      iterations === 0 && Array.isArray(align) && headsOf(align).length > 0
        ? `${refusal('a whole number of at least 1', 0)}: align ${align.join(',')} has a head to train, none and class have none`
        : undefined,
  }),
  lr: always({
    allowed: moreThan0,
    flag: '--lr <x>',
    says: 'learning rate of the detector',
    usual: ({ defaults }) => defaults.optimiser.lr,
  }),
  encoderLr: optional({
    allowed: numberWhere('0 or more', (lr) => lr >= 0, { kind: 'real', least: 0 }),
    flag: '--encoder-lr <x>',
    says: 'learning rate of a trained encoder',
    absent: ({ defaults }) => defaults.encoderLr,
    only: trainsEncoder,
  }),
  encoderNorm: optional({
    allowed: oneOf(NORM_MODES),
    flag: '--encoder-norm <mode>',
    says: `batch norms of a trained encoder while it trains: ${NORM_MODES.join(' or ')}`,
    absent: ({ defaults }) => defaults.encoderNorm,
    only: trainsEncoder,
  }),
  width: optional({
    allowed: free<number>('an even number of at least 2', { kind: 'whole', least: 2 }),
    flag: '--width <n>',
    says: "channels of a method's own networks at full resolution",
    usual: ({ defaults }) => defaults.width,
    only: {
      which: 'methods with networks of their own width',
      has: ({ defaults }) => defaults.width !== undefined,
    },
    check: (width, { method }, { defaults }) =>
      defaults.width === undefined || (Number.isInteger(width! / 2) && width! >= 2)
        ? undefined
        : refusal(`an even number of at least 2 for ${method}`, width),
  }),
  textures: optional({
    allowed: path,
    flag: '--textures <dir>',
    says: `images that drawn anomalies are made of, for ${methodsWith(drawsAnomalies)}`,
    end: () => ' (default: drawn textures)',
    only: { which: 'methods that learn from drawn anomalies', has: drawsAnomalies },
    knownBy: 'dataSha256',
  }),
  seed: given({
    allowed: free<number>('a whole number of at least 0'),
    says: 'of every random choice (`--seed`)',
  }),
  data: given({ allowed: free<string>('a path'), says: 'folder of the data set', knownBy: 'dataSha256' }),
  /** `dataChecksum`. */
  dataSha256: optional({
    allowed: free<string>('a hash'),
    says: 'of the images to train on, and those of `textures`',
    changed: ({ data }) => `the images to train on, in ${data}, are others`,
  }),
  /** Null: the method's own score. */
  scoreFraction: always({
    allowed: valuesWhere<number | null>(
      '0 to 1',
      (fraction) => fraction === null || (fraction >= 0 && fraction <= 1),
      { kind: 'real', least: 0, most: 1 },
    ),
    flag: '--score-fraction <q>',
    scoring: ['test'],
    says: "share of a map's pixels, the highest, whose mean is the image's score; 0: the maximum",
    usual: ({ defaults }) => defaults.scoreFraction,
    usualText: ({ defaults }) => String(defaults.scoreFraction ?? "the method's own score"),
    check: (fraction, { method }, { defaults }) =>
      fraction === null && defaults.scoreFraction !== null
        ? `expects 0 to 1: ${method} has no score of its own`
        : undefined,
  }),
  smoothing: always({
    allowed: oneOf(SMOOTHINGS),
    flag: '--smoothing <name>',
    says: 'of the maps: author (5 taps, zero border), scipy (33 taps, reflected border) or none',
    usual: ({ defaults }) => defaults.smoothing,
  }),
  coreset: optional({
    allowed: nameOf(CORESETS),
    flag: '--coreset <name>',
    says: 'which training patches the memory keeps: greedy, each the farthest from those before, or random, at once and less of what is rare',
    absent: ({ memory }) => (memory?.kind === 'coreset' ? ('greedy' as const) : undefined),
    formerly: 'greedy',
    only: { which: 'methods that remember patches', has: ({ memory }) => memory?.kind === 'coreset' },
  }),
  coresetFraction: optional({
    allowed: numberWhere('more than 0 and at most 1', (fraction) => fraction > 0 && fraction <= 1, {
      kind: 'real',
      least: 0,
      most: 1,
    }),
    flag: '--coreset-fraction <f>',
    says: 'share of the training patches that the memory keeps',
    absent: ({ memory }) => (memory?.kind === 'coreset' ? memory.fraction : undefined),
    only: { which: 'methods that remember patches', has: ({ memory }) => memory?.kind === 'coreset' },
  }),
  precision: optional({
    allowed: nameOf(PRECISIONS),
    flag: '--precision <name>',
    scoring: ['test', 'judge', 'threshold'],
    says: 'how scoring stores weights and activations: f32, or f16 at half the memory, where the adapter has shader-f16; sums are f32 either way',
    end: (usual) =>
      `; training by steps then stores activations and their gradients so, weights as f32, and scales the loss ${usual}`,
    absent: () => 'f32' as const,
  }),
  layout: optional({
    allowed: nameOf(LAYOUTS),
    flag: '--layout <name>',
    says: `how the folders are named: ${LAYOUTS.join(', ')}`,
    end: () => '; default: found from the names',
  }),
  /** The fraction that was asked for, and the ids that were moved from test to training. */
  contaminate: optional({
    allowed: free<{ readonly fraction: number; readonly images: readonly string[] }>('a fraction and images'),
    says: 'anomalous test images mixed into training (`--contaminate`)',
  }),
  classes: optional({
    allowed: free<readonly string[]>('classes of the data set'),
    says: 'the only ones that the run is about (`--per-class`)',
  }),
  alignHead: optional({
    allowed: oneOf(Object.keys(HEAD_STRUCTURES) as HeadStructure[]),
    flag: '--align-head <name>',
    says: `structure of the alignment's head: ${Object.keys(HEAD_STRUCTURES).join(', ')}`,
    end: () => ` (default: "${HEAD_DEFAULTS.structure}")`,
    absent: () => HEAD_DEFAULTS.structure,
  }),
  alignDropout: optional({
    allowed: numberWhere('0 or more and less than 1', (p) => p >= 0 && p < 1, {
      kind: 'real',
      least: 0,
      most: 0.99,
    }),
    flag: '--align-dropout <p>',
    says: "dropout of the alignment's head",
    absent: () => HEAD_DEFAULTS.dropout,
  }),
  alignKernel: optional({
    allowed: oneOf([1, 3] as const, '1 or 3', { kind: 'whole', least: 1, most: 3 }),
    flag: '--align-kernel <n>',
    says: "kernel of the head's convolutions, 1 or 3",
    absent: () => HEAD_DEFAULTS.kernel,
  }),
  adamEps: optional({
    allowed: moreThan0,
    flag: '--adam-eps <x>',
    says: "AdamW's epsilon",
    absent: ({ defaults: { optimiser } }) => (optimiser.kind === 'adamw' ? optimiser.eps : undefined),
  }),
  amsgrad: optional({
    allowed: free<boolean>('true or false'),
    flag: '--amsgrad',
    says: 'AdamW divides by the largest second moment so far',
    absent: ({ defaults: { optimiser } }) => (optimiser.kind === 'adamw' ? optimiser.amsgrad : undefined),
  }),
  lrSchedule: optional({
    allowed: oneOf(LR_SCHEDULES),
    flag: '--lr-schedule <name>',
    says: `of the detector's learning rates: ${LR_SCHEDULES.join(' or ')}`,
    end: () => ' (default: method, its own fall)',
    absent: (): LrSchedule => 'method',
  }),
  alignLr: optional({
    allowed: moreThan0,
    flag: '--align-lr <x>',
    says: 'learning rate of the alignment',
    absent: () => CADA_DEFAULTS.optimiser.lr,
  }),
  alignAlpha: optional({
    allowed: moreThan0,
    flag: '--align-alpha <x>',
    says: "threshold of the alignment's smooth-L1 loss, on the scale of the method's maps",
    absent: ({ defaults }) => defaults.alignAlpha,
  }),
  calibration: optional({
    allowed: oneOf(CALIBRATION_ORDERS),
    flag: '--calibration <order>',
    says: `of maps, ${CALIBRATION_ORDERS.join(' or ')} smoothing; what is learned are the statistics of the map that is calibrated`,
    absent: () => 'before' as const,
  }),
  pixelScale: optional({
    allowed: oneOf(PIXEL_SCALES),
    flag: '--pixel-scale <name>',
    scoring: ['test', 'judge'],
    says: `what pixels of a calibrated map are divided by: ${PIXEL_SCALES[0]}, the image's range, which raises those of quiet images, or ${PIXEL_SCALES[1]}, the average range of the classes; images' scores are those of ${PIXEL_SCALES[0]}`,
    absent: () => PIXEL_SCALES[0],
    formerly: PIXEL_SCALES[0],
    check: (name, { size, tile = size }) =>
      name === 'shared' && tile !== size ? refusal('own for images in tiles', name) : undefined,
  }),
  classTable: optional({
    allowed: oneOf(CLASS_TABLES),
    flag: '--class-table <name>',
    says: `upper value of a class for ${ALIGNMENTS.filter((name) => ALIGNMENT_RECORDS[name].readsTable).join(' and ')}: ${CLASS_TABLES[0]}, the mean of its images' maxima, or ${CLASS_TABLES[1]}, 3 standard deviations above the mean`,
    absent: () => CLASS_TABLES[0],
  }),
  alignBase: optional({
    allowed: oneOf(NORM_MODES),
    flag: '--align-base <mode>',
    says: `the detector while the alignment trains: ${NORM_MODES.join(' or ')}, which runs it at every step, with batch statistics`,
    absent: () => 'evaluation' as const,
  }),
  adapter: given({ allowed: free<string>('text'), says: 'GPU that it was last trained on', hashed: false }),
  memoryRows: optional({
    allowed: free<number>('a whole number'),
    says: "rows of the method's memory, by the number of training images",
    hashed: false,
  }),
  tuning: optional({
    allowed: free<string>('a hash'),
    says: 'of the measured kernel choices that it was trained with',
    hashed: false,
  }),
};

export type SettingName = keyof typeof SETTINGS;
type Row<K extends SettingName> = (typeof SETTINGS)[K];
type Value<K extends SettingName> = Row<K>['allowed'] extends Allowed<infer T> ? T : never;
type NamesOf<Kind> = { [K in SettingName]: Row<K>['kind'] extends Kind ? K : never }[SettingName];

/** Settings that have a flag of `wgad train`. */
export type FlaggedName = {
  [K in SettingName]: [NonNullable<Row<K>['flag']>] extends [never] ? never : K;
}[SettingName];
export type OptionalName = NamesOf<'optional'>;

/** Settings that a way of scoring may choose otherwise than training did. */
export type ScoringName<By extends Scoring> = {
  [K in FlaggedName]: By extends NonNullable<Row<K>['scoring']>[number] ? K : never;
}[FlaggedName];

/** Everything needed to repeat a run; `config.json` in its folder. */
export type RunConfig = { readonly [K in NamesOf<'given' | 'always'>]: Value<K> } & {
  readonly [K in OptionalName]?: Value<K>;
};

/** Value of an optional setting, or its default. */
export type MeantValue<K extends OptionalName> = Value<K> | ReturnType<NonNullable<Row<K>['absent']>>;

/** Settings chosen for a new run; the rest get their defaults. */
export type ChosenSettings = Partial<RunConfig> & Pick<RunConfig, NamesOf<'given'>>;

export const CHECKSUMS = ['weightsSha256', 'detectorSha256', 'dataSha256'] as const satisfies Checksum[];

/** The rows, without the types of their values. */
export const ROWS = Object.entries(SETTINGS) as [
  SettingName,
  Setting<unknown> & { readonly kind: 'given' | 'always' | 'optional' },
][];
