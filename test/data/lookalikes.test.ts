import { copyFile, mkdtemp, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataset, formatReport } from '../../src/data/check.ts';
import { scanDataset } from '../../src/data/dataset.ts';
import { ImageLoader, loadPixels, sampleMask } from '../../src/data/index.ts';
import { OFFICIAL_SETS } from '../../src/data/official.ts';
import { lookalikes, picture, put } from './lookalikes.ts';

let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-lookalikes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function made(layout: keyof typeof lookalikes): Promise<string> {
  const root = join(folder, `${layout}${count++}`);
  await lookalikes[layout](root);
  return root;
}

/** Masks of each; boxes count. */
const MASKED = {
  ...{ mvtec: 4, visa: 2, btad: 3, folder: 0 },
  ...{ elpv: 0, 'magnetic-tile': 4, deeppcb: 2, manifest: 2 },
};

describe('a look-alike of each layout', () => {
  for (const layout of Object.keys(MASKED) as (keyof typeof MASKED)[]) {
    it(`a look-alike of ${layout} is recognised, loads image by image, and its masks mark the same place`, async () => {
      const root = await made(layout);
      const set = await scanDataset(root);
      expect(set.layout).toBe(layout);
      const loader = new ImageLoader({ size: 32 });
      const samples = [...set.train, ...set.test];
      const images = await loader.loadBatch(samples.map(({ path }) => path));
      await loader.close();
      expect(images).toHaveLength(samples.length * 3 * 32 * 32);
      // Each image has a shade of its own: none was read in another's place.
      const shades = new Set(samples.map((_, i) => images[i * 3 * 32 * 32]));
      if (layout !== 'mvtec') expect(shades.size).toBe(samples.length);
      const masks = set.test.filter(({ maskPath, boxes }) => maskPath !== null || boxes !== undefined);
      expect(masks).toHaveLength(MASKED[layout]);
      for (const sample of masks) {
        const { mask: marked, problems } = await sampleMask(sample, { size: 48 }, 'nearest');
        expect(problems).toEqual([]);
        const at = (x: number, y: number): number => marked![y * 48 + x]!;
        expect([at(10, 16), at(2, 2), at(30, 40)]).toEqual([1, 0, 0]);
      }
      const report = await checkDataset(root);
      expect(report.problems).toEqual([]);
      expect(report.images).toBe(samples.length);
    });
  }

  it('a look-alike of VisA reads its table with either line end', async () => {
    const root = join(folder, 'visa-lf');
    await lookalikes.visa(root, '\n');
    const windows = await scanDataset(await made('visa'));
    const unix = await scanDataset(root);
    const ids = (set: typeof unix): string[] => [...set.train, ...set.test].map(({ id }) => id);
    expect(ids(unix)).toEqual(ids(windows));
    expect(unix.train).toHaveLength(4);
  });

  it('a look-alike of BTAD keeps the colours of its bitmaps', async () => {
    const root = await made('btad');
    const pixels = await loadPixels(join(root, '01/train/ok/0001.bmp'), 32);
    expect([...new Set(pixels)]).toEqual([31]);
  });
});

describe('data check', () => {
  it('data check says what VisA has beside its table, and what masks have no image', async () => {
    const visa = await made('visa');
    await copyFile(
      join(visa, 'candle/Data/Images/Normal/0000.JPG'),
      join(visa, 'candle/Data/Images/Normal/0077.JPG'),
    );
    const listed = (await checkDataset(visa)).warnings.map(({ kind, message }) => `${kind}: ${message}`);
    expect(listed).toEqual(['extra-file: candle/Data/Images/Normal/0077.JPG is not listed in 1cls.csv']);
    const mvtec = await made('mvtec');
    await unlink(join(mvtec, 'screw/test/thread_top/001.png'));
    const spare = (await checkDataset(mvtec)).warnings.map(({ message }) => message);
    expect(spare).toEqual(['screw/ground_truth/thread_top/001_mask.png is the mask of no image']);
  });

  it('data check lists every difference from the published counts', async () => {
    const report = await checkDataset(await made('btad'));
    expect(report.official).toEqual({
      name: 'BTAD',
      missingClasses: [],
      extraClasses: [],
      differences: [
        ['01', 2, 400, 1, 21, 1, 49],
        ['02', 2, 399, 1, 30, 1, 200],
        ['03', 2, 1000, 1, 400, 1, 41],
      ].flatMap(([name, a, b, c, d, e, f]) => [
        { folder: `${name}: train`, found: a, official: b },
        { folder: `${name}: test, normal`, found: c, official: d },
        { folder: `${name}: test, anomalous`, found: e, official: f },
      ]),
    });
    expect(formatReport(report)).toContain(
      'counts that differ from BTAD as published (3 classes); which files',
    );
    expect(formatReport(report)).toContain('02: train: 2 images, published 399 (397 missing)');
    const mvtec = await made('mvtec');
    await put(mvtec, 'mine/train/good/0.png', await picture(9));
    await put(mvtec, 'mine/test/good/0.png', await picture(8));
    await put(mvtec, 'screw/test/novel/0.png', await picture(7));
    await put(mvtec, 'screw/ground_truth/novel/0.png', await picture(0));
    const { official } = await checkDataset(mvtec);
    expect(official).toMatchObject({ name: 'MVTec AD', extraClasses: ['mine'] });
    expect(official!.missingClasses).toHaveLength(14);
    expect(official!.differences).toContainEqual({ folder: 'screw: test/novel', found: 1, official: 0 });
    expect(official!.differences).toContainEqual({
      folder: 'screw: test/thread_top',
      found: 2,
      official: 23,
    });
  });

  it('data check finds a full set complete, and one of other classes to be no copy of any', async () => {
    const root = join(folder, 'whole-visa');
    const rows = ['object,split,label,image,mask'];
    const visa = OFFICIAL_SETS.find(({ name }) => name === 'VisA')!;
    // Names alone count here: the files need not be images.
    for (const [name, { train, testNormal, testAnomalous }] of Object.entries(visa.classes)) {
      await put(root, `${name}/Data/Images/Normal/0.JPG`, '');
      for (let i = 0; i < train + testNormal; i++) {
        rows.push(`${name},${i < train ? 'train' : 'test'},normal,${name}/Data/Images/Normal/0.JPG,`);
      }
      await put(root, `${name}/Data/Masks/Anomaly/0.png`, '');
      for (let i = 0; i < testAnomalous; i++) {
        rows.push(`${name},test,anomaly,${name}/Data/Images/Normal/0.JPG,${name}/Data/Masks/Anomaly/0.png`);
      }
    }
    await put(root, 'split_csv/1cls.csv', rows.join('\r\n'));
    expect(rows).toHaveLength(10_822);
    const report = await checkDataset(root);
    expect(report.official).toMatchObject({ missingClasses: [], extraClasses: [], differences: [] });
    expect(formatReport(report)).toContain('VisA: all 12 classes with the published counts');
    expect((await checkDataset(await made('folder'))).official).toBeNull();
  });

  it('data check knows the sums of the published sets', () => {
    const sums = OFFICIAL_SETS.map(({ name, classes }) => {
      const all = Object.values(classes);
      const sum = (of: 'train' | 'testNormal' | 'testAnomalous'): number =>
        all.reduce((total, each) => total + each[of], 0);
      return [name, all.length, sum('train'), sum('testNormal'), sum('testAnomalous')];
    });
    expect(sums).toEqual([
      ['MVTec AD', 15, 3629, 467, 1258],
      ['VisA', 12, 8659, 962, 1200],
      ['BTAD', 3, 1799, 451, 290],
      ['ELPV', 2, 1136, 372, 715],
      ['the magnetic tile set', 1, 724, 228, 392],
      ['DeepPCB', 1, 1000, 500, 500],
    ]);
  });
});

