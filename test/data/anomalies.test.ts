import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AUGMENTATIONS, type AugmentationName, drawAugmentations } from '../../src/data/anomalies/augment.ts';
import { perlinMask, perlinNoise } from '../../src/data/anomalies/perlin.ts';
import {
  type AnomalyJob,
  drawAnomaly,
  planAnomaly,
  proceduralTexture,
} from '../../src/data/anomalies/sample.ts';
import { turned, turnedPixels } from '../../src/data/anomalies/turn.ts';
import { RandomStream } from '../../src/random.ts';

const SIDE = 64;
const PLANE = SIDE * SIDE;
const noise = (seed: number): Uint8Array => {
  const random = new RandomStream(seed, 1);
  return Uint8Array.from({ length: 3 * PLANE }, () => random.integer(256));
};
const pixels = noise(5);
const hash = (...parts: Uint8Array[]): string => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest('hex').slice(0, 16);
};
/** `toEqual` takes a second for as many bytes. */
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe('Perlin noise', () => {
  it('Perlin noise is zero at the corners of its grid and smooth between', () => {
    const field = perlinNoise(new RandomStream(1, 1), SIDE, 4, 8);
    for (let row = 0; row < SIDE; row += SIDE / 4) {
      for (let column = 0; column < SIDE; column += SIDE / 8) {
        expect(Math.abs(field[row * SIDE + column]!)).toBeLessThan(1e-12);
      }
    }
    // Gradients have length 1: no steeper than a few of them over one pixel.
    const steps = Array.from(field.subarray(1), (value, i) =>
      (i + 1) % SIDE === 0 ? 0 : Math.abs(value - field[i]!),
    );
    expect(Math.max(...steps)).toBeLessThan((4 * 8) / SIDE);
  });

  it('Perlin noise has mean 0, and the spread of its definition', () => {
    const random = new RandomStream(2, 1);
    const cells = 8;
    const all = Array.from({ length: 60 }, () => [...perlinNoise(random, SIDE, cells, cells)]).flat();
    expect(Math.abs(mean(all))).toBeLessThan(0.02);
    // Gradients are independent and of length 1: at an offset d from a corner that weighs w, each adds 2 w^2 |d|^2 / 2.
    const offsets = Array.from({ length: SIDE / cells }, (_, k) => (k * cells) / SIDE);
    const fade = (t: number): number => 6 * t ** 5 - 15 * t ** 4 + 10 * t ** 3;
    const variances = offsets.flatMap((u) =>
      offsets.map((v) =>
        [u, 1 - u].reduce(
          (sum, du) =>
            sum +
            [v, 1 - v].reduce((s, dv) => s + ((1 - fade(du)) * (1 - fade(dv))) ** 2 * (du ** 2 + dv ** 2), 0),
          0,
        ),
      ),
    );
    expect(mean(all.map((value) => value ** 2)) / mean(variances)).toBeCloseTo(1, 1);
    expect(all.every((value) => Math.abs(value) < 1.0001)).toBe(true);
  });

  it('Perlin noise gives masks of every size, most of them a small part of the image', () => {
    const random = new RandomStream(3, 1);
    const shares = Array.from({ length: 400 }, () => mean(perlinMask(random, SIDE)));
    expect(mean(shares)).toBeGreaterThan(0.04);
    expect(mean(shares)).toBeLessThan(0.1);
    expect(Math.max(...shares)).toBeGreaterThan(0.2);
    expect(shares.filter((share) => share === 0).length).toBeGreaterThan(0);
    expect(shares.filter((share) => share === 0).length).toBeLessThan(120);
  });
});

