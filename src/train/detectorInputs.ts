import { FileError } from '../errors.ts';
import type { Sizes, StepSource } from '../run/detectorParts.ts';
import { frozenName, frozenShapes, type RunLayouts } from '../run/networkLayouts.ts';
import type { OtherPlans } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import { product } from '../shape.ts';
import { frozenPlan } from './detectorPlans.ts';
import { type FeatureStore, memoryStore, type Widths } from './featureStore.ts';
import { passOver } from './planPass.ts';

/** What the detector's plans read for a set of training images, by their indices. */
export interface DetectorInputs {
  readonly source: StepSource;
  at(indices: readonly number[]): Promise<Record<string, NumberArray>>;
  /** Lets go of cached features; may be called again. */
  close(): Promise<void>;
}

/** What is trained on: images, or the tiles that they are cut into. */
export interface TrainingImages {
  readonly count: number;
  /** Normalised, [indices, 3, S, S], S the side that the networks see. */
  load(indices: readonly number[]): Promise<Float32Array>;
}

/** Bytes that the encoder's features of all training images may take. */
export interface FeatureBudget {
  /** In host memory; default 1 GiB. */
  readonly memory?: number;
  /** On disk, where memory does not suffice; default 16 GiB. */
  readonly disk?: number;
}
export const FEATURE_BUDGET = { memory: 2 ** 30, disk: 16 * 2 ** 30 } as const;

/** Makes a store for so many images on disk. @throws FileError where it has no room for them. */
export type StoreOnDisk = (widths: Widths, images: number) => Promise<FeatureStore>;

export interface DetectorInputOptions {
  readonly budget?: FeatureBudget;
  /** Makes a store on disk, which lies there until `close`; absent: there is no disk. */
  readonly onDisk?: StoreOnDisk;
  readonly onBatch: (done: number, of: number) => void;
  /** Told where the features are kept, if not in memory. */
  readonly onNote: (text: string) => void;
  /** Ends the pass over the images after the batch in flight; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** What else the training compiles. */
  readonly others?: OtherPlans;
}

/**
 * Training images are not augmented, so the frozen encoder's features are computed once and kept in memory or on disk
 * if they fit the budget, else recomputed at every step. All three give the same numbers. A method that trains its
 * encoder has nothing to keep (`Detector.frozen`): it always starts at the images.
 */
export async function detectorInputs(
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  { count, load: images }: TrainingImages,
  options: DetectorInputOptions,
): Promise<DetectorInputs> {
  const fromImages: DetectorInputs = {
    source: 'images',
    at: async (indices) => ({ images: await images(indices) }),
    close: async () => {},
  };
  const widths = frozenShapes(config)?.map(product);
  if (!widths) return fromImages;
  let store: FeatureStore | undefined;
  try {
    store = await storeFor(widths, count, options);
    if (!store) return fromImages;
    await fill(store, session, config, layouts, images, { widths, count, ...options });
  } catch (error) {
    await store?.close().catch(() => {});
    // A full or broken disk only makes training slower.
    if (!(error instanceof FileError)) throw error;
    options.onNote(`features are computed anew at every step: ${error.message}`);
    return fromImages;
  }
  const filled = store;
  return {
    source: 'frozen',
    async at(indices) {
      const batch = await filled.take(indices);
      return Object.fromEntries(batch.map((values, tap) => [frozenName(tap), values]));
    },
    close: () => filled.close(),
  };
}

/** Whether the frozen features of so many images fit the budget; false without any. */
export function keepsFeatures(config: Sizes, images: number, budget?: FeatureBudget): boolean {
  const bytes = frozenBytes(config, images);
  const { memory, disk } = { ...FEATURE_BUDGET, ...budget };
  return bytes > 0 && bytes <= Math.max(memory, disk);
}

/** What the frozen features of so many images take; 0 without any. */
export const frozenBytes = (config: Sizes, images: number): number =>
  bytesOf(frozenShapes(config)?.map(product) ?? [], images);

const bytesOf = (widths: readonly number[], images: number): number =>
  4 * images * widths.reduce((sum, width) => sum + width, 0);

async function storeFor(
  widths: readonly number[],
  images: number,
  { budget, onDisk, onNote }: DetectorInputOptions,
): Promise<FeatureStore | undefined> {
  const { memory, disk } = { ...FEATURE_BUDGET, ...budget };
  const bytes = bytesOf(widths, images);
  if (bytes <= memory) return memoryStore(widths, images);
  if (onDisk && bytes <= disk) return onDisk(widths, images);
  onNote(
    `features are computed anew at every step: they take ${gibibytes(bytes)}, more than the ${gibibytes(memory)} of memory${onDisk ? ` and ${gibibytes(disk)} of disk` : ''} that they may`,
  );
  return undefined;
}

const gibibytes = (bytes: number): string => `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;

/** One pass of the encoder over all images. */
async function fill(
  store: FeatureStore,
  session: Session,
  config: Sizes,
  layouts: RunLayouts,
  images: (indices: readonly number[]) => Promise<Float32Array>,
  {
    widths,
    count,
    onBatch,
    signal,
    others,
  }: DetectorInputOptions & { widths: readonly number[]; count: number },
): Promise<void> {
  await passOver({
    session,
    label: 'encoder features',
    images: count,
    batch: config.batch,
    others,
    graphAt: (batch) => frozenPlan({ ...config, batch }, layouts),
    load: async (indices) => ({ images: await images(indices) }),
    async take(out, first, some) {
      await store.put(
        first,
        widths.map((width, tap) => (out.get(frozenName(tap)) as Float32Array).subarray(0, some * width)),
      );
      onBatch(first + some, count);
    },
    signal,
  });
  signal?.throwIfAborted();
}
