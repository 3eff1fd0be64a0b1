/**
 * The coreset of a memory (methods.md 8.1, step 4), for millions of patches: the device keeps their 128 projected
 * numbers. The full vectors are computed twice, to project them and again to keep the picked ones, so that they are
 * never all stored. The result depends on the seed alone.
 */
import { refuseNonFinite } from '../nn/finiteTensors.ts';
import { RandomStream } from '../random.ts';
import type { Sizes } from '../run/detectorParts.ts';
import type { RunLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { OtherPlans } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import { type Picks, type ProjectedPatches, pickFarthest } from './coresetPicks.ts';
import { PROJECTED, patchesName, projectionOf, STARTS } from './coresetPlans.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import { memoryPlan } from './detectorPlans.ts';
import { passOver } from './planPass.ts';

/** What a greedy choice depends on, besides the patches. */
export interface CoresetStart {
  /** [128, C]. */
  readonly projection: Float32Array;
  /** Numbers of the patches that the first distances are measured from. */
  readonly starts: readonly number[];
}

/** Streams of the seed that belong to this. */
const PROJECTION_STREAM = 0xc05e_0000;
const START_STREAM = 0xc05e_0001;
const RANDOM_STREAM = 0xc05e_0002;

/** A linear layer's usual start without bias, ±1/sqrt(C), and ten patches at random (all, where there are fewer). */
export function coresetStart(seed: number, width: number, patches: number): CoresetStart {
  const random = new RandomStream(seed, PROJECTION_STREAM);
  const bound = 1 / Math.sqrt(width);
  const projection = Float32Array.from({ length: PROJECTED * width }, () => random.between(-bound, bound));
  const drawn = new RandomStream(seed, START_STREAM);
  const starts = new Set<number>();
  while (starts.size < Math.min(STARTS, patches)) starts.add(drawn.integer(patches));
  return { projection, starts: [...starts] };
}

/** `rows` of `patches` patches, each subset as likely as any other (Floyd's draw), ascending. */
export function randomPatches(seed: number, patches: number, rows: number): Int32Array {
  const random = new RandomStream(seed, RANDOM_STREAM);
  const drawn = new Set<number>();
  for (let last = patches - rows; last < patches; last++) {
    const patch = random.integer(last + 1);
    drawn.add(drawn.has(patch) ? last : patch);
  }
  return Int32Array.from(drawn).sort();
}

export interface CoresetOptions {
  readonly inputs: DetectorInputs;
  /** How many training images there are, and how many of their patches are kept. */
  readonly images: number;
  readonly rows: number;
  readonly signal?: AbortSignal;
  /** Counts images, in both passes, and picked patches. */
  readonly onProgress?: (done: number, of: number) => void;
  /** Default: from the configuration's seed. */
  readonly start?: CoresetStart;
  /** Picks of an earlier run to go on from, where they are of so many patches; default: none. */
  readonly from?: Picks | null;
  /** What else the training compiles. */
  readonly others?: OtherPlans;
  /** Called after each pass over the patches that picked some, and awaited. */
  readonly onPicks?: (picks: Picks) => Promise<void>;
}

export interface Coreset {
  /** Numbers of the patches, in the order in which they were picked: image x patches per image + position. */
  readonly picked: Int32Array;
  /** Their vectors [rows, C]. */
  readonly rows: Float32Array;
}

type CoresetConfig = Sizes & Pick<RunConfig, 'seed'>;

/** The farthest patches, one after another. Null where the signal stopped it. */
export async function greedyCoreset(
  session: Session,
  config: CoresetConfig,
  layouts: RunLayouts,
  options: CoresetOptions,
): Promise<Coreset | null> {
  const { images, rows, signal, onProgress, onPicks } = options;
  const of = 2 * images + rows;
  const report = (done: number): void => onProgress?.(done, of);
  const patchRows = patchesOf(config, layouts, options);
  const { perImage, width } = patchRows;
  const start = options.start ?? coresetStart(config.seed, width, images * perImage);
  const from = options.from?.distances.length === images * perImage ? options.from : undefined;
  let picked = from?.picked;
  if (picked?.length !== rows) {
    try {
      const patches = await projectPatches(session, config, layouts, options, start, perImage, report);
      if (!patches) return null;
      ({ picked } = await pickFarthest(session, patches, {
        count: rows,
        ...(from && { from }),
        ...(signal && { signal }),
        async onPicks(picks) {
          report(images + picks.picked.length);
          await onPicks?.(picks);
        },
      }));
    } finally {
      releasePatches(session, images * perImage);
    }
    if (picked.length < rows) return null;
  }
  const kept = await keepPicked(session, config, layouts, options, picked, patchRows, (done) =>
    report(images + rows + done),
  );
  return kept && { picked, rows: kept };
}

/** Patches at random: one pass over the images, and none over the patches. Null where the signal stopped it. */
export async function randomCoreset(
  session: Session,
  config: CoresetConfig,
  layouts: RunLayouts,
  options: Omit<CoresetOptions, 'start' | 'from' | 'onPicks'>,
): Promise<Coreset | null> {
  const { images, rows, onProgress } = options;
  const patchRows = patchesOf(config, layouts, options);
  const picked = randomPatches(config.seed, images * patchRows.perImage, rows);
  const kept = await keepPicked(session, config, layouts, options, picked, patchRows, (done) =>
    onProgress?.(done, images),
  );
  return kept && { picked, rows: kept };
}

/** Patches of one image, and the length of their vectors. */
interface PatchRows {
  readonly perImage: number;
  readonly width: number;
}

function patchesOf(config: Sizes, layouts: RunLayouts, { inputs }: CoresetOptions): PatchRows {
  const [, perImage, width] = memoryPlan(config, layouts, inputs.source).outputs.get('rows')!.shape;
  return { perImage: perImage!, width: width! };
}

async function projectPatches(
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  options: CoresetOptions,
  { projection, starts }: CoresetStart,
  perImage: number,
  report: (done: number) => void,
): Promise<ProjectedPatches | null> {
  const patches = options.images * perImage;
  const { size, chunks } = chunksOf(patches, session.gpu.facts.maxBindingBytes);
  const points = new Float32Array(starts.length * PROJECTED);
  for (const [i, length] of chunks.entries()) session.state.reserve(patchesName(i), length * PROJECTED);
  /** Stores the rows of the patches from `first` on, which may lie in two chunks. */
  const put = (first: number, rows: Float32Array): void => {
    for (let at = 0; at < rows.length; ) {
      const chunk = Math.floor((first + at / PROJECTED) / size);
      const from = first + at / PROJECTED - chunk * size;
      const end = Math.min(rows.length, at + (size - from) * PROJECTED);
      session.state.write(patchesName(chunk), from * PROJECTED, rows.subarray(at, end));
      at = end;
    }
    for (const [i, start] of starts.entries()) {
      const at = (start - first) * PROJECTED;
      if (at >= 0 && at < rows.length) points.set(rows.subarray(at, at + PROJECTED), i * PROJECTED);
    }
  };
  const all = await passOver({
    session,
    label: 'projection',
    images: options.images,
    batch: config.batch,
    others: options.others,
    graphAt: (batch) =>
      projectionOf(memoryPlan({ ...config, batch }, layouts, options.inputs.source).outputs.get('rows')!),
    load: options.inputs.at,
    constants: { projection },
    take(out, first, count) {
      const projected = out.get('projected') as Float32Array;
      const rows = projected.subarray(0, count * perImage * PROJECTED);
      refuseNonFinite('memory', `the patches of images ${first} to ${first + count - 1}`, rows);
      put(first * perImage, rows);
      report(first + count);
    },
    signal: options.signal,
  });
  return all ? { chunks, size, points } : null;
}

/** As few chunks as bindings allow. */
export function chunksOf(patches: number, maxBindingBytes: number): { size: number; chunks: number[] } {
  const size = Math.floor(maxBindingBytes / (4 * PROJECTED));
  const chunks = Array.from({ length: Math.ceil(patches / size) }, (_, i) =>
    Math.min(size, patches - i * size),
  );
  return { size, chunks };
}

/** The vectors of the picked patches, computed again; batches without any are skipped. */
async function keepPicked(
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  options: CoresetOptions,
  picked: Int32Array,
  { perImage, width }: PatchRows,
  report: (done: number) => void,
): Promise<Float32Array | null> {
  const order = [...picked.keys()].sort((a, b) => picked[a]! - picked[b]!);
  const kept = new Float32Array(picked.length * width);
  let next = 0;
  const patchOf = (at: number): number => picked[order[at]!]!;
  const all = await passOver({
    session,
    label: 'memory',
    images: options.images,
    batch: config.batch,
    others: options.others,
    graphAt: (batch) => memoryPlan({ ...config, batch }, layouts, options.inputs.source),
    load: options.inputs.at,
    skips: (first, count) => next === order.length || patchOf(next) >= (first + count) * perImage,
    take(out, first, count) {
      const vectors = out.get('rows') as Float32Array;
      for (; next < order.length && patchOf(next) < (first + count) * perImage; next++) {
        const at = (patchOf(next) - first * perImage) * width;
        kept.set(vectors.subarray(at, at + width), order[next]! * width);
      }
      report(first + count);
    },
    signal: options.signal,
  });
  return all ? kept : null;
}

function releasePatches(session: Session, patches: number): void {
  const { chunks } = chunksOf(patches, session.gpu.facts.maxBindingBytes);
  for (const i of chunks.keys()) session.state.delete(patchesName(i));
}
