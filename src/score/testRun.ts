import { type Dataset, type MaskRule, requireTestImages } from '../data/index.ts';
import { ConfigError, FileError } from '../errors.ts';
import { atomicFile, writeFileAtomic } from '../formats/atomicFile.ts';
import { csvLine } from '../formats/csvLine.ts';
import {
  fields,
  number,
  numberOrNull,
  optional,
  requireExpected,
  tableOf,
  text,
} from '../formats/expectation.ts';
import { readJsonObject } from '../formats/readJson.ts';
import { requireWritable } from '../formats/regularFile.ts';
import { type Alignment, calibrates, predictingAlignment, UNALIGNED } from '../methods/alignments/index.ts';
import type { AuproDefinition } from '../metrics/index.ts';
import type { Precision } from '../nn/trainable.ts';
import { classRuns } from '../run/classRuns.ts';
import { checkConfig } from '../run/config.ts';
import { datasetOfRun } from '../run/dataset.ts';
import { readFinishedRun } from '../run/finished.ts';
import { runFiles } from '../run/folder.ts';
import { type ScoringChoice, scoredAs } from '../run/scoredAs.ts';
import type { RunConfig } from '../run/settings.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { constantHead } from './constantHead.ts';
import { openScorer } from './scorer.ts';
import { type Metrics, meanMetrics, type Tally } from './tally.ts';
import { noteRemark, scoreSamples, type TestRow } from './testRows.ts';

