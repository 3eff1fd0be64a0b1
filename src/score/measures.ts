import {
  type Aupro,
  type AuproDefinition,
  auproAccumulator,
  auroc,
  averagePrecision,
  type Metric,
  pixelAccumulator,
} from '../metrics/index.ts';

/** Gathers maps image by image. */
export interface MapAccumulator {
  /** One image: its map and its mask [size, size], non-zero where anomalous. */
  add(map: Float32Array, mask: Uint8Array, size: number): void;
  /** In the order of the measure's names. `skipped`: images that one of them leaves out, by reason. */
  finish(): readonly (Metric & Pick<Aupro, 'skipped'>)[];
}

/** What a test finds from the images' scores and labels, or from their maps and masks. `Name`: of its numbers. */
export type Measure<Name extends string = string> = {
  /** What its rows and columns in tables are called. */
  readonly title: string;
  /** As results.json calls its numbers; they stand side by side in a cell of the tables. */
  readonly names: readonly Name[];
  /** The definition of `--aupro` that asks for it; absent: it is always found. */
  readonly definition?: AuproDefinition;
} & (
  | { ofImages(scores: readonly number[], labels: readonly boolean[]): readonly Metric[] }
  | { ofMaps(): MapAccumulator }
);

const measure = <const Name extends string>(row: Measure<Name>): Measure<Name> => row;

const aupro = <const Name extends string>(name: Name, definition: AuproDefinition): Measure<Name> => ({
  title: `AUPRO (${definition})`,
  names: [name],
  definition,
  ofMaps() {
    const { add, finish } = auproAccumulator(definition);
    return { add, finish: () => [finish()] };
  },
});

/** All that a test finds: a further metric is a function of metrics/ and a row here. */
export const MEASURES = [
  measure({
    title: 'detection',
    names: ['iAuroc', 'iAp'],
    ofImages: (scores, labels) => [auroc(scores, labels), averagePrecision(scores, labels)],
  }),
  measure({
    title: 'localisation',
    names: ['pAuroc', 'pAp'],
    ofMaps() {
      const pixels = pixelAccumulator();
      return {
        add: (map, mask) => pixels.add(map, mask),
        finish() {
          const found = pixels.finish();
          return [found.auroc, found.ap];
        },
      };
    },
  }),
  aupro('auproDataset', 'dataset'),
  aupro('auproRd4ad', 'rd4ad'),
] as const;

/** As results.json has it. */
export type MetricName = (typeof MEASURES)[number]['names'][number];

/** Those of a test: the ones that are always found, then those of the definitions that `--aupro` gives, in its order. */
export const measuresFor = (definitions: readonly AuproDefinition[]): Measure<MetricName>[] => {
  const all: readonly Measure<MetricName>[] = MEASURES;
  return [
    ...all.filter(({ definition }) => definition === undefined),
    ...definitions.flatMap((asked) => all.filter(({ definition }) => definition === asked)),
  ];
};
