import { refuseExtra } from '../options.ts';

/** Means of ImageNet's red, green and blue, of values in 0 to 1. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
/** Standard deviations of the same. */
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/** 8-bit RGB planes to ImageNet-normalised floats, into `out` at `offset` if given. */
export function normalize(
  pixels: Uint8Array,
  out: Float32Array = new Float32Array(pixels.length),
  offset = 0,
  ...extra: never[]
): Float32Array {
  refuseExtra('normalize', extra);
  const plane = pixels.length / 3;
  for (let c = 0; c < 3; c++) {
    const table = NORMALIZED[c]!;
    for (let i = c * plane; i < (c + 1) * plane; i++) out[offset + i] = table[pixels[i]!]!;
  }
  return out;
}

/** In float32 steps, as torchvision's ToTensor and Normalize take them. */
const NORMALIZED = IMAGENET_MEAN.map((mean, c) =>
  Float32Array.from({ length: 256 }, (_, value) => {
    const centred = Math.fround(Math.fround(value / 255) - Math.fround(mean));
    return centred / Math.fround(IMAGENET_STD[c]!);
  }),
);
