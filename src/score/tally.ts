import type { Alignment } from '../methods/alignments/index.ts';
import {
  type AuproAccumulator,
  type AuproDefinition,
  auproAccumulator,
  auroc,
  averagePrecision,
  type Metric,
  type PixelAccumulator,
  pixelAccumulator,
} from '../metrics/index.ts';

/**
 * The numbers of one protocol under one alignment, as fractions; `reasons` says why a null is null, and what a mean
 * leaves out. AUPRO is there where it was asked for, under the name of its definition (metrics/aupro.ts).
 */
export interface Metrics {
  iAuroc: number | null;
  iAp: number | null;
  pAuroc: number | null;
  pAp: number | null;
  auproDataset?: number | null;
  auproRd4ad?: number | null;
  reasons?: Record<string, string>;
}
export type MetricName = Exclude<keyof Metrics, 'reasons'>;

export const AUPRO_NAMES = { dataset: 'auproDataset', rd4ad: 'auproRd4ad' } as const satisfies Record<
  AuproDefinition,
  MetricName
>;

/** Gathers maps image by image, for all classes together and for each by itself. */
export interface Tally {
  /** One image: its map and its mask [size, size], non-zero where anomalous. */
  add(alignment: Alignment, className: string, map: Float32Array, mask: Uint8Array, size: number): void;
  /** One image whose anomalous pixels are not known. @param why `have no mask`, or the like. */
  leaveOut(className: string, why: string): void;
  /** `className` null: all classes. Image metrics are of `scores` and `labels`, which the caller has picked. */
  metrics(
    alignment: Alignment,
    className: string | null,
    scores: readonly number[],
    labels: readonly boolean[],
  ): Metrics;
}

interface Pile {
  readonly pixels: PixelAccumulator;
  readonly aupro: ReadonlyMap<AuproDefinition, AuproAccumulator>;
}

export function newTally(
  alignments: readonly Alignment[],
  classes: readonly string[],
  definitions: readonly AuproDefinition[],
): Tally {
  const all = new Map<string, Pile>();
  for (const alignment of alignments) {
    for (const name of ['', ...classes]) {
      const aupro = new Map(definitions.map((each) => [each, auproAccumulator(each)]));
      all.set(`${alignment}/${name}`, { pixels: pixelAccumulator(), aupro });
    }
  }
  const leftOut = new Map<string, Map<string, number>>();
  return {
    leaveOut(className, why) {
      for (const name of ['', className]) {
        const counts = leftOut.get(name) ?? new Map<string, number>();
        leftOut.set(name, counts.set(why, (counts.get(why) ?? 0) + 1));
      }
    },
    add(alignment, className, map, mask, size) {
      for (const name of ['', className]) {
        const { pixels, aupro } = all.get(`${alignment}/${name}`)!;
        pixels.add(map, mask);
        for (const accumulator of aupro.values()) accumulator.add(map, mask, size);
      }
    },
    metrics(alignment, className, scores, labels) {
      const { pixels, aupro } = all.get(`${alignment}/${className ?? ''}`)!;
      const { auroc: pAuroc, ap: pAp } = pixels.finish();
      const found: [MetricName, Metric][] = [
        ['iAuroc', auroc(scores, labels)],
        ['iAp', averagePrecision(scores, labels)],
        ['pAuroc', pAuroc],
        ['pAp', pAp],
      ];
      const reasons: Record<string, string> = {};
      for (const [definition, accumulator] of aupro) {
        const { skipped, ...metric } = accumulator.finish();
        found.push([AUPRO_NAMES[definition], metric]);
        const left = Object.entries(skipped ?? {}).map(([reason, n]) => `${n} images left out: ${reason}`);
        if (left.length > 0) reasons[AUPRO_NAMES[definition]] = left.join('; ');
      }
      for (const [name, { reason }] of found) if (reason) reasons[name] = reason;
      for (const [why, n] of leftOut.get(className ?? '') ?? []) {
        const note = `${n} anomalous images left out: they ${why}`;
        for (const [name] of found) {
          if (isOfPixels(name)) reasons[name] = reasons[name] ? `${reasons[name]}; ${note}` : note;
        }
      }
      return withReasons(new Map(found.map(([name, { value }]) => [name, value])), reasons);
    },
  };
}

const isOfPixels = (name: MetricName): boolean => name !== 'iAuroc' && name !== 'iAp';

/** The unweighted mean over classes. Classes without a value are left out of it, and named in `reasons`. */
export function meanMetrics(classes: Readonly<Record<string, Metrics>>): Metrics {
  const each = Object.entries(classes);
  const names = Object.keys(each[0]?.[1] ?? {}).filter((name): name is MetricName => name !== 'reasons');
  const means = new Map<MetricName, number | null>();
  const reasons: Record<string, string> = {};
  for (const name of names) {
    const values = each.flatMap(([, metrics]) => metrics[name] ?? []);
    const without = each.flatMap(([className, metrics]) => (metrics[name] === null ? [className] : []));
    means.set(
      name,
      values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length,
    );
    if (without.length > 0) reasons[name] = `without ${without.join(', ')}, which have no value`;
  }
  return withReasons(means, reasons);
}

function withReasons(
  values: ReadonlyMap<MetricName, number | null>,
  reasons: Record<string, string>,
): Metrics {
  const four = { iAuroc: null, iAp: null, pAuroc: null, pAp: null };
  const metrics: Metrics = { ...four, ...Object.fromEntries(values) };
  return Object.keys(reasons).length > 0 ? { ...metrics, reasons } : metrics;
}