describe('turning', () => {
  it('turning by nothing changes nothing, by a right angle moves pixels exactly', () => {
    expect(same(turnedPixels(pixels, SIDE, 0), pixels)).toBe(true);
    const quarter = turnedPixels(pixels, SIDE, Math.PI / 2);
    for (const [row, column] of [
      [0, 0],
      [3, 60],
      [40, 17],
    ] as const) {
      // Clockwise: the left column becomes the top row.
      expect(quarter[row * SIDE + column]).toBe(pixels[(SIDE - 1 - column) * SIDE + row]);
    }
  });

  it('turning leaves zeros in the corners and the centre where it was', () => {
    const white = new Float32Array(PLANE).fill(1);
    const result = turned(white, SIDE, Math.PI / 4);
    expect([result[0], result[SIDE - 1], result[PLANE - 1]]).toEqual([0, 0, 0]);
    expect(result[(SIDE / 2) * SIDE + SIDE / 2]).toBeCloseTo(1, 6);
    // A square's overlap with itself turned by 45 degrees: 2 sqrt 2 - 2.
    expect(mean(result)).toBeCloseTo(2 * Math.SQRT2 - 2, 2);
  });
});

describe('augmentations', () => {
  const run = (name: AugmentationName, image: Uint8Array, stream = 1): Uint8Array =>
    AUGMENTATIONS[name](image, SIDE, new RandomStream(9, stream));
  const grey = (value: number): Uint8Array => new Uint8Array(3 * PLANE).fill(value);

  it('augmentations are three distinct ones, each as frequent as any other', () => {
    const random = new RandomStream(4, 1);
    const seen = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const names = drawAugmentations(random);
      expect(new Set(names).size).toBe(3);
      for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(Object.keys(AUGMENTATIONS).sort());
    for (const [name, count] of seen) expect(Math.abs(count - 600), name).toBeLessThan(90);
  });

  it('inverting twice changes nothing; solarise inverts what is bright alone', () => {
    expect(same(run('invert', run('invert', pixels)), pixels)).toBe(true);
    expect(same(run('solarise', grey(20)), grey(20))).toBe(true);
    expect(same(run('solarise', grey(200)), grey(55))).toBe(true);
  });

  it('posterise leaves few levels, none brighter than before', () => {
    const result = run('posterise', pixels);
    expect(new Set(result).size).toBeLessThanOrEqual(128);
    expect(result.every((value, i) => value <= pixels[i]!)).toBe(true);
  });

  it('autocontrast and equalise spread a narrow range over all of it', () => {
    const narrow = pixels.map((value) => 100 + (value >> 4));
    for (const name of ['autocontrast', 'equalise'] as const) {
      const result = run(name, narrow);
      expect(Math.min(...result), name).toBe(0);
      expect(Math.max(...result), name).toBe(255);
      expect(same(run(name, grey(90)), grey(90)), `${name} of one level`).toBe(true);
    }
    const evened = run(
      'equalise',
      pixels.map((value) => Math.round(value ** 2 / 255)),
    );
    expect(mean(evened)).toBeGreaterThan(115);
    expect(mean(evened)).toBeLessThan(140);
  });

  it('hue and saturation leave brightness, brightness leaves the colours’ proportions', () => {
    const brightest = (image: Uint8Array, at: number): number =>
      Math.max(image[at]!, image[PLANE + at]!, image[2 * PLANE + at]!);
    const turnedHue = run('hueAndSaturation', pixels);
    const scaled = run('brightness', pixels, 2);
    for (const at of [0, 77, 1234, 4000]) {
      expect(brightest(turnedHue, at)).toBe(brightest(pixels, at));
      const ratio = brightest(scaled, at) / brightest(pixels, at);
      for (let c = 0; c < 3; c++) {
        expect(Math.abs(scaled[c * PLANE + at]! - ratio * pixels[c * PLANE + at]!)).toBeLessThan(1.5);
      }
    }
    expect(same(turnedHue, pixels)).toBe(false);
  });

  it('gamma and sharpness keep what has no contrast to change: black and white, a plain plane', () => {
    expect(same(run('gamma', grey(0)), grey(0))).toBe(true);
    expect(same(run('gamma', grey(255)), grey(255))).toBe(true);
    expect(same(run('sharpness', grey(99)), grey(99))).toBe(true);
  });

  it('augmentations have the bytes they had', () => {
    const hashes = Object.fromEntries(
      (Object.keys(AUGMENTATIONS) as AugmentationName[]).map((name) => [name, hash(run(name, pixels))]),
    );
    expect(hashes).toMatchInlineSnapshot(`
      {
        "autocontrast": "4cff4986ede72e92",
        "brightness": "01ecf9d724af468f",
        "equalise": "505ff6dde97e2bd6",
        "gamma": "6fa2d6774bb8bb59",
        "hueAndSaturation": "e3cddd40bf4bd1a9",
        "invert": "293eeed4a6fb9656",
        "posterise": "560fd7db927bc368",
        "rotate": "8f112674066bf01e",
        "sharpness": "9291f87ffd2676d7",
        "solarise": "8e12ebc034e215f4",
      }
    `);
  });
});

