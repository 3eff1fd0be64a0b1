import { writeFile } from 'node:fs/promises';
import { basename, extname, join, posix } from 'node:path';
import { ConfigError, DatasetError, ImageError } from '../../errors.ts';
import { readRegular } from '../../formats/regularFile.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { type Dataset, scanForProblems } from '../dataset.ts';
import { decoded } from '../decoding.ts';
import { compareCodePoints, isImageName } from '../fileNames.ts';
import { fillFolder } from '../fillFolder.ts';
import { type DatasetProblem, problemLines } from '../findings.ts';
import type { Layout } from '../layouts/index.ts';
import { examine } from '../maskProblems.ts';
import { writeNotes } from '../notes.ts';
import { type Pixels, pilResizeNearest } from '../pilResize.ts';
import { pngOf } from '../png.ts';
import { type Placed, placeSamples } from './placed.ts';

/** What to convert, and into what. */
export interface ConvertOptions {
  /** Data sets: folders, or tables. No class may be in two of them. */
  readonly sets: readonly string[];
  /** Folder to create; may exist if it is empty. */
  readonly out: string;
  /** Layout of all sets; default: each is recognised. */
  readonly from?: Layout;
  /** Training images to draw from each class; default all. */
  readonly train?: number;
  /** Test images to draw from each class, half of them (rounded up) normal; default all. */
  readonly test?: number;
  /** Side of the new images; default: images stay as they are. */
  readonly size?: number;
  /** Write images in grey. */
  readonly grey?: boolean;
  /** Seed of the draw; default 0. */
  readonly seed?: number;
  /** Told of each image that is written. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told in one line for each kind of what is odd but usable. */
  readonly onOddity?: (line: string) => void;
  /** Ends the conversion and removes what was written: what aborted it is thrown. An `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean; throwIfAborted(): void };
}

const CONVERT_OPTIONS: OptionNames<ConvertOptions> = {
  sets: true,
  out: true,
  from: true,
  train: true,
  test: true,
  size: true,
  grey: true,
  seed: true,
  onProgress: true,
  onOddity: true,
  signal: true,
};

/** What was written. */
export interface ConvertResult {
  readonly root: string;
  readonly classes: readonly string[];
  readonly trainImages: number;
  readonly testImages: number;
  /** What results on the new set say; `notes.txt` has them. */
  readonly notes: readonly string[];
}

/**
 * Writes data sets of any layout, or a sample drawn from each class, as one in MVTec layout (evaluation.md 1.1). The same
 * options and files give the same bytes, and what is drawn from a class does not depend on other classes; a larger sample
 * holds a smaller one. Images are copied, or written as PNG where they change; masks always become PNG of 0 and 255. With
 * `size` an image is resized as networks get it (PIL's bilinear, the aspect ratio is not kept), its mask to the nearest
 * pixel. All that keeps a set from being converted is said at once, and the folder appears whole or not at all.
 * @throws DatasetError, ConfigError for options out of range, what aborted `signal`, FileError where `out` is in use or
 * not writable.
 */
export async function convertDatasets(options: ConvertOptions, ...extra: never[]): Promise<ConvertResult> {
  refuseExtra('convertDatasets', extra);
  requireOptions('convertDatasets', options, CONVERT_OPTIONS);
  requireRanges(options);
  const { train, test, size, grey = false, seed = 0, onOddity } = options;
  const { sets, problems, oddities } = await scanAll(options);
  const { placed, problems: unplaced } = placeSamples(sets, { train, test, seed });
  refuse([...problems, ...unplaced]);
  const found: Found = { unreadable: [], oddities: [] };
  const notes = [...new Set(sets.flatMap((set) => set.notes ?? [])), ...ownNotes(options)];
  const root = await fillFolder({
    out: options.out,
    who: 'data convert',
    folders: new Set(placed.flatMap(({ image, mask }) => [image, mask ?? image]).map(posix.dirname)),
    jobs: placed,
    write: (folder, job) => writeSample(folder, job, { size, grey }, found),
    async end(folder) {
      refuse(problemLines(found.unreadable));
      if (notes.length > 0) await writeNotes(folder, notes);
    },
    onProgress: options.onProgress,
    signal: options.signal,
  });
  // Jobs end in any order.
  found.oddities.sort((a, b) => (a.path < b.path ? -1 : 1));
  const used = new Set(placed.map(({ sample }) => sample.path));
  const kept = oddities.filter(({ kind, path }) => kind !== 'missing-mask' || used.has(path));
  if (onOddity) for (const line of problemLines([...kept, ...found.oddities])) onOddity(line);
  const trained = placed.filter(({ image }) => image.split('/')[1] === 'train').length;
  return {
    root,
    classes: sets.flatMap(({ classes }) => classes).sort(compareCodePoints),
    trainImages: trained,
    testImages: placed.length - trained,
    notes,
  };
}

/** All violations at once. */
function requireRanges({ sets, train = 1, test = 2, size = 8, seed = 0 }: ConvertOptions): void {
  const wrong: string[] = [];
  const whole = (name: string, value: number, low: number, high: number): void => {
    if (!Number.isInteger(value) || value < low || value > high) {
      wrong.push(`${name} expects an integer in [${low}, ${high}], got ${value}`);
    }
  };
  if (!Array.isArray(sets) || sets.length === 0) wrong.push('sets expects at least one folder');
  whole('train', train, 1, Number.MAX_SAFE_INTEGER);
  whole('test', test, 2, Number.MAX_SAFE_INTEGER);
  whole('size', size, 8, 4096);
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (wrong.length > 0) throw new ConfigError(`convertDatasets: ${wrong.join('; ')}`);
}

async function scanAll({ sets: folders, from }: ConvertOptions): Promise<{
  sets: Dataset[];
  problems: string[];
  oddities: DatasetProblem[];
}> {
  const sets: Dataset[] = [];
  const problems: string[] = [];
  const oddities: DatasetProblem[] = [];
  for (const folder of folders) {
    const scan = await scanForProblems(folder, from);
    sets.push(scan.dataset);
    for (const line of problemLines(scan.problems)) problems.push(`${folder}: ${line}`);
    for (const oddity of scan.oddities) oddities.push(oddity);
  }
  return { sets, problems, oddities };
}

/** @throws DatasetError that lists them, if there are any. */
function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new DatasetError(`data convert: nothing was written: ${problems.join('; ')}`, {
    fix: 'see all of a set with `wgad data check`',
  });
}

