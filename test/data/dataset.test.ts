import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireTestImages, scanDataset } from '../../src/data/dataset.ts';
import { compareCodePoints } from '../../src/data/fileNames.ts';
import { listImages } from '../../src/data/listImages.ts';
import { DatasetError } from '../../src/errors.ts';
import { fc } from '../property.ts';

let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-dataset-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A data set of empty files: scanning opens none of them. */
async function tree(
  files: readonly string[],
  contents: Readonly<Record<string, string>> = {},
): Promise<string> {
  const root = join(folder, `set${count++}`);
  await mkdir(root);
  for (const file of [...files, ...Object.keys(contents)]) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), contents[file] ?? '');
  }
  return root;
}

const MVTEC = [
  'nut/train/good/001.png',
  'nut/train/good/000.png',
  'nut/test/good/000.png',
  'nut/test/scratch/001.PNG',
  'nut/test/scratch/000.png',
  'nut/ground_truth/scratch/000_mask.png',
  'nut/ground_truth/scratch/001_MASK.bmp',
  'Bolt/train/good/a.jpg',
  'Bolt/test/bent/x.tif',
  'Bolt/ground_truth/bent/X.png',
  'readme.txt',
  'nut/license.txt',
  'nut/train/good/.hidden.png',
  'nut/train/good/notes.md',
];

describe('scanDataset', () => {
  it('scanDataset lists MVTec AD sorted by code point, masks paired by stem in any case', async () => {
    const root = await tree(MVTEC);
    const set = await scanDataset(root);
    expect(set.layout).toBe('mvtec');
    expect(set.classes).toEqual(['Bolt', 'nut']);
    expect(set.train.map((s) => s.id)).toEqual([
      'Bolt/train/good/a.jpg',
      'nut/train/good/000.png',
      'nut/train/good/001.png',
    ]);
    expect(
      set.test.map((s) => [s.id, s.defect, s.anomalous, s.maskPath?.slice(root.length + 1) ?? null]),
    ).toEqual([
      ['Bolt/test/bent/x.tif', 'bent', true, 'Bolt/ground_truth/bent/X.png'],
      ['nut/test/good/000.png', 'good', false, null],
      ['nut/test/scratch/000.png', 'scratch', true, 'nut/ground_truth/scratch/000_mask.png'],
      ['nut/test/scratch/001.PNG', 'scratch', true, 'nut/ground_truth/scratch/001_MASK.bmp'],
    ]);
    expect(set.test[1]).toMatchObject({ path: join(root, 'nut/test/good/000.png'), className: 'nut' });
  });

  it('scanDataset reads BTAD, with ok as good and masks of another file type', async () => {
    const set = await scanDataset(
      await tree(['01/train/ok/0.bmp', '01/test/ok/1.bmp', '01/test/ko/2.png', '01/ground_truth/ko/2.bmp']),
    );
    expect(set.layout).toBe('btad');
    expect(set.train.map((s) => s.defect)).toEqual(['good']);
    expect(set.test.map((s) => [s.defect, s.anomalous])).toEqual([
      ['ko', true],
      ['good', false],
    ]);
  });

  const VISA = [
    'candle/Data/Images/Normal/0001.JPG',
    'candle/Data/Images/Normal/0002.JPG',
    'candle/Data/Images/Anomaly/000.JPG',
    'candle/Data/Masks/Anomaly/000.png',
  ];
  const table = (...rows: string[]): Record<string, string> => ({
    'split_csv/1cls.csv': ['object,split,label,image,mask', ...rows, ''].join('\r\n'),
  });
  const ROWS = [
    'candle,train,normal,candle/Data/Images/Normal/0002.JPG,',
    'candle,test,normal,candle/Data/Images/Normal/0001.JPG,',
    'candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png',
  ];

  it('scanDataset reads VisA from its table, and its prepared copy with or without the 1cls level', async () => {
    const root = await tree(VISA, table(...ROWS));
    const set = await scanDataset(root);
    expect(set.layout).toBe('visa');
    expect(set.train.map((s) => s.id)).toEqual(['candle/Data/Images/Normal/0002.JPG']);
    expect(set.test.map((s) => [s.defect, s.maskPath])).toEqual([
      ['bad', join(root, 'candle/Data/Masks/Anomaly/000.png')],
      ['good', null],
    ]);
    const prepared = ['candle/train/good/1.JPG', 'candle/test/bad/2.JPG', 'candle/ground_truth/bad/2.png'];
    for (const level of ['', '1cls/']) {
      const copy = await scanDataset(await tree(prepared.map((name) => level + name)));
      expect([copy.layout, copy.classes, copy.train.length, copy.test.length]).toEqual([
        'mvtec',
        ['candle'],
        1,
        1,
      ]);
    }
  });

  it('scanDataset refuses a VisA table that is absent, lists absent files, or leads outside', async () => {
    await expect(scanDataset(await tree(VISA))).rejects.toThrow(/1cls\.csv/);
    await expect(scanDataset(await tree(VISA.slice(1), table(...ROWS)))).rejects.toThrow(
      /0001\.JPG.*not exist/,
    );
    const outside = table('candle,test,normal,../../etc/passwd.png,', ...ROWS);
    await expect(scanDataset(await tree(VISA, outside))).rejects.toThrow(/line 2.*leads out/);
    const labelled = table(ROWS[2]!.replace('test', 'train'), ...ROWS);
    await expect(scanDataset(await tree(VISA, labelled))).rejects.toThrow(/anomaly in the training split/);
  });

  it('scanDataset names what is wrong with a set', async () => {
    const wrong = async (root: string, reason: RegExp): Promise<void> => {
      const error = await scanDataset(root).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DatasetError);
      expect((error as DatasetError).message).toMatch(reason);
    };
    await wrong(join(folder, 'nowhere'), /nowhere does not exist/);
    await wrong(await tree([]), /no class folders/);
    const root = await tree(MVTEC);
    await wrong(join(root, 'readme.txt'), /not a folder/);
    await wrong(await tree(['a/x.png', 'b/y.png']), /no known layout/);
    await wrong(
      await tree(['a/train/good/1.png', 'a/test/good/1.png', 'b/test/good/1.png']),
      /class b has no images in train\/good/,
    );
    await wrong(await tree(['a/test/good/1.png']), /class a has no images in train\/good/);
    await wrong(
      await tree(['a/train/good/readme.txt', 'a/test/good/1.png']),
      /class a has no images in train\/good/,
    );
  });
});

