import { auproPile } from '../metrics/aupro.ts';
import type { Gathering } from '../metrics/gathering.ts';
import { type Aupro, type AuproDefinition, auroc, averagePrecision, type Metric } from '../metrics/index.ts';
import { pixelPile } from '../metrics/pixelMetrics.ts';

/** Gathers maps image by image. */
export interface MapAccumulator extends Gathering {
  /** One image: its map and its mask [size, size], non-zero where anomalous. */
  add(map: Float32Array, mask: Uint8Array, size: number): void;
  /** One metric per name, in order. `skipped`: images left out, by reason. */
  finish(): readonly (Metric & Pick<Aupro, 'skipped'>)[];
}

/** A measurement on the images' scores and labels, or on their maps and masks. `Name`: names of its numbers. */
export type Measure<Name extends string = string> = {
  /** Its heading in tables. */
  readonly title: string;
  /** Names of its numbers in results.json; tables show them side by side in one cell. */
  readonly names: readonly Name[];
  /** The `--aupro` definition that asks for it; absent: always computed. */
  readonly definition?: AuproDefinition;
} & (
  | { ofImages(scores: readonly number[], labels: readonly boolean[]): readonly Metric[] }
  /** @param mostKeys distinct scores that an exact measure keeps apart; default all. */
  | { ofMaps(mostKeys?: number): MapAccumulator }
);

const measure = <const Name extends string>(row: Measure<Name>): Measure<Name> => row;

const aupro = <const Name extends string>(name: Name, definition: AuproDefinition): Measure<Name> => ({
  title: `AUPRO (${definition})`,
  names: [name],
  definition,
  ofMaps() {
    const pile = auproPile(definition);
    return { ...pile, finish: () => [pile.finish()] };
  },
});

/** Measures of every test: to add a metric, add a function to metrics/ and a row here. */
const USUAL = [
  measure({
    title: 'detection',
    names: ['iAuroc', 'iAp'],
    ofImages: (scores, labels) => [auroc(scores, labels), averagePrecision(scores, labels)],
  }),
  measure({
    title: 'localisation',
    names: ['pAuroc', 'pAp'],
    ofMaps(mostKeys) {
      const pixels = pixelPile(mostKeys);
      return {
        ...pixels,
        finish() {
          const found = pixels.finish();
          return [found.auroc, found.ap];
        },
      };
    },
  }),
] as const;

/** Measures that `--aupro` asks for. */
const ASKED = [aupro('auproDataset', 'dataset'), aupro('auproRd4ad', 'rd4ad')] as const;

export const MEASURES = [...USUAL, ...ASKED] as const;

/** Names of the numbers that every test has. */
export type UsualMetric = (typeof USUAL)[number]['names'][number];
export const USUAL_METRICS: readonly UsualMetric[] = USUAL.flatMap(
  ({ names }): readonly UsualMetric[] => names,
);

/** Name in results.json. */
export type MetricName = (typeof MEASURES)[number]['names'][number];

/** Measures of a test: those always computed, then those that `--aupro` asks for, in its order. */
export const measuresFor = (definitions: readonly AuproDefinition[]): Measure<MetricName>[] => [
  ...USUAL,
  ...definitions.flatMap((asked) => ASKED.filter(({ definition }) => definition === asked)),
];
