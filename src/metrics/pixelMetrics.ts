import { DtypeError, gotText, NotFiniteError } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import type { Gathering } from './gathering.ts';
import { type KeyCounts, keyCounter, positivesOf } from './keyCounts.ts';
import { type Metric, oneClassReason, requirePairs, undefinedMetric } from './metric.ts';

/** Metrics over all pixels of all images together. */
export interface PixelMetrics {
  readonly auroc: Metric;
  readonly ap: Metric;
  /** Whether every distinct score was kept apart; always, unless `mostKeys` was given and reached. */
  readonly exact: boolean;
}

/** Pixel scores in, P-AUROC and P-AP out, whatever the number of images. */
export interface PixelAccumulator {
  /** One image: scores and a mask of the same size, non-zero where anomalous. */
  add(scores: Float32Array, mask: ArrayLike<number>): void;
  finish(): PixelMetrics;
}

interface PixelOptions {
  /** Above that many distinct scores their low bits are dropped (see `exact`); default: they are all kept. */
  mostKeys?: number;
}

const PIXEL_OPTIONS: OptionNames<PixelOptions> = { mostKeys: true };

/**
 * Exact: memory follows the number of distinct scores, 24 bytes each, not the number of pixels.
 */
export function pixelAccumulator(options: PixelOptions = {}, ...extra: never[]): PixelAccumulator {
  refuseExtra('pixelAccumulator', extra);
  requireOptions('pixelAccumulator', options, PIXEL_OPTIONS);
  const { add, finish } = pixelPile(options.mostKeys);
  return {
    add(scores, mask, ...extra: never[]) {
      refuseExtra('pixels add', extra);
      add(scores, mask);
    },
    finish(...extra: never[]) {
      refuseExtra('pixels finish', extra);
      return finish();
    },
  };
}

/** The same, with what it gathered. */
export function pixelPile(mostKeys?: number): PixelAccumulator & Gathering {
  const counter = keyCounter(mostKeys);
  return {
    add(scores, mask) {
      requirePairs('pixels', scores, mask);
      const bits = scoreBits(scores);
      for (let i = 0; i < scores.length; i++) {
        if (mask[i]) counter.anomalous(bits[i]!, 1);
        else counter.normal(bits[i]!);
      }
    },
    gathered: () => ({ counts: counter.finish() }),
    join({ counts }) {
      if (counts) counter.join(counts);
    },
    finish: () => metricsOf(counter.finish()),
  };
}

/** The scores' own bytes as integers. @throws DtypeError where they are of another type, NotFiniteError naming the pixel. */
export function scoreBits(scores: Float32Array): Uint32Array {
  // The bytes of other types would be read as wrong numbers.
  if (!(scores instanceof Float32Array)) {
    throw new DtypeError(`pixel scores expect a Float32Array, got ${gotText(scores)}`);
  }
  const wrong = scores.findIndex((score) => !Number.isFinite(score));
  if (wrong >= 0) throw new NotFiniteError(`pixel ${wrong} scores ${scores[wrong]}`);
  return new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
}

function metricsOf(counts: KeyCounts): PixelMetrics {
  const { negatives, droppedBits } = counts;
  const positives = positivesOf(counts);
  const exact = droppedBits === 0;
  const total = (counts: Float64Array): number => counts.reduce((sum, n) => sum + n, 0);
  const [p, n] = [total(positives), total(negatives)];
  const reason = oneClassReason(p, n);
  if (reason) return { auroc: undefinedMetric(reason), ap: undefinedMetric(reason), exact };
  let hits = 0;
  let flagged = 0;
  let area = 0;
  let precision = 0;
  for (let i = positives.length - 1; i >= 0; i--) {
    area += negatives[i]! * (hits + positives[i]! / 2);
    hits += positives[i]!;
    flagged += positives[i]! + negatives[i]!;
    precision += (positives[i]! / p) * (hits / flagged);
  }
  return { auroc: { value: area / (p * n) }, ap: { value: precision }, exact };
}