describe('a set without test images', () => {
  const refusal = async (files: string[]): Promise<string> => {
    const set = await scanDataset(await tree(files));
    expect(set.train).toHaveLength(2);
    try {
      requireTestImages(set);
    } catch (error) {
      expect(error).toBeInstanceOf(DatasetError);
      const { message, fix } = error as DatasetError;
      return `${message.slice(message.indexOf(': ') + 2)}; ${fix}`;
    }
    return '';
  };
  it.each([
    ['good', 'mvtec'],
    ['ok', 'btad'],
  ])(
    'a set without test images can be trained on (%s), and says what a test would need',
    async (normal, layout) => {
      const train = [`a/train/${normal}/1.png`, `b/train/${normal}/1.png`];
      expect(await scanDataset(await tree(train))).toMatchObject({ layout, classes: ['a', 'b'], test: [] });
      expect(await refusal(train)).toMatch(
        new RegExp(`^has no test image; put normal images into test/${normal} `),
      );
      // Anyone's own folders are tested as far as they can be.
      const some = [...train, `a/test/${normal}/1.png`];
      expect(await refusal(some)).toBe('');
    },
  );

  it('a published set is tested in all its classes or refused', async () => {
    const some = ['bottle/train/good/1.png', 'tile/train/good/1.png', 'tile/test/good/1.png'];
    expect(await refusal(some)).toMatch(/^has no test image of bottle; /);
  });
});

describe('listImages', () => {
  it('listImages takes files and folders, at any depth, sorted, each once, loops and all', async () => {
    const root = await tree(['b/2.png', 'b/10.png', 'a/deep/er/1.JPEG', 'c.webp', 'c.txt', '.git/x.png']);
    await symlink(root, join(root, 'b/loop'));
    const below = (await listImages([root])).map((path) => path.slice(root.length + 1));
    expect(below).toEqual(['a/deep/er/1.JPEG', 'b/10.png', 'b/2.png', 'c.webp']);
    const some = await listImages([join(root, 'c.webp'), join(root, 'b'), join(root, 'c.webp')]);
    expect(some[0]).toBe(join(root, 'c.webp'));
    expect(new Set(some).size).toBe(some.length);
  });

  it('listImages refuses what is missing, and a folder without images', async () => {
    await expect(listImages([join(folder, 'absent')])).rejects.toThrow(/absent does not exist/);
    await expect(listImages([await tree(['notes.txt'])])).rejects.toThrow(/holds no image/);
  });
});

describe('compareCodePoints', () => {
  it('compareCodePoints orders as UTF-8 bytes do', () => {
    expect(['\u{1F600}', '\uFFFD', 'a', ''].sort(compareCodePoints)).toEqual([
      '',
      'a',
      '\uFFFD',
      '\u{1F600}',
    ]);
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
