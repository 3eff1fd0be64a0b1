import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auproPile } from '../../src/metrics/aupro.ts';
import {
  AUPRO_DEFINITIONS,
  type AuproDefinition,
  auproAccumulator,
  connectedRegions,
  pixelAccumulator,
} from '../../src/metrics/index.ts';
import { pixelPile } from '../../src/metrics/pixelMetrics.ts';
import { seeded } from '../seed.ts';

interface Golden {
  name: string;
  width: number;
  scores: number[][];
  masks: string[];
  regions: number[];
  dataset: number;
  rd4ad: number | null;
}
const goldens: Golden[] = JSON.parse(
  readFileSync(new URL('../goldens/metrics/aupro.json', import.meta.url), 'utf8'),
);
const pixels = (mask: string): Uint8Array => Uint8Array.from(mask, Number);

function aupro(definition: AuproDefinition, images: readonly [number[], string][], width: number) {
  const accumulator = auproAccumulator(definition);
  for (const [scores, mask] of images) accumulator.add(Float32Array.from(scores), pixels(mask), width);
  return accumulator.finish();
}

describe.each(goldens.map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  const images = golden.scores.map((scores, i) => [scores, golden.masks[i]!] as [number[], string]);

  it('AUPRO finds the regions that scikit-image finds', () => {
    const found = golden.masks.map((mask) => connectedRegions(pixels(mask), golden.width).areas.length - 1);
    expect(found).toEqual(golden.regions);
  });

  it.each(AUPRO_DEFINITIONS)('AUPRO of %s is the golden one to 1e-6', (definition) => {
    const { value, reason } = aupro(definition, images, golden.width);
    const want = golden[definition];
    if (want === null) {
      expect(value).toBeNull();
      expect(reason).toBe('all scores of the image are equal: no thresholds lie between');
    } else {
      expect(Math.abs(value! - want)).toBeLessThan(1e-6);
    }
  });
});

describe('AUPRO without a value says why', () => {
  it.each(AUPRO_DEFINITIONS)(
    'AUPRO by %s says why it has no value: no defect, nothing but defect',
    (definition) => {
      const scores = [0.1, 0.4, 0.2, 0.3];
      expect(aupro(definition, [[scores, '0000']], 2)).toMatchObject({
        value: null,
        reason: 'no defect pixel',
      });
      expect(aupro(definition, [[scores, '1111']], 2)).toMatchObject({
        value: null,
        reason: 'no normal pixel',
      });
      expect(aupro(definition, [], 2)).toMatchObject({ value: null, reason: 'no defect pixel' });
    },
  );

  it('AUPRO by rd4ad says that no rate lies between 0 and 0.3, and counts images that are left out', () => {
    const coarse: [number[], string] = [[0, 0, 1, 1], '0011'];
    expect(aupro('rd4ad', [coarse], 2)).toEqual({
      value: null,
      reason: 'no threshold gives a false-positive rate between 0 and 0.3',
    });
    const { scores, masks, width } = goldens[1]!;
    const flat: [number[], string] = [scores[1]!.map(() => 2), masks[1]!];
    const both = aupro('rd4ad', [[scores[1]!, masks[1]!], flat], width);
    expect(both.value).toBe(aupro('rd4ad', [[scores[1]!, masks[1]!]], width).value);
    expect(both.skipped).toEqual({ 'all scores of the image are equal: no thresholds lie between': 1 });
  });

  it.each(AUPRO_DEFINITIONS)(
    'AUPRO by %s refuses what is not finite, and sizes that differ',
    (definition) => {
      const accumulator = auproAccumulator(definition);
      expect(() => accumulator.add(Float32Array.of(1, Number.NaN), Uint8Array.of(0, 1), 2)).toThrow(
        'pixel 1 scores NaN',
      );
      expect(() => accumulator.add(Float32Array.of(1), Uint8Array.of(0, 1), 2)).toThrow('got 1 and 2');
      expect(() => accumulator.add(Float32Array.of(1, 2, 3), Uint8Array.of(0, 1, 0), 2)).toThrow(
        'whole rows of 2',
      );
    },
  );
});

