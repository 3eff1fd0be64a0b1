import {
  type Dataset,
  type DatasetProblem,
  ImageLoader,
  type MaskRule,
  problemLines,
  type Sample,
  sampleMask,
} from '../data/index.ts';
import { type Alignment, predictingAlignment } from '../methods/alignments/index.ts';
import type { AuproDefinition } from '../metrics/index.ts';
import { frameIn, gridIn } from '../run/config.ts';
import type { RunConfig } from '../run/settings.ts';
import { finiteMaps } from './finiteMaps.ts';
import type { Scorer } from './scorerOn.ts';
import { newTally, type Tally } from './tally.ts';

/** What a test keeps of one image beside the counts of its maps: plain data, as JSON has it. */
export interface TestRow {
  readonly id: string;
  readonly className: string;
  readonly anomalous: boolean;
  readonly scores: Readonly<Partial<Record<Alignment, number>>>;
  /** What the alignment that predicts them has predicted; null without such a one. */
  readonly statistics: readonly [number, number] | null;
  readonly unfamiliar: boolean | null;
  /** Milliseconds, decoding included; null where no times were wanted. */
  readonly ms: number | null;
  /** Whether equation 5 met its floor, of each alignment with statistics. */
  readonly floored: Readonly<Partial<Record<Alignment, boolean>>>;
  /** Mean and maximum of the maps. */
  readonly scale: Readonly<Partial<Record<Alignment, readonly [mean: number, highest: number]>>>;
  /** What is to be said of its mask; absent: nothing. */
  readonly remark?: 'none' | 'unusable' | 'boxed';
}

interface Wanted {
  readonly aupro?: readonly AuproDefinition[];
  readonly maskRule?: MaskRule;
  readonly times?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
  readonly onNote?: (text: string) => void;
}

/** A tally of the maps of this run's test. */
export const tallyFor = (
  alignments: readonly Alignment[],
  { classes }: Pick<Dataset, 'classes'>,
  config: RunConfig,
  aupro: readonly AuproDefinition[] = [],
): Tally => newTally(alignments, classes, aupro, gridIn(config).count > 1 ? TILED_KEYS : undefined);

/**
 * Distinct scores that P-AUROC and P-AP of tiled maps keep apart, 96 MiB for each alignment and class: large maps would
 * otherwise have as many as pixels.
 */
const TILED_KEYS = 1 << 22;

/** Scores test images under every alignment of the run, in their order. */
export async function scoreSamples(
  scorer: Scorer,
  config: RunConfig,
  samples: readonly Sample[],
  dataset: Dataset,
  options: Wanted,
): Promise<{ rows: TestRow[]; tally: Tally }> {
  const frame = frameIn(config);
  // Before any image is scored.
  scorer.labelsOf(samples.map((sample) => sample.className));
  const loader = new ImageLoader({ ...frame, signal: options.signal });
  const tally = tallyFor(scorer.alignments, dataset, config, options.aupro);
  const rows: TestRow[] = [];
  const maskProblems: DatasetProblem[] = [];
  const predicting = predictingAlignment(scorer.alignments);
  const { atOnce } = scorer;
  try {
    for (let first = 0; first < samples.length; first += atOnce) {
      options.signal?.throwIfAborted();
      const some = samples.slice(first, first + atOnce);
      loader.prefetch(samples.slice(first + atOnce, first + 2 * atOnce).map((sample) => sample.path));
      const started = performance.now();
      const scored = await scorer.score(
        await Promise.all(some.map((sample) => loader.pixels(sample.path))),
        scorer.labelsOf(some.map((sample) => sample.className)),
      );
      const ms = options.times === false ? null : (performance.now() - started) / some.length;
      for (const [i, sample] of some.entries()) {
        const image = finiteMaps(sample.path, scored[i]!);
        // Each decodes a mask, which may be large.
        options.signal?.throwIfAborted();
        const { mask, problems } = await sampleMask(sample, frame, options.maskRule, options.signal);
        for (const problem of problems) maskProblems.push(problem);
        if (mask) {
          for (const [alignment, map] of image.maps) {
            tally.add(alignment, sample.className, map, mask, config.size);
          }
        }
        const remark = mask ? (sample.boxes ? 'boxed' : null) : sample.maskPath ? 'unusable' : 'none';
        rows.push({
          id: sample.id,
          className: sample.className,
          anomalous: sample.anomalous,
          scores: Object.fromEntries(image.scores),
          statistics: predicting ? (image.statistics.get(predicting) ?? null) : null,
          unfamiliar: scorer.unfamiliar(image),
          ms,
          floored: Object.fromEntries(
            [...image.statistics.keys()].map((each) => [each, image.floored.has(each)]),
          ),
          scale: Object.fromEntries([...image.maps].map(([each, map]) => [each, meanAndHighest(map)])),
          ...(remark && { remark }),
        });
      }
      options.onProgress?.(Math.min(first + atOnce, samples.length), samples.length);
    }
    for (const line of problemLines(maskProblems)) options.onNote?.(line);
    return { rows, tally };
  } finally {
    await loader.close();
  }
}

/** Notes in the tally what a row says of its mask. */
export function noteRemark(tally: Tally, { className, remark }: Pick<TestRow, 'className' | 'remark'>): void {
  if (remark === 'boxed') tally.boxed(className);
  else if (remark) tally.leaveOut(className, LEFT_OUT[remark]);
}

const LEFT_OUT = {
  none: 'have no mask',
  unusable: 'have a mask that cannot be read, or is of another size',
} as const;

function meanAndHighest(map: Float32Array): [number, number] {
  let sum = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of map) {
    sum += value;
    if (value > highest) highest = value;
  }
  return [sum / map.length, highest];
}
