import { ConfigError, gotText, NotFiniteError, ShapeError } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { RandomStream } from '../random.ts';

/** A threshold that keeps false alarms rare, found from normal scores alone. */
export interface AlarmThreshold {
  /** Scores at or above it are anomalous; the number next above a normal score, in float32. */
  readonly value: number;
  /** What it promises: at most this share of new normal images of the same kind is flagged. */
  readonly rate: number;
}

/** Where a threshold lies when other images of the same kind are drawn. */
export interface Interval {
  /** Thresholds: the share `level` of the resampled ones lies from one to the other. */
  readonly low: number;
  readonly high: number;
  /** Share of resamples between the two. */
  readonly level: number;
  readonly resamples: number;
}

/** The lowest rate that `images` normal scores can guarantee. */
export const lowestRate = (images: number, ...extra: never[]): number => {
  refuseExtra('lowestRate', extra);
  return 1 / (images + 1);
};

/**
 * The split-conformal threshold (Vovk, Gammerman, Shafer: "Algorithmic learning in a random world", 2005): with k =
 * floor(rate * (n + 1)), whatever exceeds the k-th highest of n normal scores is flagged, and of new scores of the same
 * distribution that is a share of at most k / (n + 1), whatever the distribution. Null where k is 0: too few scores to
 * guarantee so low a rate.
 * @param rate between 0 and 1. @throws ConfigError for another; NotFiniteError.
 */
export function alarmThreshold(
  scores: ArrayLike<number>,
  rate: number,
  ...extra: never[]
): AlarmThreshold | null {
  refuseExtra('alarmThreshold', extra);
  requireScores(scores, rate);
  const k = allowed(scores.length, rate);
  if (k === 0) return null;
  return { value: nextFloat32(kthHighest(Float32Array.from(scores), k)), rate: k / (scores.length + 1) };
}

type BootstrapOptions = Partial<Pick<Interval, 'level' | 'resamples'>>;

const BOOTSTRAP_OPTIONS: OptionNames<BootstrapOptions> = { level: true, resamples: true };

/**
 * How far the threshold moves when the same number of images is drawn again (percentile bootstrap): at `level` 0.95 of
 * 1000 `resamples` by default. @throws ConfigError, NotFiniteError, and ShapeError where there are no scores.
 */
export function bootstrapThreshold(
  scores: ArrayLike<number>,
  rate: number,
  seed: number,
  options: BootstrapOptions = {},
  ...extra: never[]
): Interval {
  refuseExtra('bootstrapThreshold', extra);
  requireOptions('bootstrapThreshold', options, BOOTSTRAP_OPTIONS);
  const { level = 0.95, resamples = 1000 } = options;
  requireScores(scores, rate);
  if (scores.length === 0) throw new ShapeError('bootstrapThreshold: scores expects at least one, got none');
  if (!(level > 0 && level < 1 && Number.isInteger(resamples) && resamples >= 1)) {
    throw new ConfigError(
      `bootstrapThreshold: expects a level between 0 and 1 and whole resamples, got ${gotText(level)} and ${gotText(resamples)}`,
    );
  }
  const k = allowed(scores.length, rate);
  const random = new RandomStream(seed, STREAM);
  const drawn = new Float32Array(scores.length);
  const found = Float32Array.from({ length: resamples }, () => {
    for (let i = 0; i < drawn.length; i++) drawn[i] = scores[random.integer(drawn.length)]!;
    return kthHighest(drawn, Math.max(1, k));
  }).sort();
  const tail = Math.floor(((1 - level) / 2) * resamples);
  return {
    low: nextFloat32(found[tail]!),
    high: nextFloat32(found[resamples - 1 - tail]!),
    level,
    resamples,
  };
}

function requireScores(scores: ArrayLike<number>, rate: number): void {
  if (!(rate > 0 && rate < 1)) {
    throw new ConfigError(`threshold: rate expects a number between 0 and 1, got ${gotText(rate)}`);
  }
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i]))
      throw new NotFiniteError(`score ${i} is ${scores[i]}, expected a finite number`);
  }
}

/** Stream of the seed that belongs to the bootstrap. */
const STREAM = 0xb007_0000;

/** A rate of 0.01 of 100 is 1, also where floating point says 0.99999. */
const allowed = (images: number, rate: number): number =>
  Math.min(images, Math.floor(rate * (images + 1) + 1e-9));

/** Sorts `scores` in place. */
const kthHighest = (scores: Float32Array, k: number): number => scores.sort()[scores.length - k]!;

function nextFloat32(value: number): number {
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  if (float[0] === 0) bits[0] = 1;
  else bits[0]! += float[0]! > 0 ? 1 : -1;
  return float[0]!;
}