/** What the conversion itself changed. */
function ownNotes({ train, test, size, grey, seed = 0 }: ConvertOptions): string[] {
  const drawn = [
    ...(train === undefined ? [] : [`${train} training images`]),
    ...(test === undefined ? [] : [`${test} test images, half of them normal,`]),
  ].join(' and ');
  const changed = [...(size === undefined ? [] : [`resized to ${size} px`]), ...(grey ? ['grey'] : [])];
  return [
    ...(drawn === '' ? [] : [`${drawn} of each class were drawn with seed ${seed}`]),
    ...(changed.length === 0 ? [] : [`images are ${changed.join(' and ')}`]),
  ];
}

/** What writing shows. */
interface Found {
  readonly unreadable: DatasetProblem[];
  readonly oddities: DatasetProblem[];
}

interface Form {
  readonly size: number | undefined;
  readonly grey: boolean;
}

async function writeSample(root: string, placed: Placed, form: Form, found: Found): Promise<void> {
  const { sample, image, mask } = placed;
  const { path, id } = sample;
  let own: Pick<Pixels, 'width' | 'height'>;
  try {
    // A copy is decoded too: a file that cannot be read is found now.
    const stays = form.size === undefined && !form.grey && isImageName(basename(path));
    const read = stays
      ? await decoded({ what: 'facts', path })
      : await decoded({ what: 'image', path, side: form.size });
    own = read;
    const bytes = 'pixels' in read ? await encoded(read.pixels, form) : await readRegular(path);
    await writeFile(join(root, `${image}${stays ? extname(path) : '.png'}`), bytes);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    found.unreadable.push({ kind: 'unreadable', path, item: error.message, message: error.message });
    return;
  }
  if (mask === null) return;
  const { mask: marked, problems } = await examine(sample, async () => own, { whole: true });
  for (const problem of problems) found.oddities.push(problem);
  if (marked?.data == null) return;
  const { data, width, height } = marked;
  const { size } = form;
  const values = size === undefined ? data : pilResizeNearest(data, width, height, size, size);
  if (marked.marked > 0 && !values.includes(255)) {
    const message = `the mask of ${id} has no anomalous pixel left at ${size} px`;
    found.oddities.push({ kind: 'empty-mask', path, item: id, message });
  }
  await writeFile(join(root, `${mask}.png`), await pngOf(values, size ?? width, size ?? height));
}

function encoded({ data, width, height }: Pixels, { grey }: Form): Promise<Buffer> {
  return pngOf(grey ? greyOf(data) : data, width, height);
}

/** Luma of ITU-R 601 in the whole numbers that PIL computes it with; a grey pixel keeps its value. */
function greyOf(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = (rgb[at]! * 19595 + rgb[at + 1]! * 38470 + rgb[at + 2]! * 7471 + 0x8000) >> 16;
  }
  return grey;
}
