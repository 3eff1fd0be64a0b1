import { expect, it } from 'vitest';
import type { Pixels } from '../../src/data/pilResize.ts';
import { pictureBatch } from '../../tools/distill/batch.ts';
import { drawCrop, photographOf } from '../../tools/distill/crops.ts';
import { expose } from '../../tools/distill/exposure.ts';
import { seeded, testRandom } from '../seed.ts';

/** Red rises from left to right, green from top to bottom, blue is the same everywhere. */
function ramp(width: number, height: number): Pixels {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[at++] = Math.round((255 * x) / (width - 1));
      data[at++] = Math.round((255 * y) / (height - 1));
      data[at++] = 77;
    }
  }
  return { width, height, channels: 3, layout: 'interleaved', data };
}

const SIZE = 32;
const PLANE = SIZE * SIZE;
const photographs = [ramp(331, 200), ramp(97, 400)].map(photographOf);

it('a photograph is kept with its halves, the largest of at most 1536 pixels on its shorter side', () => {
  const sides = photographOf(ramp(1600, 1537)).map(({ width, height }) => [width, height]);
  expect(sides).toEqual([
    [1599, 1536],
    [800, 768],
    [400, 384],
    [200, 192],
    [100, 96],
    [50, 48],
  ]);
});

it('a crop is a turned and slightly stretched square of the photograph', () => {
  const photograph = photographOf(ramp(600, 400));
  const random = testRandom();
  const crop = new Float32Array(3 * PLANE);
  const reach = 12;
  for (let n = 0; n < 60; n++) {
    drawCrop(photograph, random, SIZE, crop);
    const at = (c: number, y: number, x: number): number => crop[c * PLANE + y * SIZE + x]!;
    const middle = SIZE / 2;
    /** How far apart two places lie in the photograph, for each pixel between them in the crop. */
    const apart = (y: number, x: number): [number, number] => {
      const difference = (c: number): number => at(c, middle + y, middle + x) - at(c, middle - y, middle - x);
      return [(difference(0) * 599) / (2 * reach), (difference(1) * 399) / (2 * reach)];
    };
    const [right, down] = [apart(0, reach), apart(reach, 0)];
    const [wide, high] = [Math.hypot(...right), Math.hypot(...down)];
    expect(Math.sqrt(wide * high)).toBeGreaterThan(0.9 / 1.5);
    expect(Math.sqrt(wide * high)).toBeLessThan((1.1 * 400) / SIZE);
    expect(Math.abs(Math.log(wide / high))).toBeLessThan(0.45);
    expect(Math.abs((right[0] * down[0] + right[1] * down[1]) / (wide * high))).toBeLessThan(0.25);
  }
});

it('crops show all of a photograph, mirrored and not', () => {
  const photograph = photographOf(ramp(300, 300));
  const random = testRandom();
  const crop = new Float32Array(3 * PLANE);
  const [reds, hands] = [new Set<number>(), new Set<number>()];
  for (let n = 0; n < 80; n++) {
    drawCrop(photograph, random, SIZE, crop);
    for (const red of crop.subarray(0, PLANE)) reds.add(Math.round(red * 10));
    const slope = (c: number, step: number): number =>
      crop[c * PLANE + PLANE / 2 + SIZE / 2 + 8 * step]! - crop[c * PLANE + PLANE / 2 + SIZE / 2 - 8 * step]!;
    hands.add(Math.sign(slope(0, 1) * slope(1, SIZE) - slope(1, 1) * slope(0, SIZE)));
  }
  expect(reds.size).toBe(11);
  expect(hands).toEqual(new Set([-1, 1]));
});

it('an exposure stays within [0, 1] and finite, and about half of them are grey', () => {
  const random = testRandom();
  let grey = 0;
  for (let n = 0; n < 200; n++) {
    const image = Float32Array.from({ length: 3 * 8 * 8 }, () => random.next());
    expose(image, random, 8);
    expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
    const [red, blue] = [image.subarray(0, 64), image.subarray(128)];
    if (red.every((value, i) => value === blue[i])) grey++;
  }
  expect(grey).toBeGreaterThan(60);
  expect(grey).toBeLessThan(140);
});

it('a picture that is the same everywhere stays so but for its light and its noise', () => {
  const random = testRandom();
  const flat = Array.from({ length: 60 }, () => {
    const image = new Float32Array(3 * PLANE).fill(random.between(0.2, 0.8));
    expose(image, random, SIZE);
    // Light and gamma are smooth: neighbours differ by noise alone.
    return Math.max(...image.subarray(1, SIZE).map((value, i) => Math.abs(value - image[i]!)));
  });
  expect(flat.filter((difference) => difference < 0.03).length).toBeGreaterThan(25);
});

it('a batch of pictures depends on its step and its photographs alone', () => {
  const step = seeded('step of pictures').integer(1000);
  const batch = pictureBatch(photographs, step, 6, SIZE);
  expect(pictureBatch(photographs, step, 6, SIZE)).toEqual(batch);
  expect(pictureBatch(photographs, step + 1, 6, SIZE)).not.toEqual(batch);
  expect(pictureBatch(photographs.toReversed(), step, 6, SIZE)).not.toEqual(batch);
  expect(Math.min(...batch)).toBeGreaterThanOrEqual(-2.2);
  expect(Math.max(...batch)).toBeLessThanOrEqual(2.7);
});
