/** How images and masks become squares of `size` pixels: resized to `resize`, of which the middle is taken. */
export interface Frame {
  readonly size: number;
  /** Default `size`: the whole image. */
  readonly resize?: number;
  /** Default `pil`, which antialiases; `opencv` does not. Masks are always resized as Pillow does. */
  readonly resample?: Resample;
}

export const RESAMPLES = ['pil', 'opencv'] as const;
export type Resample = (typeof RESAMPLES)[number];

/** The frame that a side alone means: the whole image at that size. */
export const frameOf = (frame: number | Frame): Required<Frame> =>
  typeof frame === 'number'
    ? { size: frame, resize: frame, resample: 'pil' }
    : { size: frame.size, resize: frame.resize ?? frame.size, resample: frame.resample ?? 'pil' };

/** The middle `size` x `size` of interleaved values [resize, resize, channels], as torchvision's CenterCrop has it. */
export function cropMiddle(
  data: Uint8Array,
  { size, resize }: Pick<Required<Frame>, 'size' | 'resize'>,
  channels: number,
): Uint8Array {
  if (size === resize) return data;
  const first = Math.round((resize - size) / 2);
  const cropped = new Uint8Array(size * size * channels);
  for (let row = 0; row < size; row++) {
    const from = ((first + row) * resize + first) * channels;
    cropped.set(data.subarray(from, from + size * channels), row * size * channels);
  }
  return cropped;
}
