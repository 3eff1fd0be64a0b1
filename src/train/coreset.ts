/**
 * The coreset of a memory (methods.md 8.1, step 4), for millions of patches: the device keeps their 128 projected
 * numbers. The full vectors are computed twice, to project them and again to keep the picked ones, so that they are
 * never all stored. The result depends on the seed alone.
 */
import { RandomStream } from '../random.ts';
import type { Sizes } from '../run/detectorParts.ts';
import type { RunLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import { compileBatch } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import {
  CHUNK_STEP,
  columnsName,
  distancesName,
  MOST_COLUMNS,
  PICKS,
  PROJECTED,
  pickPlan,
  projectionOf,
  STARTS,
  startPlan,
} from './coresetPlans.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import { memoryPlan } from './detectorPlans.ts';
import { passOver } from './imagePass.ts';

/** What the choice depends on beside the patches. */
export interface CoresetStart {
  /** [128, C]. */
  readonly projection: Float32Array;
  /** Indices of the patches that the first distances are measured from. */
  readonly starts: readonly number[];
}

/** Streams of the seed that belong to this. */
const PROJECTION_STREAM = 0xc05e_0000;
const START_STREAM = 0xc05e_0001;

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
}

export interface Coreset {
  /** Patches in the order in which they were picked, as image x patches per image + position. */
  readonly picked: Int32Array;
  /** Their vectors [rows, C]. */
  readonly rows: Float32Array;
}

/** Null where the signal stopped it. */
export async function greedyCoreset(
  session: Session,
  config: Sizes & Pick<RunConfig, 'seed'>,
  layouts: RunLayouts,
  options: CoresetOptions,
): Promise<Coreset | null> {
  const { images, rows, onProgress } = options;
  const of = 2 * images + rows;
  const report = (done: number): void => onProgress?.(done, of);
  const graph = memoryPlan(config, layouts, options.inputs.source);
  const [, perImage, width] = graph.outputs.get('rows')!.shape as [number, number, number];
  const start = options.start ?? coresetStart(config.seed, width, images * perImage);
  const columns = await projectPatches(session, config, layouts, options, start, perImage, report);
  if (!columns) return null;
  const picked = await pickFarthest(session, columns, rows, options.signal, (done) => report(images + done));
  columns.release();
  if (!picked) return null;
  const kept = await keepPicked(session, config, layouts, options, picked, perImage, (done) =>
    report(images + rows + done),
  );
  return kept && { picked, rows: kept };
}

/** The projected patches on the device, in chunks. */
interface Columns {
  readonly chunks: readonly number[];
  /** Columns of a full chunk. */
  readonly size: number;
  readonly patches: number;
  /** [starts, 128]. */
  readonly points: Float32Array<ArrayBuffer>;
  release(): void;
}

async function projectPatches(
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  options: CoresetOptions,
  { projection, starts }: CoresetStart,
  perImage: number,
  report: (done: number) => void,
): Promise<Columns | null> {
  const patches = options.images * perImage;
  const { size, chunks } = chunksOf(patches, session.gpu.facts.maxBindingBytes);
  const points = new Float32Array(starts.length * PROJECTED);
  const executable = await compileBatch(session, {
    label: 'projection',
    batch: config.batch,
    least: 2,
    graphsAt: (batch) => [
      projectionOf(memoryPlan({ ...config, batch }, layouts, options.inputs.source).outputs.get('rows')!),
    ],
  });
  // Filled column by column and sent when full: the host holds one chunk.
  let chunk = -1;
  let current = new Float32Array(0);
  const send = (): void => {
    if (chunk >= 0) session.state.set(columnsName(chunk), current, [PROJECTED, chunks[chunk]!]);
  };
  const put = (patch: number, projected: Float32Array, at: number, stride: number): void => {
    if (patch % size === 0) {
      send();
      chunk += 1;
      current = new Float32Array(PROJECTED * chunks[chunk]!);
    }
    const length = chunks[chunk]!;
    for (let i = 0; i < PROJECTED; i++) current[i * length + (patch % size)] = projected[i * stride + at]!;
    const start = starts.indexOf(patch);
    for (let i = 0; start >= 0 && i < PROJECTED; i++) {
      points[start * PROJECTED + i] = projected[i * stride + at]!;
    }
  };
  const columns: Columns = {
    chunks,
    size,
    patches,
    points,
    release() {
      for (const i of chunks.keys()) {
        session.state.delete(columnsName(i));
        session.state.delete(distancesName(i));
      }
    },
  };
  try {
    const all = await passOver({
      images: options.images,
      batch: config.batch,
      load: options.inputs.at,
      async run(input, first, count) {
        executable.run({ ...input, projection });
        const projected = (await executable.read()).get('projected') as Float32Array;
        const stride = config.batch * perImage;
        for (let i = 0; i < count * perImage; i++) put(first * perImage + i, projected, i, stride);
        report(first + count);
      },
      signal: options.signal,
    });
    if (!all) {
      columns.release();
      return null;
    }
    send();
  } finally {
    executable.destroy();
  }
  return columns;
}

