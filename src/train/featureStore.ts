/** Keeps the frozen encoder's features of all training images between steps. */

/** Features of one image: one array a tap. */
export type Taps = readonly Float32Array[];

export interface FeatureStore {
  /** Features of the images from `first` on, [images, width] a tap. */
  put(first: number, taps: Taps): Promise<void>;
  /** Features of those images in that order, [indices, width] a tap, in fresh arrays. */
  take(indices: readonly number[]): Promise<Float32Array[]>;
  /** Frees the memory, removes the file. */
  close(): Promise<void>;
}

/** Numbers of a tap for one image, in the order of the taps. */
export type Widths = readonly number[];

export function memoryStore(widths: Widths, images: number): FeatureStore {
  let held = widths.map((width) => new Float32Array(images * width));
  return {
    async put(first, taps) {
      for (const [tap, values] of taps.entries()) held[tap]!.set(values, first * widths[tap]!);
    },
    async take(indices) {
      const batch = widths.map((width) => new Float32Array(indices.length * width));
      for (const [at, i] of indices.entries()) {
        for (const [tap, width] of widths.entries()) {
          batch[tap]!.set(held[tap]!.subarray(i * width, (i + 1) * width), at * width);
        }
      }
      return batch;
    },
    async close() {
      held = [];
    },
  };
}