describe('a training sample', () => {
  const common = { path: 'drawn', side: SIDE, pixels };
  const jobOf = (seed: number, number: number): AnomalyJob => ({
    ...common,
    seed,
    number,
    anomalous: planAnomaly(seed, number, 0).anomalous,
  });
  const draw = (seed: number, number: number) => {
    const plan = planAnomaly(seed, number, 0);
    return { plan, ...drawAnomaly(jobOf(seed, number)) };
  };

  it('a training sample depends on seed and number alone', () => {
    const bytes = (number: number): string => hash(...Object.values(drawAnomaly(jobOf(3, number))));
    for (const number of [0, 7]) expect(bytes(number)).toBe(bytes(number));
    expect(hash(draw(3, 1).image, draw(3, 2).image)).not.toBe(hash(draw(4, 1).image, draw(4, 2).image));
  });

  it('a training sample is anomalous half of the time, turned in three of ten cases, with any texture as likely', () => {
    const count = 600;
    const plans = Array.from({ length: count }, (_, number) => planAnomaly(1, number, 5));
    expect(plans.filter(({ anomalous }) => anomalous).length / count).toBeCloseTo(0.5, 1);
    expect(plans.every(({ anomalous, texture }) => (texture !== null) === anomalous)).toBe(true);
    expect(new Set(plans.map(({ texture }) => texture))).toEqual(new Set([null, 0, 1, 2, 3, 4]));
    const samples = Array.from({ length: 100 }, (_, number) => draw(2, number));
    const turnedOnes = samples.filter(({ clean }) => clean !== pixels).length;
    expect(turnedOnes).toBeGreaterThan(17);
    expect(turnedOnes).toBeLessThan(43);
  });

  it('a training sample differs from the clean image within its mask alone, where it is a mixture', () => {
    let changed = 0;
    for (let number = 0; number < 40; number++) {
      const { plan, clean, image, mask } = draw(6, number);
      if (!plan.anomalous) expect(mask.every((value) => value === 0)).toBe(true);
      for (let i = 0; i < image.length; i++) {
        if (mask[i % PLANE]) changed += Number(image[i] !== clean[i]);
        else if (image[i] !== clean[i]) expect.fail(`number ${number}: pixel ${i} is outside the mask`);
      }
    }
    expect(changed).toBeGreaterThan(1000);
  });

  it('a training sample takes the given texture: of two images of one level the blend is another', () => {
    const number = [...Array(50).keys()].find(
      (n) => planAnomaly(0, n, 1).anomalous && mean(draw(0, n).mask) > 0.02,
    )!;
    const job = { seed: 0, number, anomalous: true, ...common };
    const one = drawAnomaly({ ...job, texture: noise(8) });
    const other = drawAnomaly({ ...job, texture: noise(9) });
    expect(same(one.mask, other.mask)).toBe(true);
    expect(same(one.image, other.image)).toBe(false);
  });

  it('a training sample has the bytes it had', () => {
    const samples = Array.from({ length: 12 }, (_, number) => draw(0, number));
    expect(hash(...samples.map(({ image }) => image))).toMatchInlineSnapshot(`"b876d21c39653811"`);
    expect(hash(...samples.map(({ mask }) => mask))).toMatchInlineSnapshot(`"2a2703184d176ac9"`);
    expect(hash(proceduralTexture(new RandomStream(0, 5), SIDE))).toMatchInlineSnapshot(`"d9de9afdab056968"`);
  });
});
