import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { relative, resolve, sep } from 'node:path';
import { ImageError, shown } from '../errors.ts';
import { readRegular } from '../formats/regularFile.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { scanForProblems } from './dataset.ts';
import { decoded } from './decoding.ts';
import { compareCodePoints } from './fileNames.ts';
import { type DatasetProblem, problemLines } from './findings.ts';
import { type Layout, UNKNOWN_LAYOUT } from './layouts/index.ts';
import type { Sample } from './layouts/layout.ts';
import { unsearchedTo } from './layouts/skipped.ts';
import { imagesBelow } from './listImages.ts';
import { maskProblems } from './maskProblems.ts';
import {
  type ClassCounts,
  compareWithOfficial,
  formatComparison,
  type OfficialComparison,
} from './official.ts';

/** What `wgad data check` reports. */
export interface DatasetReport {
  readonly root: string;
  readonly layout: Layout;
  readonly classes: readonly ClassCounts[];
  readonly images: number;
  /** Problems that prevent training, or make test results wrong. */
  readonly problems: readonly DatasetProblem[];
  /**
   * What is odd but usable: no test, what pixel metrics miss (masks that are missing, unreadable or of another size),
   * suspicious masks, files and folders that are skipped, images of more than 8 bits.
   */
  readonly warnings: readonly DatasetProblem[];
  /** What the layout decides about the set, such as a split that its authors left open. */
  readonly notes?: readonly string[];
  /** Comparison with the published data set that this is a copy of; null if it is not a copy. */
  readonly official: OfficialComparison | null;
}

/** How `checkDataset` checks. */
interface CheckOptions {
  /** Default: found from the folder names. */
  layout?: Layout;
  /** Told of each image read. */
  onProgress?: (done: number, total: number) => void;
}

const CHECK_OPTIONS: OptionNames<CheckOptions> = { layout: true, onProgress: true };

/**
 * Reads every image and mask of a data set and lists everything that is wrong. A folder of images without a known
 * layout is checked too, as `predict` would read it; its missing layout is one of the problems.
 * @throws DatasetError only if the folder does not exist.
 */
export async function checkDataset(
  root: string,
  options: CheckOptions = {},
  ...extra: never[]
): Promise<DatasetReport> {
  refuseExtra('checkDataset', extra);
  requireOptions('checkDataset', options, CHECK_OPTIONS);
  const { dataset, problems, oddities } = await scanForProblems(root, options.layout);
  const loose = dataset.classes.length === 0 && dataset.layout === UNKNOWN_LAYOUT;
  const found: DatasetProblem[] = [...problems];
  const warnings: DatasetProblem[] = [...oddities];
  const samples = loose
    ? await looseSamples(dataset.root, warnings)
    : [
        ...dataset.train.map((sample) => ({ sample, train: true })),
        ...dataset.test.map((sample) => ({ sample, train: false })),
      ];
  const looks = await lookAtAll(
    samples.map(({ sample }) => sample),
    options.onProgress,
  );
  const byClass = new Map<string, (Placed & { size: string | undefined })[]>();
  if (!loose) for (const name of dataset.classes) byClass.set(name, []);
  for (const [i, look] of looks.entries()) {
    found.push(...look.problems);
    warnings.push(...look.warnings);
    const { className } = samples[i]!.sample;
    const own = byClass.get(className) ?? [];
    byClass.set(className, own);
    own.push({ ...samples[i]!, size: look.size });
  }
  const classes = [...byClass].map(([name, own]) => countClass(name, own));
  const hashes = looks.map((look) => look.hash);
  for (const duplicate of duplicates(samples, hashes)) found.push(duplicate);
  return {
    root: dataset.root,
    layout: dataset.layout,
    classes,
    images: samples.length,
    problems: found,
    warnings,
    ...(dataset.notes && { notes: dataset.notes }),
    official: compareWithOfficial(dataset.layout, classes),
  };
}

/** Sizes of a class's images in its line, the commonest; a set may have one for each image. */
const SIZES_SHOWN = 5;