it('joins pixels that touch at a corner, across any distance', () => {
  const spiral = ['1111111', '0000001', '1111101', '1000101', '1010101', '1010101', '0100011'].join('');
  const { labels, areas } = connectedRegions(pixels(spiral), 7);
  expect(areas).toEqual([spiral.match(/0/g)!.length, spiral.match(/1/g)!.length]);
  expect(labels.every((label, i) => label === Number(spiral[i]))).toBe(true);
});

describe('a bound on the scores kept apart', () => {
  const size = 512;
  const fill = (add: (scores: Float32Array, mask: Uint8Array) => void): void => {
    const random = seeded('aupro');
    for (let image = 0; image < 4; image++) {
      const mask = new Uint8Array(size * size);
      for (let y = 40; y < 90; y++) mask.fill(1, y * size + 60 * image + 10, y * size + 60 * image + 50);
      add(
        Float32Array.from(mask, (m) => (random.next() + random.next()) * 0.3 + 0.2 * m),
        mask,
      );
    }
  };

  it('a bound on the scores kept apart moves AUPRO by less than 1e-5 at a twentieth of them', () => {
    const [exact, coarse] = [Number.POSITIVE_INFINITY, 50_000].map((mostKeys) => {
      const accumulator = auproAccumulator('dataset', mostKeys);
      fill((scores, mask) => accumulator.add(scores, mask, size));
      return accumulator.finish();
    });
    expect([exact!.exact, coarse!.exact]).toEqual([true, false]);
    expect(exact!.value).not.toBe(coarse!.value);
    expect(Math.abs(exact!.value! - coarse!.value!)).toBeLessThan(1e-5);
  });

  it('a bound on the scores kept apart hardly moves P-AUROC and P-AP', () => {
    const [exact, coarse] = [undefined, 50_000].map((mostKeys) => {
      const accumulator = pixelAccumulator({ mostKeys });
      fill((scores, mask) => accumulator.add(scores, mask));
      return accumulator.finish();
    });
    expect([exact!.exact, coarse!.exact]).toEqual([true, false]);
    expect(Math.abs(exact!.auroc.value! - coarse!.auroc.value!)).toBeLessThan(1e-5);
    expect(Math.abs(exact!.ap.value! - coarse!.ap.value!)).toBeLessThan(1e-4);
  });
});

describe('what was gathered in parts', () => {
  const definitions = [undefined, ...AUPRO_DEFINITIONS];
  const make = (definition: AuproDefinition | undefined, mostKeys?: number) =>
    definition ? auproPile(definition, mostKeys) : pixelPile(mostKeys);

  it.each(definitions)('%s of parts adds up to that of all images, to the bit', (definition) => {
    const random = seeded('parts');
    const width = 23;
    const images = Array.from({ length: 11 }, () => {
      const scores = Float32Array.from(
        { length: width * 19 },
        () => Math.round(random.next() * 999) / 7 - 40,
      );
      return {
        scores,
        mask: Uint8Array.from(scores, (score) => (random.next() < 0.1 + score / 400 ? 1 : 0)),
      };
    });
    for (const mostKeys of [undefined, 300]) {
      const whole = make(definition, mostKeys);
      const parts = Array.from({ length: 3 }, () => make(definition, mostKeys));
      for (const [i, { scores, mask }] of images.entries()) {
        whole.add(scores, mask, width);
        parts[i % 3]!.add(scores, mask, width);
      }
      for (const order of [parts, parts.toReversed()]) {
        const joined = make(definition, mostKeys);
        for (const part of order) joined.join(part.gathered());
        expect(joined.finish()).toEqual(whole.finish());
        expect(joined.gathered()).toEqual(whole.gathered());
      }
    }
  });
});