/** As few chunks as bindings allow, the last rounded up to whole groups. */
export function chunksOf(patches: number, maxBindingBytes: number): { size: number; chunks: number[] } {
  const most = Math.min(MOST_COLUMNS, Math.floor(maxBindingBytes / (4 * PROJECTED)));
  const size = Math.floor(most / CHUNK_STEP) * CHUNK_STEP;
  const chunks = Array.from({ length: Math.ceil(patches / size) }, (_, i) =>
    Math.min(size, Math.ceil((patches - i * size) / CHUNK_STEP) * CHUNK_STEP),
  );
  return { size, chunks };
}

async function pickFarthest(
  session: Session,
  { chunks, size, patches, points }: Columns,
  rows: number,
  signal: AbortSignal | undefined,
  report: (done: number) => void,
): Promise<Int32Array | null> {
  for (const [i, length] of chunks.entries()) {
    session.state.set(distancesName(i), new Float32Array(length), [length]);
    const graph = startPlan(i, length, points.length / PROJECTED);
    const executable = await session.compile('coreset start', graph);
    executable.run({
      points,
      real: Float32Array.from({ length }, (_, at) => Number(i * size + at < patches)),
    });
    executable.destroy();
  }
  const executable = await session.compile('coreset', pickPlan(chunks));
  try {
    const picked = new Int32Array(rows);
    for (let done = 0; done < rows; done += PICKS) {
      if (signal?.aborted) return null;
      executable.run({});
      const found = (await executable.read()).get('picked') as Float32Array;
      const count = Math.min(PICKS, rows - done);
      for (let i = 0; i < count; i++) picked[done + i] = found[2 * i]! * size + found[2 * i + 1]!;
      report(done + count);
    }
    return picked;
  } finally {
    executable.destroy();
  }
}

/** The vectors of the picked patches, computed again; batches without any are skipped. */
async function keepPicked(
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  options: CoresetOptions,
  picked: Int32Array,
  perImage: number,
  report: (done: number) => void,
): Promise<Float32Array | null> {
  const order = [...picked.keys()].sort((a, b) => picked[a]! - picked[b]!);
  const executable = await compileBatch(session, {
    label: 'memory',
    batch: config.batch,
    least: 2,
    graphsAt: (batch) => [memoryPlan({ ...config, batch }, layouts, options.inputs.source)],
  });
  const width = executable.plan.outputs.get('rows')!.shape[2]!;
  const kept = new Float32Array(picked.length * width);
  let next = 0;
  const patchOf = (at: number): number => picked[order[at]!]!;
  try {
    const all = await passOver({
      images: options.images,
      batch: config.batch,
      load: options.inputs.at,
      skips: (first, count) => next === order.length || patchOf(next) >= (first + count) * perImage,
      async run(input, first, count) {
        executable.run(input);
        const vectors = (await executable.read()).get('rows') as Float32Array;
        for (; next < order.length && patchOf(next) < (first + count) * perImage; next++) {
          const at = (patchOf(next) - first * perImage) * width;
          kept.set(vectors.subarray(at, at + width), order[next]! * width);
        }
        report(first + count);
      },
      signal: options.signal,
    });
    return all ? kept : null;
  } finally {
    executable.destroy();
  }
}
