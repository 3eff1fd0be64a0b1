import type { Graph } from '../graph/graph.ts';
import { detectorIn } from '../methods/detectors.ts';
import { refuseNonFinite } from '../nn/finiteTensors.ts';
import type { NamedTensor, StateDict } from '../nn/init.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { modelOf } from '../run/config.ts';
import type { Sizes } from '../run/detectorParts.ts';
import type { ModelConfig, PartLayout, RunLayouts } from '../run/networkLayouts.ts';
import type { RunStore } from '../run/runStore.ts';
import type { RunConfig } from '../run/settings.ts';
import type { OtherPlans } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import { product } from '../shape.ts';
import { greedyCoreset, randomCoreset } from './coreset.ts';
import type { Picks } from './coresetPicks.ts';
import { loadPicks, savePicks } from './coresetState.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import { memoryPlan } from './detectorPlans.ts';
import { passOver } from './planPass.ts';

/** The parts that a method's memory fills. */
export const memoryParts = ({ parts }: RunLayouts): PartLayout[] =>
  parts.filter(({ start }) => start === 'memory');

/** Rows of the method's memory for so many training images; undefined for a method without a memory. */
export function memoryRows(
  config: ModelConfig & Pick<RunConfig, 'coresetFraction'>,
  images: number,
): number | undefined {
  const { memory } = detectorIn(config);
  if (!memory) return undefined;
  const model = modelOf(config);
  if (memory.kind === 'mean') return memory.rows(model, images);
  const { fraction, patches } = memory;
  return Math.max(1, Math.floor(images * patches(model) * (config.coresetFraction ?? fraction)));
}

type MemoryConfig = Sizes & Pick<RunConfig, 'seed' | 'memoryRows' | 'coreset'>;

export interface MemoryOptions {
  readonly inputs: DetectorInputs;
  /** How many training images there are. */
  readonly images: number;
  readonly store: RunStore;
  readonly resume: boolean;
  /** Hashes that its file may carry; the first is written (`hashesOf`). */
  readonly hashes: readonly string[];
  readonly signal?: AbortSignal;
  /** Seconds between savings of a coreset's picks; default 30. */
  readonly saveEvery?: number;
  readonly onBatch: (done: number, of: number) => void;
  /** What else the training compiles. */
  readonly others?: OtherPlans;
}

/**
 * Puts the method's memory on the device, computed by passes over the training images with the untrained parts. A file
 * keeps the result until the run is finished, so that resuming does not repeat the passes. False where a signal stopped
 * them; they then start again, but for the picks of a greedy coreset, which are kept.
 */
export async function loadMemory(
  session: Session,
  config: MemoryConfig,
  layouts: RunLayouts,
  options: MemoryOptions,
): Promise<boolean> {
  const { store } = options;
  const kept = options.resume ? await store.read('memory').catch(() => null) : null;
  let tensors: StateDict | undefined = options.hashes.includes(kept?.metadata.get('configHash') ?? '')
    ? kept?.tensors
    : undefined;
  if (!tensors) {
    const filled = await fillMemory(session, config, layouts, options);
    if (!filled) return false;
    for (const [name, { data }] of filled) refuseNonFinite('memory', name, data);
    tensors = filled;
    await store.write('memory', tensors, { configHash: options.hashes[0]! });
    await store.remove('coreset');
  }
  for (const part of memoryParts(layouts)) session.load(part, tensors, store.pathOf('memory'));
  return true;
}

async function fillMemory(
  session: Session,
  config: MemoryConfig,
  layouts: RunLayouts,
  options: MemoryOptions,
): Promise<StateDict | null> {
  const specs = memoryParts(layouts).flatMap(({ parameters, buffers }) => [
    ...parameters.specs,
    ...buffers.specs,
  ]);
  if (detectorIn(config).memory!.kind === 'mean') {
    return new Map([[specs[0]!.name, await meanRows(session, config, layouts, options)]]);
  }
  const rows = config.memoryRows!;
  const shared = { ...options, rows, onProgress: options.onBatch };
  const coreset =
    config.coreset === 'random'
      ? await randomCoreset(session, config, layouts, shared)
      : await greedyCoreset(session, config, layouts, { ...shared, ...(await keptPicks(rows, options)) });
  return coreset && inParts(specs, coreset.rows);
}

/** The picks that a greedy coreset resumes from, and how it saves them: now and then, at the end, and when it is stopped. */
async function keptPicks(rows: number, { store, resume, hashes, signal, saveEvery = 30 }: MemoryOptions) {
  let saved = performance.now();
  return {
    from: resume ? await loadPicks(store, hashes) : null,
    async onPicks(picks: Picks) {
      const due = performance.now() - saved > saveEvery * 1000;
      if (!due && !signal?.aborted && picks.picked.length < rows) return;
      await savePicks(store, picks, hashes[0]!);
      saved = performance.now();
    },
  };
}

/** Splits the rows over the parts in order. */
function inParts(specs: readonly ParameterSpec[], rows: Float32Array): StateDict {
  let from = 0;
  return new Map(
    specs.map(({ name, shape }) => {
      from += product(shape);
      return [name, { shape, data: rows.subarray(from - product(shape), from) }];
    }),
  );
}

/** Mean over all images of the rows that each contributes. */
async function meanRows(
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  { inputs, images, onBatch, others }: MemoryOptions,
): Promise<NamedTensor> {
  const graphAt = (batch: number): Graph => memoryPlan({ ...config, batch }, layouts, inputs.source);
  const [, ...shape] = graphAt(config.batch).outputs.get('rows')!.shape;
  const width = product(shape);
  const sums = new Float64Array(width);
  await passOver({
    session,
    label: 'memory',
    images,
    batch: config.batch,
    graphAt,
    others,
    load: inputs.at,
    take(out, first, count) {
      const rows = out.get('rows')!;
      for (let i = 0; i < count * width; i++) sums[i % width]! += rows[i]!;
      onBatch(first + count, images);
    },
  });
  return { shape, data: Float32Array.from(sums, (sum) => sum / images) };
}