/** A model and a threshold for each class; one model, a threshold for each; one of both (evaluation.md 2). */
export const PROTOCOLS = ['class-separated', 'model-unified', 'absolute-unified'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Each class by itself, and the unweighted mean over classes. */
export interface ClassMetrics {
  readonly mean: Metrics;
  readonly classes: Readonly<Record<string, Metrics>>;
}

export interface Results {
  readonly version: string;
  readonly adapter: string;
  readonly config: RunConfig;
  /** How weights and activations were stored; absent in results of versions before 0.2: f32. */
  readonly precision?: Precision;
  readonly protocols: {
    'absolute-unified': Record<string, Metrics>;
    'model-unified': Record<string, ClassMetrics>;
    /** Where the models of each class were tested too. */
    'class-separated'?: Record<string, ClassMetrics>;
  };
  /** How masks came to the maps' size; absent: `any`. */
  readonly maskRule?: MaskRule;
  /** Latency of one plan replay with read-back, without image decoding; absent where no times were wanted. */
  readonly latency?: { msPerImage: number; batch: number; alignShare: number };
  /** Per alignment the averages over test images of a map's mean and of its maximum: one scale for pictures. */
  readonly mapScale: Record<string, { low: number; high: number }>;
  /** Test images whose predicted maximum, or a tile's, lay at or below the predicted mean, per alignment. */
  readonly floored: Record<string, number>;
  /** What the layout decided about the data set, such as a split that its authors left open; a head that learned nothing. */
  readonly notes?: readonly string[];
}

/** With what scoring is to do otherwise than the run. */
export interface TestOptions extends ScoringChoice<'test'> {
  readonly run: string;
  readonly data?: string;
  /** Definitions of AUPRO to compute; default none: each costs about as much as the other pixel metrics. */
  readonly aupro?: readonly AuproDefinition[];
  /** How masks come to the maps' size; default `any`, the author's (evaluation.md 3.3). */
  readonly maskRule?: MaskRule;
  /** Folder for results.json and scores.csv; default the run's own. */
  readonly out?: string;
  /** Test the models of each class as well (`wgad train --per-class`). */
  readonly perClass?: boolean;
  /** Whether the clock is asked; default true. Without, the same images give the same bytes. */
  readonly times?: boolean;
  readonly gpu?: GpuRequest;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
  /** Told of the results before they are written, so that a full disk does not lose them. */
  readonly onResults?: (results: Results) => void;
  /** Told of what is odd about the data set and its masks, a line for each kind. */
  readonly onNote?: (text: string) => void;
}

/** What a test needs to know of the run before its images are scored. */
export interface TestPlan {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly files: ReturnType<typeof runFiles>;
}

/** @throws where the run is not finished, its data set has nothing to test, or the results could not be written. */
export async function planTest(options: Omit<TestOptions, 'perClass'>): Promise<TestPlan> {
  const trained = await readFinishedRun(options.run);
  const config = scoredAs(trained, 'test', options);
  const dataset = await datasetOfRun(config, options);
  requireTestImages(dataset);
  return { config, dataset, files: runFiles(options.out ?? options.run) };
}

/** Scores every test image under every alignment of the run; writes results.json and scores.csv. */
export async function testRun(options: TestOptions): Promise<Results> {
  const { config, dataset, files } = await planTest(options);
  for (const path of [files.scores, files.results]) await requireWritable(path);
  const separated = options.perClass ? await testClassRuns(options, dataset.classes) : undefined;
  const scorer = await openScorer(options.run, config, { gpu: options.gpu });
  try {
    const { rows, tally } = await scoreSamples(scorer, config, dataset.test, dataset, options);
    const results = resultsFrom({
      config,
      dataset,
      rows,
      tally,
      adapter: scorer.adapter,
      alignments: scorer.alignments,
      separated,
      maskRule: options.maskRule,
      latency:
        options.times === false
          ? undefined
          : { ...(await scorer.latency(firstAligned(scorer.alignments))), batch: scorer.batch },
    });
    options.onResults?.(results);
    await writeTest(files, results, rows, scorer.alignments);
    return results;
  } finally {
    scorer.close();
  }
}

/** All that results are made of. */
interface Tested {
  readonly config: RunConfig;
  readonly dataset: Pick<Dataset, 'classes' | 'notes'>;
  /** In the order of the data set. */
  readonly rows: readonly TestRow[];
  readonly tally: Tally;
  readonly adapter: string;
  readonly alignments: readonly Alignment[];
  readonly separated?: Record<string, ClassMetrics> | undefined;
  readonly maskRule?: MaskRule | undefined;
  readonly latency?: Results['latency'];
}

export function resultsFrom(tested: Tested): Results {
  const { config, dataset, rows, tally, alignments } = tested;
  const notes = [...(dataset.notes ?? []), ...constantHead(rows, predictingAlignment(alignments))];
  const floored: Record<string, number> = {};
  const scale = mapScale(alignments, rows.length);
  for (const row of rows) {
    noteRemark(tally, row);
    for (const alignment of alignments) scale.add(alignment, row.scale[alignment]!);
    for (const [alignment, met] of Object.entries(row.floored)) {
      floored[alignment] = (floored[alignment] ?? 0) + (met ? 1 : 0);
    }
  }
  return {
    version: config.version,
    adapter: tested.adapter,
    config,
    precision: config.precision ?? 'f32',
    protocols: {
      ...protocolsOf(alignments, dataset.classes, rows, tally),
      ...(tested.separated && { 'class-separated': tested.separated }),
    },
    maskRule: tested.maskRule,
    latency: tested.latency,
    mapScale: scale.scales,
    floored,
    notes: notes.length > 0 ? notes : dataset.notes,
  };
}

/** results.json is written last: it marks the test as complete. */
export async function writeTest(
  files: Pick<ReturnType<typeof runFiles>, 'scores' | 'results'>,
  results: Results,
  rows: readonly TestRow[],
  alignments: readonly Alignment[],
): Promise<void> {
  await writeScores(files.scores, rows, alignments);
  await writeFileAtomic(files.results, `${JSON.stringify(results, null, 2)}\n`);
}

/** Each class's own model on the images of that class alone. Results of each lie in its folder, too. */
async function testClassRuns(
  options: TestOptions,
  classes: readonly string[],
): Promise<Record<string, ClassMetrics>> {
  const folders = await classRuns(options.run);
  const absent = classes.filter((name) => !folders.has(name));
  if (absent.length > 0) {
    throw new FileError(`${options.run}: has no model of its own for ${absent.join(', ')}`, {
      fix: 'run `wgad train` with --per-class --resume on this run first',
    });
  }
  const byAlignment = new Map<string, Record<string, Metrics>>();
  for (const name of classes) {
    const { protocols } = await testRun({
      ...options,
      run: folders.get(name)!,
      out: undefined,
      perClass: false,
      onResults: undefined,
      // Notes on the data set were already printed for all classes.
      onNote: undefined,
    });
    for (const [alignment, { classes: own }] of Object.entries(protocols['model-unified'])) {
      byAlignment.set(alignment, { ...byAlignment.get(alignment), [name]: own[name]! });
    }
  }
  return Object.fromEntries(
    [...byAlignment].map(([alignment, each]) => [alignment, { mean: meanMetrics(each), classes: each }]),
  );
}

function protocolsOf(
  alignments: readonly Alignment[],
  classes: readonly string[],
  rows: readonly TestRow[],
  tally: Tally,
): Results['protocols'] {
  const protocols: Results['protocols'] = { 'absolute-unified': {}, 'model-unified': {} };
  for (const alignment of alignments) {
    const metrics = (className: string | null): Metrics => {
      const own = className === null ? rows : rows.filter((row) => row.className === className);
      const scores = own.map((row) => row.scores[alignment]!);
      const labels = own.map((row) => row.anomalous);
      return tally.metrics(alignment, className, scores, labels);
    };
    protocols['absolute-unified'][alignment] = metrics(null);
    const each = Object.fromEntries(classes.map((name) => [name, metrics(name)]));
    protocols['model-unified'][alignment] = { mean: meanMetrics(each), classes: each };
  }
  return protocols;
}

async function writeScores(
  path: string,
  rows: readonly TestRow[],
  alignments: readonly Alignment[],
): Promise<void> {
  const aligned = firstAligned(alignments);
  await atomicFile(path, async (write) => {
    await write(
      csvLine(['path', 'class', 'label', 'score', 'calibrated', 'u_hat', 'gamma_hat', 'unfamiliar', 'ms']),
    );
    for (const { id, className, anomalous, scores, statistics, unfamiliar, ms } of rows) {
      await write(
        csvLine([
          id,
          className,
          anomalous ? 1 : 0,
          scores[UNALIGNED] ?? null,
          scores[aligned] ?? null,
          statistics?.[0] ?? null,
          statistics?.[1] ?? null,
          unfamiliar === null ? null : Number(unfamiliar),
          ms === null ? null : Number(ms.toFixed(3)),
        ]),
      );
    }
  });
}

/** The alignment in the `calibrated` column of scores.csv. */
export const firstAligned = (alignments: readonly Alignment[]): Alignment =>
  alignments.find(calibrates) ?? UNALIGNED;

function mapScale(alignments: readonly Alignment[], images: number) {
  const scales: Record<string, { low: number; high: number }> = {};
  for (const alignment of alignments) scales[alignment] = { low: 0, high: 0 };
  return {
    scales,
    add(alignment: Alignment, [mean, highest]: readonly [number, number]): void {
      const scale = scales[alignment]!;
      scale.low += mean / images;
      scale.high += highest / images;
    },
  };
}

/** Reads what `testRun` wrote. @throws FileError if the run was not tested yet, or the file is not as it was written. */
export async function readResults(run: string): Promise<Results> {
  const path = runFiles(run).results;
  const results = await readJsonObject<Results>(path, 'run `wgad test` on this run first');
  requireExpected(path, results, RESULTS, { fix: EDITED });
  const { config, protocols } = results;
  const all = { ...protocols['model-unified'], ...protocols['class-separated'] };
  const lacking = Object.keys(protocols['absolute-unified']).filter(
    (name) => !Object.hasOwn(protocols['model-unified'], name),
  );
  const wrong = (message: string): FileError =>
    new FileError(`${path}: ${message}`, { where: path, fix: EDITED });
  if (lacking.length > 0) throw wrong(`protocols.model-unified lacks ${lacking.join(', ')}`);
  const lists = Object.values(all).map(({ classes }) => Object.keys(classes).sort().join('\n'));
  if (new Set(lists).size > 1) throw wrong('its protocols are of other classes each');
  try {
    checkConfig(config);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new FileError(`${path}: config: ${cause.message}`, { where: path, fix: EDITED, cause });
  }
  return results;
}

const EDITED = 'it was edited: run `wgad test` on this run again';
const METRICS = fields({
  ...Object.fromEntries(['iAuroc', 'iAp', 'pAuroc', 'pAp'].map((name) => [name, numberOrNull])),
  reasons: optional(tableOf(text)),
});
const BY_CLASS = tableOf(fields({ mean: METRICS, classes: tableOf(METRICS) }));
const RESULTS = fields({
  config: fields({}),
  // Absent in results of early versions.
  mapScale: optional(tableOf(fields({ low: number, high: number }))),
  floored: optional(tableOf(number)),
  latency: optional(fields({ msPerImage: number, batch: number, alignShare: number })),
  protocols: fields({
    'absolute-unified': tableOf(METRICS),
    'model-unified': BY_CLASS,
    'class-separated': optional(BY_CLASS),
  }),
  adapter: text,
  version: text,
});
