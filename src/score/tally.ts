import type { Alignment } from '../methods/alignments/index.ts';
import type { Gathered } from '../metrics/gathering.ts';
import type { AuproDefinition, Metric } from '../metrics/index.ts';
import {
  type MapAccumulator,
  type Measure,
  type MetricName,
  measuresFor,
  USUAL_METRICS,
  type UsualMetric,
} from './measures.ts';

/**
 * The numbers of one protocol under one alignment, as fractions; `reasons` says why a null is null, what a mean
 * leaves out, and that boxes stand for masks. AUPRO is present where it was asked for, under the name of its definition (metrics/aupro.ts).
 */
export type Metrics = Record<UsualMetric, number | null> &
  Partial<Record<MetricName, number | null>> & { reasons?: Record<string, string> };

/** What a tally gathered of the maps of one class under one alignment, by the first name of each measure. */
export interface TallyPart {
  readonly alignment: Alignment;
  readonly className: string;
  readonly measure: MetricName;
  readonly gathered: Gathered;
}

/** Gathers maps image by image, for each class; those of all classes together are the sum. */
export interface Tally {
  /** One image: its map and its mask [size, size], non-zero where anomalous. */
  add(alignment: Alignment, className: string, map: Float32Array, mask: Uint8Array, size: number): void;
  /** One image without known anomalous pixels. @param why such as `have no mask`. */
  leaveOut(className: string, why: string): void;
  /** One image whose mask is made of boxes: said where pixel metrics are. */
  boxed(className: string): void;
  /** All that was gathered of maps. */
  parts(): TallyPart[];
  /** Adds what another tally, of other images, gathered of one class. */
  join(part: TallyPart): void;
  /** Whether maps of this alignment and class are gathered. */
  has(alignment: Alignment, className: string): boolean;
  /** `className` null: all classes. Image metrics are of `scores` and `labels`, which the caller has picked. */
  metrics(
    alignment: Alignment,
    className: string | null,
    scores: readonly number[],
    labels: readonly boolean[],
  ): Metrics;
}

/** Accumulator of each measure of maps; null for one of image scores. */
type Pile = ReadonlyMap<Measure<MetricName>, MapAccumulator | null>;

export function newTally(
  alignments: readonly Alignment[],
  classes: readonly string[],
  definitions: readonly AuproDefinition[],
  mostKeys?: number,
): Tally {
  const measures = measuresFor(definitions);
  const emptyPile = (): Pile =>
    new Map(measures.map((each) => [each, 'ofMaps' in each ? each.ofMaps(mostKeys) : null]));
  const piles = new Map(
    alignments.map((alignment) => [alignment, new Map(classes.map((name) => [name, emptyPile()]))]),
  );
  const pileOf = (alignment: Alignment, className: string): Pile => piles.get(alignment)!.get(className)!;
  const pileOfAll = (alignment: Alignment): Pile => {
    const all = emptyPile();
    for (const pile of piles.get(alignment)!.values()) {
      for (const [measure, maps] of pile) if (maps) all.get(measure)!.join(maps.gathered());
    }
    return all;
  };
  /** By class, what is to be said of how many anomalous images. */
  const remarks = new Map<string, Map<string, number>>();
  const remark = (className: string, what: string): void => {
    for (const name of ['', className]) {
      const counts = remarks.get(name) ?? new Map<string, number>();
      remarks.set(name, counts.set(what, (counts.get(what) ?? 0) + 1));
    }
  };
  return {
    leaveOut: (className, why) => remark(className, `left out: they ${why}`),
    boxed: (className) => remark(className, 'have boxes for masks'),
    add(alignment, className, map, mask, size) {
      for (const maps of pileOf(alignment, className).values()) maps?.add(map, mask, size);
    },
    parts: () =>
      [...piles].flatMap(([alignment, ofClasses]) =>
        [...ofClasses].flatMap(([className, pile]) =>
          [...pile].flatMap(([{ names }, maps]) =>
            maps ? [{ alignment, className, measure: names[0]!, gathered: maps.gathered() }] : [],
          ),
        ),
      ),
    has: (alignment, className) => piles.get(alignment)?.has(className) ?? false,
    join({ alignment, className, measure, gathered }) {
      for (const [{ names }, maps] of pileOf(alignment, className)) {
        if (names[0] === measure) maps?.join(gathered);
      }
    },
    metrics(alignment, className, scores, labels) {
      const found: [MetricName, Metric][] = [];
      const ofMaps = new Set<MetricName>();
      const reasons: Record<string, string> = {};
      const pile = className === null ? pileOfAll(alignment) : pileOf(alignment, className);
      for (const [measure, maps] of pile) {
        const metrics = maps?.finish() ?? ('ofImages' in measure ? measure.ofImages(scores, labels) : []);
        for (const [i, name] of measure.names.entries()) {
          const { skipped = {}, ...metric }: ReturnType<MapAccumulator['finish']>[number] = metrics[i]!;
          found.push([name, metric]);
          if (maps) ofMaps.add(name);
          const left = Object.entries(skipped).map(([reason, n]) => `${n} images left out: ${reason}`);
          if (left.length > 0) reasons[name] = left.join('; ');
        }
      }
      for (const [name, { reason }] of found) if (reason) reasons[name] = reason;
      for (const [what, n] of remarks.get(className ?? '') ?? []) {
        const note = `${n} anomalous images ${what}`;
        for (const name of ofMaps) reasons[name] = reasons[name] ? `${reasons[name]}; ${note}` : note;
      }
      return withReasons(new Map(found.map(([name, { value }]) => [name, value])), reasons);
    },
  };
}

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
  const usual = Object.fromEntries(USUAL_METRICS.map((name) => [name, null])) as Record<UsualMetric, null>;
  const metrics: Metrics = { ...usual, ...Object.fromEntries(values) };
  return Object.keys(reasons).length > 0 ? { ...metrics, reasons } : metrics;
}
