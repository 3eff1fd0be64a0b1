import type { Graph } from '../graph/graph.ts';
import { compileBatch, type OtherPlans } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import { range } from '../shape.ts';

type Arrays = Readonly<Record<string, NumberArray>>;

/** A pass of a plan over images in order; the last batch is filled up with repetitions of the last image. */
export interface PlanPass {
  readonly session: Session;
  /** The plan's name in errors. */
  readonly label: string;
  readonly images: number;
  readonly batch: number;
  graphAt(batch: number): Graph;
  /** What else the work compiles for this batch; absent: nothing. */
  readonly others?: OtherPlans | undefined;
  /** Reads or decodes what the plan is run on, by the images' numbers. */
  load(indices: readonly number[]): Promise<Arrays>;
  /** What the plan is given in each batch beside the images. */
  readonly constants?: Arrays;
  /** Takes the outputs for `count` images from `first` on; the last batch may hold repeated images beyond them. */
  take(out: ReadonlyMap<string, NumberArray>, first: number, count: number): void | Promise<void>;
  /** Whether to skip a batch; default never. Asked once per batch, in order, when those before are done. */
  skips?(first: number, count: number): boolean;
  readonly signal?: AbortSignal;
}

/**
 * Runs the plan on all images, reading or decoding the next batch while the device works on this one. False where the
 * signal stopped it.
 * @throws LimitError where the batch does not fit, naming the largest that would.
 */
export async function passOver(pass: PlanPass): Promise<boolean> {
  const { session, label, images, batch, load, constants, take, skips, signal, others } = pass;
  // Plans of training trace batch norms, which need two images.
  const graphsAt = (size: number): Graph[] => [pass.graphAt(size)];
  const executable = await compileBatch(session, { label, batch, least: 2, graphsAt, others });
  const loadFrom = (first: number): Promise<Arrays> => {
    const loading = load(range(batch).map((i) => Math.min(first + i, images - 1)));
    // A failure is thrown where the batch is awaited; if the device fails first, it is never awaited.
    loading.catch(() => {});
    return loading;
  };
  let ahead: { readonly first: number; readonly input: Promise<Arrays> } | undefined;
  try {
    for (let first = 0; first < images; first += batch) {
      if (signal?.aborted) return false;
      const count = Math.min(batch, images - first);
      if (skips?.(first, count)) continue;
      const input = await (ahead?.first === first ? ahead.input : loadFrom(first));
      const next = first + batch;
      ahead = !skips && next < images ? { first: next, input: loadFrom(next) } : undefined;
      executable.run(constants ? { ...input, ...constants } : input);
      await take(await executable.read(), first, count);
    }
    return true;
  } finally {
    executable.destroy();
  }
}
