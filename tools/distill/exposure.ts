import { RandomStream } from '../../src/random.ts';

/** How often an exposure is grey: images of inspection often are. */
const GREY = 0.5;
const INVERTED = 0.15;
/** How often nearly all pixels become the darkest or the brightest, as on scanned boards and film. */
const STARK = 0.08;
const BLURRED = 0.35;
const NOISY = 0.5;
/** Steps of brightness that gamma is looked up for. */
const TONES = 2048;

/**
 * Exposes `image` [3, size, size], values in [0, 1], in place: grey or with mixed colours, another contrast, brightness and
 * gamma, light that falls off to one side, at times inverted, stark, out of focus or noisy.
 */
export function expose(image: Float32Array, random: RandomStream, size: number): void {
  const grey = random.next() < GREY;
  if (grey) makeGrey(image, random, size);
  else mixColours(image, random, size);
  setTone(image, random, size);
  if (random.next() < BLURRED) blur(image, size, random.between(0.4, 1.8));
  if (random.next() < NOISY) addNoise(image, 0.08 * random.next() ** 2, grey, random);
}

function makeGrey(image: Float32Array, random: RandomStream, size: number): void {
  const weights = [random.between(0.1, 1), random.between(0.1, 1), random.between(0.1, 1)] as const;
  const total = weights[0] + weights[1] + weights[2];
  const plane = size * size;
  for (let at = 0; at < plane; at++) {
    const red = image[at]! * weights[0];
    const grey = (red + image[plane + at]! * weights[1] + image[2 * plane + at]! * weights[2]) / total;
    for (let c = 0; c < 3; c++) image[c * plane + at] = grey;
  }
}

function mixColours(image: Float32Array, random: RandomStream, size: number): void {
  // Row by row: how much of red, green and blue each new channel has.
  const mix = Float64Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 1 : 0) + 0.15 * random.normal());
  const plane = size * size;
  for (let at = 0; at < plane; at++) {
    const red = image[at]!;
    const green = image[plane + at]!;
    const blue = image[2 * plane + at]!;
    for (let c = 0; c < 3; c++) {
      image[c * plane + at] = mix[3 * c]! * red + mix[3 * c + 1]! * green + mix[3 * c + 2]! * blue;
    }
  }
}

function setTone(image: Float32Array, random: RandomStream, size: number): void {
  const plane = size * size;
  let middle = 0;
  for (const value of image) middle += value / image.length;
  const stark = random.next() < STARK;
  const contrast = stark ? random.between(6, 25) : Math.exp(random.between(-0.9, 0.6));
  const centre = stark ? 0.5 : Math.min(0.9, Math.max(0.1, middle + random.between(-0.25, 0.25)));
  const gamma = Math.exp(random.between(-0.5, 0.5));
  const sign = random.next() < INVERTED ? -1 : 1;
  const [slopeX, slopeY] = [random.between(-0.3, 0.3), random.between(-0.3, 0.3)];
  const toned = Float32Array.from({ length: TONES + 1 }, (_, i) => (i / TONES) ** gamma);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at++) {
      const light = 1 + slopeX * (x / size - 0.5) + slopeY * (y / size - 0.5);
      for (let c = 0; c < 3; c++) {
        const value = (sign * contrast * (image[c * plane + at]! - middle) + centre) * light;
        image[c * plane + at] = toned[Math.round(TONES * Math.min(1, Math.max(0, value)))]!;
      }
    }
  }
}

/** Gaussian of `sigma` pixels, separable; edges repeat. */
function blur(image: Float32Array, size: number, sigma: number): void {
  const reach = Math.ceil(2.5 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const line = new Float32Array(size + 2 * reach);
  const along = (start: number, step: number): void => {
    for (let i = 0; i < line.length; i++) {
      line[i] = image[start + Math.min(size - 1, Math.max(0, i - reach)) * step]!;
    }
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * line[i + k]!;
      image[start + i * step] = sum / total;
    }
  };
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < size; i++) along(c * size * size + i * size, 1);
    for (let i = 0; i < size; i++) along(c * size * size + i, size);
  }
}

/** Normal numbers that all noise is read from, each image from another place on: drawing them anew took most of a crop's time. */
const NORMALS = ((): Float32Array => {
  const random = new RandomStream(0x6e6f6973);
  return Float32Array.from({ length: (1 << 16) + 1 }, () => random.normal());
})();

/** Where it is `grey`, all channels have the same noise. */
function addNoise(image: Float32Array, amount: number, grey: boolean, random: RandomStream): void {
  const plane = image.length / 3;
  const first = random.integer(NORMALS.length);
  for (let c = 0, i = 0; c < 3; c++) {
    let at = first + (grey ? 0 : c * plane);
    for (let end = i + plane; i < end; i++, at++) {
      const noise = NORMALS[at % NORMALS.length]!;
      image[i] = Math.min(1, Math.max(0, image[i]! + amount * noise));
    }
  }
}
