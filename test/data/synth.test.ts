import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYNTH_CLASSES, synthesize, synthesizeImage } from '../../src/data/synth/index.ts';
import { testRandom } from '../seed.ts';
import { fileHashes } from './fileHashes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-synth-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('synthesizeImage', () => {
  const side = 96;
  for (const [place, kind] of SYNTH_CLASSES.entries()) {
    it(`${kind.name}: a defect changes exactly what its mask says, and only there`, () => {
      for (const [i, defect] of kind.defects.entries()) {
        const stream = 5000 + place * 50 + i;
        const seed = testRandom().integer(1e9);
        const good = synthesizeImage(kind, undefined, side, seed, stream);
        const bad = synthesizeImage(kind, defect, side, seed, stream);
        expect(good.mask).toBeUndefined();
        const mask = bad.mask!;
        let inside = 0;
        let insideSum = 0;
        let outsideMost = 0;
        for (let p = 0; p < side * side; p++) {
          let change = 0;
          for (let c = 0; c < 3; c++)
            change = Math.max(change, Math.abs(good.rgb[p * 3 + c]! - bad.rgb[p * 3 + c]!));
          if (mask[p] === 255) {
            inside++;
            insideSum += change;
          } else {
            expect(mask[p]).toBe(0);
            outsideMost = Math.max(outsideMost, change);
          }
        }
        const label = `${kind.name} ${defect} seed ${seed}`;
        // Same light, same sensor noise: only the defect differs. Its soft edge covers less than a quarter of a pixel
        // outside: a quarter of 255, in light that is 1.38 times as bright at most (gain, both slopes, warmth).
        expect(inside, label).toBeGreaterThanOrEqual(8);
        expect(inside, label).toBeLessThan(side * side * 0.35);
        expect(insideSum / inside, label).toBeGreaterThan(10);
        expect(outsideMost, label).toBeLessThan(89);
      }
    });
  }

  it('synthetic images of one class vary, and classes differ', () => {
    const [first, second] = SYNTH_CLASSES;
    const a = synthesizeImage(first!, undefined, 64, 1, 0).rgb;
    expect(a).toEqual(synthesizeImage(first!, undefined, 64, 1, 0).rgb);
    expect(a).not.toEqual(synthesizeImage(first!, undefined, 64, 1, 1).rgb);
    expect(a).not.toEqual(synthesizeImage(first!, undefined, 64, 2, 0).rgb);
    expect(a).not.toEqual(synthesizeImage(second!, undefined, 64, 1, 0).rgb);
  });
});

describe('synthesize', () => {
  it('synthesize writes the MVTec layout, the same bytes for the same seed', async () => {
    const options = { classes: 2, train: 3, test: 6, size: 48, seed: 9 };
    const progress: number[] = [];
    const made = await synthesize({
      ...options,
      out: join(folder, 'a'),
      onProgress: (done) => progress.push(done),
    });
    await synthesize({ ...options, out: join(folder, 'b') });
    await synthesize({ ...options, out: join(folder, 'c'), seed: 10 });
    expect(made.classes).toEqual(['circuit', 'painted']);
    expect(progress).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    const a = await fileHashes(join(folder, 'a'));
    expect([...a.keys()].filter((name) => name.startsWith('painted'))).toEqual([
      'painted/ground_truth/blob/000_mask.png',
      'painted/ground_truth/scratch/000_mask.png',
      'painted/ground_truth/stain/000_mask.png',
      'painted/test/blob/000.png',
      'painted/test/good/000.png',
      'painted/test/good/001.png',
      'painted/test/good/002.png',
      'painted/test/scratch/000.png',
      'painted/test/stain/000.png',
      'painted/train/good/000.png',
      'painted/train/good/001.png',
      'painted/train/good/002.png',
    ]);
    expect(await fileHashes(join(folder, 'b'))).toEqual(a);
    const c = await fileHashes(join(folder, 'c'));
    for (const [name, hash] of c) if (!name.includes('ground_truth')) expect(hash).not.toBe(a.get(name));
    expect(new Set(a.values()).size).toBe(a.size);
    const mask = await sharp(join(folder, 'a/painted/ground_truth/blob/000_mask.png')).metadata();
    expect([mask.width, mask.height, mask.channels, mask.depth]).toEqual([48, 48, 1, 'uchar']);
    expect(await readdir(folder)).toEqual(['a', 'b', 'c']);
  });

  it('synthesize refuses a used folder and options out of range, saying all that is wrong', async () => {
    const used = await mkdtemp(join(folder, 'used-'));
    await writeFile(join(used, 'note.txt'), 'mine');
    await expect(synthesize({ out: used, classes: 1, train: 1, test: 2, size: 32 })).rejects.toThrow(
      /not empty/,
    );
    expect(await readFile(join(used, 'note.txt'), 'utf8')).toBe('mine');
    const wrong = synthesize({ out: join(folder, 'x'), classes: 99, train: 0, size: 5, defects: ['scrach'] });
    await expect(wrong).rejects.toThrow(/scrach.*classes.*train.*size/s);
  });

  it('synthesize refuses a defect that is named twice', async () => {
    await expect(
      synthesize({ out: join(folder, 'x'), defects: ['blob', 'missing', 'blob'] }),
    ).rejects.toThrow('defects expects each once, got blob twice');
  });

  it('synthesize keeps to the defects asked for, on the classes that can show them', async () => {
    const out = join(folder, 'only');
    const made = await synthesize({ out, defects: ['missing'], train: 1, test: 2, size: 32 });
    expect(made.classes).not.toContain('painted');
    for (const name of made.classes)
      expect(await readdir(join(out, name, 'test'))).toEqual(['good', 'missing']);
  });
});