/** The report as plain text, for people. @param options `all`: a line for each problem, not for each kind of them, and all sizes. */
export function formatReport(
  report: DatasetReport,
  options: { all?: boolean } = {},
  ...extra: never[]
): string {
  refuseExtra('formatReport', extra);
  requireOptions('formatReport', options, { all: true });
  const { all = false } = options;
  const lines = [
    `${report.root}: layout ${report.layout}, ${report.classes.length} classes, ${report.images} images`,
    '',
  ];
  const rows = [['class', 'train', 'test good', 'test anomalous', 'defects', 'sizes']];
  for (const { name, train, testNormal, testAnomalous, defects, sizes } of report.classes) {
    const list = (counts: Readonly<Record<string, number>>, most: number): string => {
      const entries = Object.entries(counts);
      const kept = entries.length > most ? entries.sort(([, a], [, b]) => b - a).slice(0, most) : entries;
      const text = kept.map(([key, count]) => `${shown(key)} ${count}`).join(', ');
      return entries.length > most ? `${text} and ${entries.length - most} more` : text;
    };
    const sizesShown = list(sizes, all ? Number.POSITIVE_INFINITY : SIZES_SHOWN);
    const defectsShown = list(defects, Number.POSITIVE_INFINITY);
    rows.push([shown(name), `${train}`, `${testNormal}`, `${testAnomalous}`, defectsShown, sizesShown]);
  }
  const widths = rows[0]!.map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]!.length), 0),
  );
  for (const row of rows)
    lines.push(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  if (report.official) lines.push('', ...formatComparison(report.official));
  if (report.notes) lines.push('', ...report.notes);
  const section = (title: string, entries: readonly DatasetProblem[]): void => {
    lines.push('', entries.length === 0 ? `no ${title}` : `${entries.length} ${title}:`);
    for (const line of problemLines(entries, { all, hint: '--all lists them' })) lines.push(`  ${line}`);
  };
  section('problems', report.problems);
  section('warnings', report.warnings);
  return lines.join('\n');
}

/** What reading one sample's files shows. */
interface Look {
  readonly size: string | undefined;
  readonly hash: string | undefined;
  readonly problems: readonly DatasetProblem[];
  readonly warnings: readonly DatasetProblem[];
}

async function lookAtAll(
  samples: readonly Sample[],
  onProgress: ((done: number, total: number) => void) | undefined,
): Promise<Look[]> {
  const looks = new Array<Look>(samples.length);
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (next < samples.length) {
      const i = next++;
      looks[i] = await lookAt(samples[i]!);
      onProgress?.(++done, samples.length);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return looks;
}

async function lookAt(sample: Sample): Promise<Look> {
  const { path, id } = sample;
  const warnings: DatasetProblem[] = [];
  try {
    const { pages, deep, ...size } = await decoded({ what: 'facts', path });
    if (deep) {
      const range = `${deep.depth}, ${deep.range.low} to ${deep.range.high}${deep.declared ? ' as declared' : ''}`;
      const message = `${id} has more than 8 bits a sample (${range}); it is read in 8`;
      warnings.push({ kind: 'deep-image', path, item: `${id} (${range})`, message });
    }
    if (pages > 1) {
      const message = `${id} holds ${pages} images, of which the first is read`;
      warnings.push({ kind: 'pages', path, item: `${id} (${pages})`, message });
    }
    const hash = createHash('sha256')
      .update(await readRegular(path))
      .digest('hex');
    warnings.push(...(await maskProblems(sample, size)));
    return { size: `${size.width}x${size.height}`, hash, problems: [], warnings };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    warnings.push(...(await maskProblems(sample, null)));
    const { message } = error;
    const problem = { kind: 'unreadable', path, item: message, message } as const;
    return { size: undefined, hash: undefined, problems: [problem], warnings };
  }
}

interface Placed {
  readonly sample: Sample;
  readonly train: boolean;
}

function countClass(name: string, entries: readonly (Placed & { size: string | undefined })[]): ClassCounts {
  const defects = new Map<string, number>();
  const sizes = new Map<string, number>();
  const count = (table: Map<string, number>, key: string): void => {
    table.set(key, (table.get(key) ?? 0) + 1);
  };
  for (const { sample, size } of entries) {
    if (sample.anomalous) count(defects, sample.defect);
    if (size) count(sizes, size);
  }
  return {
    name,
    train: entries.filter(({ train }) => train).length,
    testNormal: entries.filter(({ train, sample }) => !train && !sample.anomalous).length,
    testAnomalous: entries.filter(({ sample }) => sample.anomalous).length,
    defects: Object.fromEntries(defects),
    sizes: Object.fromEntries(sizes),
  };
}

function duplicates(samples: readonly Placed[], hashes: readonly (string | undefined)[]): DatasetProblem[] {
  const trained = new Map<string, Sample>();
  for (const [i, { sample, train }] of samples.entries())
    if (train && hashes[i]) trained.set(hashes[i], sample);
  return samples.flatMap(({ sample, train }, i) => {
    const twin = train ? undefined : trained.get(hashes[i] ?? '');
    if (!twin) return [];
    return [
      {
        kind: 'duplicate' as const,
        path: sample.path,
        item: sample.id,
        message: `test image ${sample.id} has the same bytes as ${twin.id}, which is trained on; remove one of them`,
      },
    ];
  });
}

/** Images of a folder without layout, each named after the folder that it lies in. @param warnings told where they lie too deep. */
async function looseSamples(root: string, warnings: DatasetProblem[]): Promise<Placed[]> {
  const paths = await imagesBelow(root, unsearchedTo(root, warnings));
  const top = resolve(root);
  return paths.sort(compareCodePoints).map((path) => {
    const id = relative(top, path).split(sep).join('/');
    const className = id.split('/').slice(0, -1).join('/') || '.';
    return {
      sample: { path, id, className, defect: 'good', anomalous: false, maskPath: null },
      train: false,
    };
  });
}
