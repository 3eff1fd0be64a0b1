/** A pass over images in order; the last batch is filled up with repetitions of the last image. */
export interface ImagePass<Input> {
  readonly images: number;
  readonly batch: number;
  /** Reads or decodes what the plan is run on, by the images' numbers. */
  load(indices: readonly number[]): Promise<Input>;
  /** Processes `count` images from `first` on; the last batch may hold repeated images beyond them. */
  run(input: Input, first: number, count: number): Promise<void>;
  /** Whether to skip a batch; default never. Asked once per batch, in order, when those before are done. */
  skips?(first: number, count: number): boolean;
  readonly signal?: AbortSignal;
}

/** The next batch is read or decoded while the device works on this one. False where the signal stopped it. */
export async function passOver<Input>(pass: ImagePass<Input>): Promise<boolean> {
  const { images, batch, load, run, skips, signal } = pass;
  const loadFrom = (first: number): Promise<Input> => {
    const loading = load(Array.from({ length: batch }, (_, i) => Math.min(first + i, images - 1)));
    // A failure is thrown where the batch is awaited; if the device fails first, it is never awaited.
    loading.catch(() => {});
    return loading;
  };
  let ahead: { readonly first: number; readonly input: Promise<Input> } | undefined;
  for (let first = 0; first < images; first += batch) {
    if (signal?.aborted) return false;
    const count = Math.min(batch, images - first);
    if (skips?.(first, count)) continue;
    const input = await (ahead?.first === first ? ahead.input : loadFrom(first));
    const next = first + batch;
    ahead = !skips && next < images ? { first: next, input: loadFrom(next) } : undefined;
    await run(input, first, count);
  }
  return true;
}
