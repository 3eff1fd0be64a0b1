import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { relative, resolve, sep } from 'node:path';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { type DatasetProblem, type Layout, type Sample, scanForProblems } from './dataset.ts';
import { decodeImage, decodeMask } from './decode.ts';
import { compareCodePoints, listImages } from './listImages.ts';
import { compareWithOfficial, formatComparison, type OfficialComparison } from './official.ts';

/** What one class of a data set holds. */
export interface ClassCounts {
  readonly name: string;
  readonly train: number;
  readonly testNormal: number;
  readonly testAnomalous: number;
  /** Images per defect folder. */
  readonly defects: Readonly<Record<string, number>>;
  /** Native sizes, `900x900`, and how many images have each. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** One thing that `checkDataset` has to say. */
export interface CheckProblem {
  readonly kind: DatasetProblem['kind'] | 'duplicate' | 'empty-mask';
  readonly path: string;
  readonly message: string;
}

/** What `wgad data check` reports. */
export interface DatasetReport {
  readonly root: string;
  readonly layout: Layout;
  readonly classes: readonly ClassCounts[];
  readonly images: number;
  /** What keeps the set from being trained on, or a test of it from meaning what it should. */
  readonly problems: readonly CheckProblem[];
  /**
   * What is odd but usable: no test, masks without a single anomalous pixel or of no image, files that VisA's table
   * does not list.
   */
  readonly warnings: readonly CheckProblem[];
  /** Against the published data set that this is a copy of; null where it is none. */
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
 * Reads every image and mask of a data set and lists all that is wrong with it. A folder of images without a
 * known layout is checked too, as `predict` would read it; its missing layout is one of the problems.
 * @throws DatasetError only where there is no such folder.
 */
export async function checkDataset(
  root: string,
  options: CheckOptions = {},
  ...extra: never[]
): Promise<DatasetReport> {
  refuseExtra('checkDataset', extra);
  requireOptions('checkDataset', options, CHECK_OPTIONS);
  const { dataset, problems, oddities } = await scanForProblems(root, options.layout);
  const loose = dataset.classes.length === 0 && dataset.layout === 'folder';
  const samples = loose
    ? await looseSamples(dataset.root)
    : [
        ...dataset.train.map((sample) => ({ sample, train: true })),
        ...dataset.test.map((sample) => ({ sample, train: false })),
      ];
  const looks = await lookAtAll(
    samples.map(({ sample }) => sample),
    options.onProgress,
  );
  const found: CheckProblem[] = [...problems];
  const warnings: CheckProblem[] = [...oddities];
  for (const look of looks) {
    found.push(...look.problems);
    warnings.push(...look.warnings);
  }
  const names = loose ? [...new Set(samples.map(({ sample }) => sample.className))] : dataset.classes;
  const classes = names.map((name) => {
    const mine = samples
      .map((entry, i) => ({ ...entry, size: looks[i]!.size }))
      .filter(({ sample }) => sample.className === name);
    return countClass(name, mine);
  });
  found.push(
    ...duplicates(
      samples,
      looks.map((look) => look.hash),
    ),
  );
  return {
    root: dataset.root,
    layout: dataset.layout,
    classes,
    images: samples.length,
    problems: found,
    warnings,
    official: compareWithOfficial(dataset.layout, classes),
  };
}

/** The report as plain text, for people. */
export function formatReport(report: DatasetReport, ...extra: never[]): string {
  refuseExtra('formatReport', extra);
  const lines = [
    `${report.root}: layout ${report.layout}, ${report.classes.length} classes, ${report.images} images`,
    '',
  ];
  const rows = [['class', 'train', 'test good', 'test anomalous', 'defects', 'sizes']];
  for (const { name, train, testNormal, testAnomalous, defects, sizes } of report.classes) {
    const list = (counts: Readonly<Record<string, number>>): string =>
      Object.entries(counts)
        .map(([key, count]) => `${key} ${count}`)
        .join(', ');
    rows.push([name, `${train}`, `${testNormal}`, `${testAnomalous}`, list(defects), list(sizes)]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    lines.push(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  if (report.official) lines.push('', ...formatComparison(report.official));
  const section = (title: string, entries: readonly CheckProblem[]): void => {
    lines.push('', entries.length === 0 ? `no ${title}` : `${entries.length} ${title}:`);
    for (const { kind, message } of entries) lines.push(`  ${kind}: ${message}`);
  };
  section('problems', report.problems);
  section('warnings', report.warnings);
  return lines.join('\n');
}

/** What reading one sample's files shows. */
interface Look {
  readonly size: string | undefined;
  readonly hash: string | undefined;
  readonly problems: readonly CheckProblem[];
  readonly warnings: readonly CheckProblem[];
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

async function lookAt({ path, id, maskPath }: Sample): Promise<Look> {
  const problems: CheckProblem[] = [];
  const warnings: CheckProblem[] = [];
  const readable = async <T>(file: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      problems.push({ kind: 'unreadable', path: file, message: (error as Error).message });
      return undefined;
    }
  };
  const image = await readable(path, async () => {
    const { width, height } = await decodeImage(path);
    return {
      size: `${width}x${height}`,
      hash: createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    };
  });
  const mask = maskPath === null ? undefined : await readable(maskPath, () => decodeMask(maskPath));
  if (mask && maskPath !== null) {
    const size = `${mask.width}x${mask.height}`;
    if (image && size !== image.size) {
      problems.push({
        kind: 'mask-size',
        path: maskPath,
        message: `the mask of ${id} is ${size}, the image is ${image.size}`,
      });
    }
    if (!mask.data.includes(255)) {
      warnings.push({
        kind: 'empty-mask',
        path: maskPath,
        message: `the mask of ${id} has no anomalous pixel`,
      });
    }
  }
  return { size: image?.size, hash: image?.hash, problems, warnings };
}

interface Placed {
  readonly sample: Sample;
  readonly train: boolean;
}

function countClass(name: string, entries: readonly (Placed & { size: string | undefined })[]): ClassCounts {
  const defects: Record<string, number> = {};
  const sizes: Record<string, number> = {};
  const count = (table: Record<string, number>, key: string): void => {
    table[key] = (table[key] ?? 0) + 1;
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
    defects,
    sizes,
  };
}

function duplicates(samples: readonly Placed[], hashes: readonly (string | undefined)[]): CheckProblem[] {
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
        message: `test image ${sample.id} has the same bytes as ${twin.id}, which is trained on; remove one of them`,
      },
    ];
  });
}

/** Images of a folder without layout, each named after the folder that it lies in. */
async function looseSamples(root: string): Promise<Placed[]> {
  const paths = await listImages([root]).catch(() => []);
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
