import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { givenTwice, type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { fillFolder } from '../fillFolder.ts';
import { pngOf } from '../png.ts';
import { SYNTH_CLASSES } from './classes.ts';
import { synthesizeImage } from './sample.ts';
import { DEFECTS, type Defect, type SceneClass } from './scene.ts';

/** What to draw, and where to. */
export interface SynthesizeOptions {
  /** Folder to create; may exist if it is empty. */
  readonly out: string;
  /** The first so many of `SYNTH_CLASSES`; default all twelve. */
  readonly classes?: number;
  /** Normal training images per class; default 40. */
  readonly train?: number;
  /** Test images per class, half of them (rounded up) normal; default 30. */
  readonly test?: number;
  /** Side in pixels, 32 to 2048; default 160. */
  readonly size?: number;
  /** Defects to draw from; default all that make sense on a class. */
  readonly defects?: readonly string[];
  /** Whole, from 0 to below 2^53; default 0. */
  readonly seed?: number;
  /** Told of each image that is written. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Ends the drawing and removes what was drawn: what aborted it is thrown. An `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean; throwIfAborted(): void };
}

const SYNTHESIZE_OPTIONS: OptionNames<SynthesizeOptions> = {
  out: true,
  classes: true,
  train: true,
  test: true,
  size: true,
  defects: true,
  seed: true,
  onProgress: true,
  signal: true,
};

/** What was drawn. */
export interface SynthesizeResult {
  readonly root: string;
  readonly classes: readonly string[];
  readonly trainImages: number;
  readonly testImages: number;
}

/** One file to draw. `stream` numbers the image over the whole set, so that it never depends on the others. */
interface Job {
  readonly kind: SceneClass;
  readonly defect: Defect | undefined;
  readonly image: string;
  readonly mask: string | undefined;
  readonly stream: number;
}

/**
 * Writes a multi-class inspection data set in MVTec layout (evaluation.md 1.1): PNG images, masks of 0 and
 * 255. The same options give the same bytes. It is drawn beside `out` and renamed, so it appears whole.
 * @throws ConfigError for options out of range, what aborted `signal`, FileError where `out` is in use or not writable.
 */
export async function synthesize(options: SynthesizeOptions, ...extra: never[]): Promise<SynthesizeResult> {
  refuseExtra('synthesize', extra);
  requireOptions('synthesize', options, SYNTHESIZE_OPTIONS);
  const { train = 40, test = 30, size = 160, seed = 0 } = options;
  const classes = chooseClasses(options);
  const jobs = classes.flatMap(({ kind, defects }) => listJobs(kind, defects, train, test));
  const out = await fillFolder({
    out: options.out,
    who: 'synthesize',
    jobs,
    folders: new Set(jobs.flatMap((job) => [job.image, job.mask ?? job.image]).map(dirname)),
    write: (root, job) => writeJob(job, root, size, seed),
    onProgress: options.onProgress,
    signal: options.signal,
  });
  return {
    root: out,
    classes: classes.map(({ kind }) => kind.name),
    trainImages: train * classes.length,
    testImages: test * classes.length,
  };
}

async function writeJob(job: Job, root: string, side: number, seed: number): Promise<void> {
  const { rgb, mask } = synthesizeImage(job.kind, job.defect, side, seed, job.stream);
  await writeFile(join(root, job.image), await pngOf(rgb, side, side));
  if (mask === undefined || job.mask === undefined) return;
  await writeFile(join(root, job.mask), await pngOf(mask, side, side));
}

function listJobs(kind: SceneClass, defects: readonly Defect[], train: number, test: number): Job[] {
  const place = SYNTH_CLASSES.indexOf(kind);
  const stream = (split: number, index: number): number => (place * 3 + split) * 2 ** 20 + index;
  const job = (folder: string, index: number, split: number, streamIndex: number, defect?: Defect): Job => {
    const number = String(index).padStart(3, '0');
    return {
      kind,
      defect,
      image: `${kind.name}/${folder}/${number}.png`,
      mask: defect && `${kind.name}/ground_truth/${defect}/${number}_mask.png`,
      stream: stream(split, streamIndex),
    };
  };
  const normal = Math.ceil(test / 2);
  const jobs: Job[] = [];
  for (let i = 0; i < train; i++) jobs.push(job('train/good', i, 0, i));
  for (let i = 0; i < normal; i++) jobs.push(job('test/good', i, 1, i));
  for (let i = 0; i < test - normal; i++) {
    const defect = defects[i % defects.length]!;
    jobs.push(job(`test/${defect}`, Math.floor(i / defects.length), 2, i, defect));
  }
  return jobs;
}

/** The classes asked for, each with the defects asked for that make sense on it; all violations at once. */
function chooseClasses(options: SynthesizeOptions): { kind: SceneClass; defects: Defect[] }[] {
  const { classes, train = 40, test = 30, size = 160, seed = 0, defects = DEFECTS } = options;
  const wrong: string[] = [];
  const whole = (name: string, value: number, low: number, high: number): void => {
    if (!Number.isInteger(value) || value < low || value > high) {
      wrong.push(`${name} expects an integer in [${low}, ${high}], got ${value}`);
    }
  };
  const unknown = defects.filter((name) => !DEFECTS.includes(name as Defect));
  if (unknown.length > 0)
    wrong.push(`unknown defects ${unknown.join(', ')}; known are ${DEFECTS.join(', ')}`);
  const twice = givenTwice(defects);
  if (twice !== undefined) wrong.push(`defects expects each once, got ${twice} twice`);
  if (defects.length === 0) wrong.push(`defects expects at least one of ${DEFECTS.join(', ')}`);
  const able = SYNTH_CLASSES.map((kind) => ({
    kind,
    defects: kind.defects.filter((d) => defects.includes(d)),
  })).filter((entry) => entry.defects.length > 0);
  whole('classes', classes ?? able.length, able.length > 0 ? 1 : 0, able.length);
  whole('train', train, 1, 2 ** 20 - 1);
  whole('test', test, 2, 2 ** 20 - 1);
  whole('size', size, 32, 2048);
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (wrong.length > 0) throw new ConfigError(`synthesize: ${wrong.join('; ')}`);
  return able.slice(0, classes ?? able.length);
}
