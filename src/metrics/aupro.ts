import { ConfigError, gotText, ShapeError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { NOTHING, numberOf, plus, type Quantised, quantised } from './exactSum.ts';
import type { Gathering } from './gathering.ts';
import { type KeyCounts, keyCounter, positivesOf } from './keyCounts.ts';
import { type Metric, undefinedMetric } from './metric.ts';
import { scoreBits } from './pixelMetrics.ts';
import { connectedRegions } from './regions.ts';

/**
 * Two things go by the name AUPRO, and their values are not comparable.
 *
 * - `dataset`: MVTec's. The overlap (share of a region that is flagged) averaged over all regions of the data set
 *   against the false-positive rate over all normal pixels, one point per distinct score; area up to a rate of 0.3,
 *   where the curve is interpolated linearly, divided by 0.3.
 * - `rd4ad`: RD4AD's. The same curve for each anomalous image by itself, at 200 thresholds spaced evenly from its
 *   lowest score towards its highest (`score > threshold`), those with a rate below 0.3 kept, rates divided by the
 *   largest that is left; the areas' mean over images.
 */
export const AUPRO_DEFINITIONS = ['dataset', 'rd4ad'] as const;
export type AuproDefinition = (typeof AUPRO_DEFINITIONS)[number];

/** Its value, or the reason why it is undefined. */
export interface Aupro extends Metric {
  /** Images that have no value of their own and are left out of `rd4ad`'s mean, by reason. */
  readonly skipped?: Readonly<Record<string, number>>;
  /** False where more distinct scores than the bound occurred (`dataset`). */
  readonly exact?: boolean;
}

/** Images in, AUPRO out, whatever their number. */
export interface AuproAccumulator {
  /** One image: scores and a mask [height, width] of the same size, non-zero where anomalous. */
  add(scores: Float32Array, mask: ArrayLike<number>, width: number): void;
  finish(): Aupro;
}

const RATE_LIMIT = 0.3;
const THRESHOLDS = 200;
/** Keeps the counts of a data set within 24 MiB; at this resolution the area moves by less than 1e-6. */
const MOST_KEYS = 1 << 20;

/** AUPRO, image by image. @param mostKeys distinct scores that `dataset` keeps apart; default 2^20. */
export function auproAccumulator(
  definition: AuproDefinition,
  mostKeys = MOST_KEYS,
  ...extra: never[]
): AuproAccumulator {
  refuseExtra('auproAccumulator', extra);
  const { add, finish } = auproPile(definition, mostKeys);
  return {
    add(scores, mask, width, ...extra: never[]) {
      refuseExtra('AUPRO add', extra);
      add(scores, mask, width);
    },
    finish(...extra: never[]) {
      refuseExtra('AUPRO finish', extra);
      return finish();
    },
  };
}

type AuproPile = AuproAccumulator & Gathering;

/** The same, with what it gathered. */
export function auproPile(definition: AuproDefinition, mostKeys = MOST_KEYS): AuproPile {
  if (definition === 'dataset') return overDataset(mostKeys);
  if (definition === 'rd4ad') return overImages();
  throw new ConfigError(
    `AUPRO: definition expects ${AUPRO_DEFINITIONS.join(' or ')}, got ${gotText(definition)}`,
  );
}

function overDataset(mostKeys: number): AuproPile {
  const counter = keyCounter(mostKeys);
  let regions = 0;
  return {
    add(scores, mask, width) {
      checkSizes(scores, mask);
      const bits = scoreBits(scores);
      const { labels, areas } = connectedRegions(mask, width);
      regions += areas.length - 1;
      for (let i = 0; i < bits.length; i++) {
        const region = labels[i]!;
        if (region === 0) counter.normal(bits[i]!);
        else counter.anomalous(bits[i]!, 1 / areas[region]!);
      }
    },
    gathered: () => ({ counts: counter.finish(), numbers: { regions } }),
    join({ counts, numbers }) {
      if (counts) counter.join(counts);
      regions += numbers?.regions ?? 0;
    },
    finish: () => datasetArea(counter.finish(), regions),
  };
}

function datasetArea(counts: KeyCounts, regions: number): Aupro {
  const { negatives, droppedBits } = counts;
  const positives = positivesOf(counts);
  const normals = negatives.reduce((sum, n) => sum + n, 0);
  const exact = droppedBits === 0;
  if (regions === 0) return { ...undefinedMetric(NO_DEFECT), exact };
  if (normals === 0) return { ...undefinedMetric(NO_NORMAL), exact };
  let [rate, overlap, area] = [0, 0, 0];
  for (let i = positives.length - 1; i >= 0 && rate < RATE_LIMIT; i--) {
    const step = negatives[i]! / normals;
    const rise = positives[i]! / regions;
    const share = rate + step > RATE_LIMIT ? (RATE_LIMIT - rate) / step : 1;
    area += share * step * (overlap + (share * rise) / 2);
    rate += share < 1 ? RATE_LIMIT : step;
    overlap += rise;
  }
  return { value: area / RATE_LIMIT, exact };
}

function overImages(): AuproPile {
  let sum: Quantised = NOTHING;
  let images = 0;
  const skipped: Record<string, number> = {};
  const skip = (reason: string, count: number): void => {
    skipped[reason] = (skipped[reason] ?? 0) + count;
  };
  return {
    add(scores, mask, width) {
      checkSizes(scores, mask);
      scoreBits(scores);
      const { value, reason } = imageArea(scores, mask, width);
      if (value === null) {
        if (reason !== NO_DEFECT) skip(reason!, 1);
        return;
      }
      sum = plus(sum, quantised(value));
      images += 1;
    },
    gathered: () => ({ numbers: { ...sum, images }, skipped }),
    join({ numbers, skipped: others }) {
      sum = plus(sum, { whole: numbers?.whole ?? 0, rest: numbers?.rest ?? 0 });
      images += numbers?.images ?? 0;
      for (const [reason, count] of Object.entries(others ?? {})) skip(reason, count);
    },
    finish() {
      const why = Object.keys(skipped).sort();
      if (images === 0) return undefinedMetric(why.length === 0 ? NO_DEFECT : why.join('; '));
      const all = Object.fromEntries(why.map((reason) => [reason, skipped[reason]!]));
      return { value: numberOf(sum) / images, ...(why.length > 0 ? { skipped: all } : {}) };
    },
  };
}

function imageArea(scores: Float32Array, mask: ArrayLike<number>, width: number): Metric {
  const { labels, areas } = connectedRegions(mask, width);
  const regions = areas.length - 1;
  if (regions === 0) return undefinedMetric(NO_DEFECT);
  if (areas[0] === 0) return undefinedMetric(NO_NORMAL);
  const low = scores.reduce((a, b) => Math.min(a, b));
  const high = scores.reduce((a, b) => Math.max(a, b));
  if (low === high) return undefinedMetric('all scores of the image are equal: no thresholds lie between');
  const step = (high - low) / THRESHOLDS;
  const overlap = new Float64Array(THRESHOLDS + 1);
  const flagged = new Float64Array(THRESHOLDS + 1);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    // How many thresholds lie below the score; the quotient alone may be off by one.
    let below = Math.min(THRESHOLDS, Math.ceil((score - low) / step));
    while (below > 0 && low + (below - 1) * step >= score) below -= 1;
    while (below < THRESHOLDS && low + below * step < score) below += 1;
    if (labels[i] === 0) flagged[below]! += 1;
    else overlap[below]! += 1 / areas[labels[i]!]!;
  }
  const curve: [rate: number, overlap: number][] = [];
  let [falsePositives, found] = [0, 0];
  for (let threshold = THRESHOLDS - 1; threshold >= 0; threshold--) {
    falsePositives += flagged[threshold + 1]!;
    found += overlap[threshold + 1]!;
    const rate = falsePositives / areas[0]!;
    if (rate < RATE_LIMIT) curve.push([rate, found / regions]);
  }
  const largest = curve.at(-1)?.[0] ?? 0;
  if (largest === 0) {
    return undefinedMetric(`no threshold gives a false-positive rate between 0 and ${RATE_LIMIT}`);
  }
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const [[x0, y0], [x1, y1]] = [curve[i - 1]!, curve[i]!];
    area += ((x1 - x0) / largest) * ((y0 + y1) / 2);
  }
  return curve.length > 1 ? { value: area } : undefinedMetric(`a single rate lies below ${RATE_LIMIT}`);
}

const NO_DEFECT = 'no defect pixel';
const NO_NORMAL = 'no normal pixel';

function checkSizes(scores: Float32Array, mask: ArrayLike<number>): void {
  if (scores.length === mask.length) return;
  throw new ShapeError(
    `AUPRO: expects as many scores as mask pixels, got ${scores.length} and ${mask.length}`,
  );
}
