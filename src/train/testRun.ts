import { readFile } from 'node:fs/promises';
import { ImageLoader, loadMask, type Sample, scanDataset } from '../data/index.ts';
import { FileError } from '../errors.ts';
import { atomicFile, writeFileAtomic } from '../formats/atomicFile.ts';
import { csvLine } from '../formats/csv.ts';
import { type Alignment, floorActs } from '../methods/cada.ts';
import {
  auroc,
  averagePrecision,
  type Metric,
  type PixelAccumulator,
  pixelAccumulator,
} from '../metrics/index.ts';
import type { RunConfig } from './config.ts';
import { readRunConfig, runFiles } from './runFolder.ts';
import { openScorer } from './scorer.ts';

/** The four numbers of one protocol under one alignment; `reasons` says why a null is null. */
export interface Metrics {
  iAuroc: number | null;
  iAp: number | null;
  pAuroc: number | null;
  pAp: number | null;
  reasons?: Record<string, string>;
}

/** One threshold for all classes together, or one for each. */
export const PROTOCOLS = ['model-unified', 'absolute-unified'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface Results {
  readonly version: string;
  readonly adapter: string;
  readonly config: RunConfig;
  readonly protocols: {
    'absolute-unified': Record<string, Metrics>;
    'model-unified': Record<string, { mean: Metrics; classes: Record<string, Metrics> }>;
  };
  /** Of one plan replay with its read-back, image decoding not counted. */
  readonly latency: { msPerImage: number; batch: number; alignShare: number };
  /** Per alignment the averages over test images of a map's mean and of its maximum: one scale for pictures. */
  readonly mapScale: Record<string, { low: number; high: number }>;
  /** Test images whose predicted maximum lay at or below the predicted mean, per alignment. */
  readonly floored: Record<string, number>;
}

export interface TestOptions {
  readonly run: string;
  readonly data?: string;
  readonly adapter?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
}

interface Row {
  readonly sample: Sample;
  readonly scores: ReadonlyMap<Alignment, number>;
  readonly statistics: readonly [number, number] | null;
  readonly ms: number;
}

/** Scores every test image under every alignment of the run; writes results.json and scores.csv. */
export async function testRun(options: TestOptions): Promise<Results> {
  const config = await readRunConfig(options.run);
  const dataset = await scanDataset(options.data ?? config.data);
  const scorer = await openScorer(options.run, config, { adapter: options.adapter });
  const loader = new ImageLoader({ size: config.size });
  try {
    const tally = newTally(scorer.alignments, dataset.classes);
    const rows: Row[] = [];
    const floored: Record<string, number> = {};
    const scale = mapScale(scorer.alignments, dataset.test.length);
    for (let first = 0; first < dataset.test.length; first += config.batch) {
      options.signal?.throwIfAborted();
      const samples = dataset.test.slice(first, first + config.batch);
      loader.prefetch(
        dataset.test.slice(first + config.batch, first + 2 * config.batch).map((sample) => sample.path),
      );
      const started = performance.now();
      const scored = await scorer.score(
        await loader.loadBatch(samples.map((sample) => sample.path)),
        samples.map((sample) => dataset.classes.indexOf(sample.className)),
      );
      const ms = (performance.now() - started) / samples.length;
      for (const [i, sample] of samples.entries()) {
        const image = scored[i]!;
        const mask = sample.maskPath
          ? await loadMask(sample.maskPath, config.size, 'any', sample.path)
          : null;
        const empty = mask ?? new Uint8Array(config.size ** 2);
        for (const [alignment, map] of image.maps) {
          tally.add(alignment, sample.className, map, empty);
          scale.add(alignment, map);
        }
        for (const [alignment, [u, gamma]] of image.statistics) {
          floored[alignment] = (floored[alignment] ?? 0) + (floorActs(u, gamma) ? 1 : 0);
        }
        rows.push({ sample, scores: image.scores, statistics: image.statistics.get('cada') ?? null, ms });
      }
      options.onProgress?.(Math.min(first + config.batch, dataset.test.length), dataset.test.length);
    }
    const timing = await scorer.latency(firstAligned(scorer.alignments));
    const results: Results = {
      version: config.version,
      adapter: scorer.adapter,
      config,
      protocols: protocolsOf(scorer.alignments, dataset.classes, rows, tally),
      latency: { ...timing, batch: config.batch },
      mapScale: scale.scales,
      floored,
    };
    await writeFileAtomic(runFiles(options.run).results, `${JSON.stringify(results, null, 2)}\n`);
    await writeScores(runFiles(options.run).scores, rows, scorer.alignments);
    return results;
  } finally {
    await loader.close();
    scorer.close();
  }
}

interface Tally {
  add(alignment: Alignment, className: string, map: Float32Array, mask: Uint8Array): void;
  pixels(alignment: Alignment, className: string | null): { auroc: Metric; ap: Metric };
}

/** One accumulator per alignment for the pooled protocol and one per class. */
function newTally(alignments: readonly Alignment[], classes: readonly string[]): Tally {
  const all = new Map<string, PixelAccumulator>();
  for (const alignment of alignments) {
    for (const name of ['', ...classes]) all.set(`${alignment}/${name}`, pixelAccumulator());
  }
  return {
    add(alignment, className, map, mask) {
      all.get(`${alignment}/`)!.add(map, mask);
      all.get(`${alignment}/${className}`)!.add(map, mask);
    },
    pixels: (alignment, className) => all.get(`${alignment}/${className ?? ''}`)!.finish(),
  };
}

function protocolsOf(
  alignments: readonly Alignment[],
  classes: readonly string[],
  rows: readonly Row[],
  tally: Tally,
): Results['protocols'] {
  const protocols: Results['protocols'] = { 'absolute-unified': {}, 'model-unified': {} };
  for (const alignment of alignments) {
    protocols['absolute-unified'][alignment] = metricsOf(alignment, rows, tally, null);
    const each = Object.fromEntries(
      classes.map((name) => [
        name,
        metricsOf(
          alignment,
          rows.filter((row) => row.sample.className === name),
          tally,
          name,
        ),
      ]),
    );
    protocols['model-unified'][alignment] = { mean: meanOf(Object.values(each)), classes: each };
  }
  return protocols;
}

function metricsOf(
  alignment: Alignment,
  rows: readonly Row[],
  tally: Tally,
  className: string | null,
): Metrics {
  const scores = rows.map((row) => row.scores.get(alignment)!);
  const labels = rows.map((row) => row.sample.anomalous);
  const pixels = tally.pixels(alignment, className);
  const found: Record<string, Metric> = {
    iAuroc: auroc(scores, labels),
    iAp: averagePrecision(scores, labels),
    pAuroc: pixels.auroc,
    pAp: pixels.ap,
  };
  const reasons = Object.fromEntries(
    Object.entries(found).flatMap(([name, { reason }]) => (reason ? [[name, reason]] : [])),
  );
  const [iAuroc, iAp, pAuroc, pAp] = ['iAuroc', 'iAp', 'pAuroc', 'pAp'].map((name) => found[name]!.value) as [
    number | null,
    number | null,
    number | null,
    number | null,
  ];
  return { iAuroc, iAp, pAuroc, pAp, ...(Object.keys(reasons).length > 0 ? { reasons } : {}) };
}

/** The unweighted mean over classes; classes without a value are left out of it. */
function meanOf(all: readonly Metrics[]): Metrics {
  const mean = (name: 'iAuroc' | 'iAp' | 'pAuroc' | 'pAp'): number | null => {
    const values = all.flatMap((metrics) => (metrics[name] === null ? [] : [metrics[name]!]));
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return { iAuroc: mean('iAuroc'), iAp: mean('iAp'), pAuroc: mean('pAuroc'), pAp: mean('pAp') };
}

async function writeScores(
  path: string,
  rows: readonly Row[],
  alignments: readonly Alignment[],
): Promise<void> {
  const aligned = firstAligned(alignments);
  await atomicFile(path, async (write) => {
    await write(csvLine(['path', 'class', 'label', 'score', 'calibrated', 'u_hat', 'gamma_hat', 'ms']));
    for (const { sample, scores, statistics, ms } of rows) {
      await write(
        csvLine([
          sample.id,
          sample.className,
          sample.anomalous ? 1 : 0,
          scores.get('none') ?? null,
          scores.get(aligned) ?? null,
          statistics?.[0] ?? null,
          statistics?.[1] ?? null,
          Number(ms.toFixed(3)),
        ]),
      );
    }
  });
}

/** Whose scores the `calibrated` column of scores.csv holds. */
export const firstAligned = (alignments: readonly Alignment[]): Alignment =>
  alignments.find((each) => each !== 'none') ?? 'none';

function mapScale(alignments: readonly Alignment[], images: number) {
  const scales: Record<string, { low: number; high: number }> = {};
  for (const alignment of alignments) scales[alignment] = { low: 0, high: 0 };
  return {
    scales,
    add(alignment: Alignment, map: Float32Array): void {
      let sum = 0;
      let highest = Number.NEGATIVE_INFINITY;
      for (const value of map) {
        sum += value;
        if (value > highest) highest = value;
      }
      const scale = scales[alignment]!;
      scale.low += sum / map.length / images;
      scale.high += highest / images;
    },
  };
}

/** What `testRun` wrote. @throws FileError where the run was not tested yet. */
export async function readResults(run: string): Promise<Results> {
  const path = runFiles(run).results;
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new FileError(`${path}: could not be read: ${cause.message}`, {
      fix: 'run `wgad test` on this run first',
      cause,
    });
  });
  return JSON.parse(text) as Results;
}
