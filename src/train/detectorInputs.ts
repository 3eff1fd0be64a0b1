import type { ImageLoader } from '../data/index.ts';
import type { NumberArray } from '../runtime/state.ts';
import { product } from '../shape.ts';
import type { RunConfig } from './config.ts';
import { frozenPlan, type StepSource } from './detectorPlans.ts';
import { compileBatch } from './fitBatch.ts';
import { frozenName, frozenShapes, type RunLayouts } from './layouts.ts';
import type { Session } from './session.ts';

/** What the detector's plans read for a set of training images, by their indices. */
export interface DetectorInputs {
  readonly source: StepSource;
  at(indices: readonly number[]): Promise<Record<string, NumberArray>>;
}

/** Host memory that the frozen features of all training images may take. */
const CACHE_BYTES = 2 ** 30;

/**
 * Training images are not augmented, so what a frozen encoder makes of them is computed once where it fits into `limit`
 * bytes, and from the image at every step where it does not. Both give the same numbers. A method that trains its encoder
 * has nothing to keep (`Detector.frozen`): it always starts at the images.
 */
export async function detectorInputs(
  session: Session,
  config: RunConfig,
  layouts: RunLayouts,
  loader: ImageLoader,
  paths: readonly string[],
  onBatch: (done: number, of: number) => void,
  limit = CACHE_BYTES,
): Promise<DetectorInputs> {
  const images = (indices: readonly number[]): Promise<Float32Array> =>
    loader.loadBatch(indices.map((i) => paths[i]!));
  const widths = frozenShapes(config)?.map(product) ?? [];
  const bytes = 4 * paths.length * widths.reduce((sum, width) => sum + width, 0);
  if (widths.length === 0 || bytes > limit) {
    return { source: 'images', at: async (indices) => ({ images: await images(indices) }) };
  }
  const cached = widths.map((width) => new Float32Array(paths.length * width));
  const executable = await compileBatch(session, {
    label: 'encoder features',
    batch: config.batch,
    least: 2,
    graphsAt: (batch) => [frozenPlan({ ...config, batch }, layouts)],
  });
  for (let first = 0; first < paths.length; first += config.batch) {
    const picked = Array.from({ length: config.batch }, (_, i) => Math.min(first + i, paths.length - 1));
    executable.run({ images: await images(picked) });
    const out = await executable.read();
    const count = Math.min(config.batch, paths.length - first);
    for (const [tap, width] of widths.entries()) {
      const found = out.get(frozenName(tap)) as Float32Array;
      cached[tap]!.set(found.subarray(0, count * width), first * width);
    }
    onBatch(first + count, paths.length);
  }
  executable.destroy();
  return {
    source: 'frozen',
    async at(indices) {
      const batch = widths.map((width) => new Float32Array(indices.length * width));
      for (const [at, i] of indices.entries()) {
        for (const [tap, width] of widths.entries()) {
          batch[tap]!.set(cached[tap]!.subarray(i * width, (i + 1) * width), at * width);
        }
      }
      return Object.fromEntries(batch.map((values, tap) => [frozenName(tap), values]));
    },
  };
}