describe('plain folders', () => {
  it('plain folders need neither masks nor a test, and one class may stand alone', async () => {
    const set = await scanDataset(await made('folder'));
    expect(set.classes).toEqual(['label & cap', 'lid']);
    expect(set.train).toHaveLength(6);
    expect(set.test.map(({ defect, anomalous, maskPath }) => [defect, anomalous, maskPath])).toEqual(
      [0, 1].flatMap(() => [
        ['good', false, null],
        ['good', false, null],
        ['dent', true, null],
        ['dent', true, null],
      ]),
    );
    const alone = join(folder, 'alone');
    await put(alone, 'train/a.png', await picture(1));
    expect(await scanDataset(alone)).toMatchObject({ layout: 'folder', classes: ['alone'], test: [] });
    const { warnings, problems } = await checkDataset(alone);
    expect([problems, warnings.map(({ kind }) => kind)]).toEqual([[], ['no-test']]);
  });

  it('plain folders take masks where there are any, from either folder, and say where one is missing', async () => {
    const root = await made('folder');
    await put(root, 'lid/masks/dent/deep/0.png', await picture(3));
    await put(root, 'lid/ground_truth/dent/deep/1_MASK.bmp', await picture(3));
    const { warnings } = await checkDataset(root);
    expect(warnings.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      'missing-mask: label & cap/test/dent/deep/0.tif has no mask and is left out of pixel metrics',
      'missing-mask: label & cap/test/dent/deep/1.tif has no mask and is left out of pixel metrics',
      'inverted-mask: the mask of lid/test/dent/deep/0.tif marks 100 % of the image; is it inverted?',
      'inverted-mask: the mask of lid/test/dent/deep/1.tif marks 100 % of the image; is it inverted?',
    ]);
    const lid = (await scanDataset(root)).test.filter(({ className }) => className === 'lid');
    expect(lid.map(({ maskPath }) => maskPath?.slice(root.length + 1) ?? null)).toEqual([
      null,
      null,
      'lid/masks/dent/deep/0.png',
      'lid/ground_truth/dent/deep/1_MASK.bmp',
    ]);
  });

  it('plain folders refuse images of which nothing says whether they are normal, all at once', async () => {
    const root = await made('folder');
    await put(root, 'lid/test/x.png', await picture(1));
    await put(root, 'label & cap/train/good/y.png', await picture(1));
    await put(root, 'label & cap/train/bad/z.png', await picture(1));
    const error = await scanDataset(root, 'folder').catch((caught: Error) => caught.message);
    expect(error).toMatch(/lid: 1 images lie in test itself \(x\.png\)/);
    expect(error).toMatch(/train\/bad lies beside a folder of normal images/);
  });

  it('plain folders can be asked for where the names say otherwise', async () => {
    const root = await made('mvtec');
    await unlink(join(root, 'screw/ground_truth/thread_top/000_mask.png'));
    const set = await scanDataset(root, 'folder');
    expect(set).toMatchObject({ layout: 'folder', classes: ['screw'] });
    expect(set.test.filter(({ maskPath }) => maskPath !== null)).toHaveLength(3);
    await expect(scanDataset(root, 'visa')).rejects.toThrow(/VisA needs split_csv/);
  });
});
