import { copyFile, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataset, formatReport } from '../../src/data/check.ts';
import { type Dataset, scanDataset, scanForProblems } from '../../src/data/dataset.ts';
import { imagesToScore, normalImages } from '../../src/data/imagesToScore.ts';
import { sampleMask } from '../../src/data/maskProblems.ts';
import { lookalikes, picture, put } from './lookalikes.ts';

let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-sources-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fresh = (name: string): string => join(folder, `${name}${count++}`);
async function made(layout: keyof typeof lookalikes): Promise<string> {
  const root = fresh(layout);
  await lookalikes[layout](root);
  return root;
}
const brief = ({ train, test }: Dataset): { train: string[]; normal: string[]; anomalous: string[] } => {
  const names = (samples: Dataset['train']): string[] =>
    samples.map(({ id, className, defect }) => `${className} ${defect} ${id.split('/').at(-1)}`);
  return {
    train: names(train),
    normal: names(test.filter(({ anomalous }) => !anomalous)),
    anomalous: names(test.filter(({ anomalous }) => anomalous)),
  };
};
const problemsOf = async (root: string): Promise<string[]> =>
  (await scanForProblems(root)).problems.map(({ kind, message }) => `${kind}: ${message}`);

describe('ELPV', () => {
  it('ELPV splits normal cells by their number and leaves doubtful ones out, which it says', async () => {
    const set = await scanDataset(await made('elpv'));
    expect(brief(set)).toEqual({
      train: [
        ...['cell0001', 'cell0002', 'cell0003'].map((name) => `solar_mono good ${name}.png`),
        ...['cell0005', 'cell0006'].map((name) => `solar_poly good ${name}.png`),
      ],
      normal: [
        'solar_mono good cell0004.png',
        'solar_mono good cell0008.png',
        'solar_poly good cell0012.png',
      ],
      anomalous: ['9', '10', '16'].map(
        (n) => `solar_${n === '9' ? 'mono' : 'poly'} defective cell${n.padStart(4, '0')}.png`,
      ),
    });
    expect(set.notes).toEqual([
      expect.stringContaining('ELPV has no split'),
      '2 cells with a defect probability between 0 and 1 are left out',
    ]);
    const report = await checkDataset(set.root);
    expect(report.warnings.map(({ kind }) => kind)).toEqual(['missing-mask', 'missing-mask', 'missing-mask']);
    expect(formatReport(report)).toContain(set.notes![1]!);
  });

  it('ELPV is found from its repository, its package and its folder of data, with the same images', async () => {
    const root = await made('elpv');
    const repository = brief(await scanDataset(root));
    for (const inner of ['src', 'src/elpv_dataset', 'src/elpv_dataset/data']) {
      expect(brief(await scanDataset(join(root, inner)))).toEqual(repository);
    }
  });

  it('ELPV names each line that is wrong and each cell that is not there', async () => {
    const root = await made('elpv');
    const table = join(root, 'src/elpv_dataset/data/labels.csv');
    await unlink(join(root, 'src/elpv_dataset/data/images/cell0002.png'));
    const text = await readFile(table, 'utf8');
    const more = ['images/cell0077.png 1.5 mono', 'images/cell0078.png 1.0 thin', '../../cell.png 0.0 poly'];
    await writeFile(table, `${text}${more.join('\r\n')}\r\n`);
    expect(await problemsOf(root)).toEqual([
      'row: src/elpv_dataset/data/labels.csv, line 14: probability is "1.5", not from 0 to 1',
      'row: src/elpv_dataset/data/labels.csv, line 15: "images/cell0078.png 1.0 thin" is not an image, a probability and mono or poly',
      'row: src/elpv_dataset/data/labels.csv, line 16: ../../cell.png leads out of the data set',
      'missing-file: src/elpv_dataset/data/images/cell0002.png, listed in src/elpv_dataset/data/labels.csv, does not exist',
    ]);
  });

  it('a folder with labels.csv and images that is no ELPV has no layout', async () => {
    for (const table of ['path,label\nimages/cell0001.png,1\n', 'images/cell0001.png,1.0,mono\n', '']) {
      const root = fresh('no-elpv');
      await put(root, 'images/cell0001.png', await picture(1));
      await put(root, 'labels.csv', table);
      await expect(scanDataset(root)).rejects.toThrow(/no known layout.*`labels\.csv` of ELPV/);
      await expect(scanDataset(root, 'elpv')).rejects.toThrow(/ELPV needs labels\.csv/);
    }
  });
});

describe('the magnetic tiles', () => {
  it('the magnetic tiles are split by tile: photographs of one tile never fall on both sides', async () => {
    const set = await scanDataset(await made('magnetic-tile'));
    const found = brief(set);
    expect(found.train).toHaveLength(8);
    expect(found.normal).toEqual(
      [1, 2].map((exp) => `magnetic_tile good exp${exp}_num_${85602 + 20 * exp}.jpg`),
    );
    expect(found.anomalous.map((name) => name.split(' ')[1])).toEqual([
      'blowhole',
      'blowhole',
      'crack',
      'crack',
    ]);
    expect(set.notes).toEqual([expect.stringContaining('every fourth tile')]);
  });

  it('the magnetic tiles keep masks apart from images, and say which are missing or spare', async () => {
    const root = await made('magnetic-tile');
    const at = (name: string): string => join(root, 'MT_Crack/Imgs', name);
    await rename(at('exp1_num_339839.png'), at('exp1_num_7.png'));
    await put(root, 'MT_Uneven/readme.txt', 'no images');
    const { dataset, oddities } = await scanForProblems(root);
    expect(dataset.test.every(({ path }) => path.endsWith('.jpg'))).toBe(true);
    expect(oddities.map(({ message }) => message)).toEqual([
      'MT_Crack/Imgs/exp1_num_7.png is the mask of no image',
      'MT_Crack/Imgs/exp1_num_339839.jpg has no mask; it is left out of pixel metrics',
      'folder MT_Uneven is skipped: it is no part of this layout',
    ]);
    const said: unknown[] = [];
    const scored = await imagesToScore([root], (...args) => said.push(args));
    expect(scored).toHaveLength(14 + 1);
    expect(scored.filter((path) => path.endsWith('.png'))).toEqual([]);
    expect(said).toEqual([[root, 14]]);
  });

  it('folders with its names that hold no images in Imgs are no magnetic tiles', async () => {
    const root = fresh('no-tiles');
    await put(root, 'MT_Free/a.jpg', await picture(1));
    await put(root, 'MT_Free/Imgs/notes.txt', 'text');
    await expect(scanDataset(root)).rejects.toThrow(/no known layout/);
    const other = fresh('mvtec-like');
    await put(other, 'MT_Free/train/good/a.png', await picture(1));
    expect((await scanDataset(other)).layout).toBe('mvtec');
  });
});

describe('DeepPCB', () => {
  it('DeepPCB trains on templates of one list and tests on both sides of the pairs of the other', async () => {
    const root = await made('deeppcb');
    for (const place of [root, join(root, 'PCBData')]) {
      const set = await scanDataset(place);
      expect(brief(set)).toEqual({
        train: ['00', '01', '02'].map((n) => `pcb good 200850${n}_temp.jpg`),
        normal: ['00', '01'].map((n) => `pcb good 000410${n}_temp.jpg`),
        anomalous: ['pcb mousebite 00041000_test.jpg', 'pcb mixed 00041001_test.jpg'],
      });
      expect(set.notes![0]).toContain('the 3 boards of trainval.txt are not used');
    }
    const { oddities } = await scanForProblems(root);
    expect(oddities.map(({ kind, item }) => `${kind} ${item}`)).toEqual([
      'extra-file PCBData/group90100/90100/90100034_temp.jpg',
    ]);
  });

  it('DeepPCB has boxes for masks: all that lies in one of them, to before its right and lower edge', async () => {
    const [, , , both] = (await scanDataset(await made('deeppcb'))).test;
    expect(both!.boxes).toEqual([
      { left: 8, top: 10, right: 20, bottom: 18 },
      { left: 30, top: 2, right: 40, bottom: 9 },
    ]);
    const { mask } = await sampleMask(both!, { size: 48 }, 'nearest');
    // 48 x 40 pixels become 48 x 48: columns stay.
    const columns = Array.from({ length: 48 }, (_, x) =>
      Array.from({ length: 48 }, (__, y) => mask![48 * y + x]!).some((value) => value > 0),
    );
    expect(columns.flatMap((marked, x) => (marked ? [x] : []))).toEqual([
      ...Array.from({ length: 12 }, (_, i) => 8 + i),
      ...Array.from({ length: 10 }, (_, i) => 30 + i),
    ]);
  });

  it('DeepPCB says what is wrong with its lists and boxes, and which boxes go beyond the image', async () => {
    const root = await made('deeppcb');
    const group = 'PCBData/group00041/00041';
    await put(root, `${group}_not/00041000.txt`, '8,10,20,18,3\r\n30 2 90 9 1\n5 5 5 9 1\n1 2 3 4 7\n');
    await put(root, `${group}_not/00041001.txt`, '');
    await unlink(join(root, `${group}/00041001_temp.jpg`));
    const list = join(root, 'PCBData/test.txt');
    await writeFile(list, `${await readFile(list, 'utf8')}\n../x.jpg x.txt\n`);
    await copyFile(list, join(root, 'PCBData/trainval.txt'));
    const problems = await problemsOf(root);
    expect(problems).toEqual(
      expect.arrayContaining([
        'row: trainval.txt, line 3: "../x.jpg x.txt" is not a board and its annotation',
        'row: test.txt, line 1: group00041/00041/00041000 stands in line 1 of trainval.txt already',
        `missing-file: ${group}/00041001_temp.jpg, listed in trainval.txt, does not exist`,
      ]),
    );
    await writeFile(
      join(root, 'PCBData/trainval.txt'),
      'group20085/20085/20085000.jpg group20085/20085_not/20085000.txt\n',
    );
    expect((await problemsOf(root)).filter((line) => line.includes('_not'))).toEqual([
      `row: ${group}_not/00041000.txt, line 3: "5 5 5 9 1" is not x1 y1 x2 y2 of a box and a type from 1 to 6`,
      `row: ${group}_not/00041000.txt, line 4: "1 2 3 4 7" is not x1 y1 x2 y2 of a box and a type from 1 to 6`,
    ]);
    const { warnings } = await checkDataset(root);
    expect(warnings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        `a box of ${group}/00041000_test.jpg goes beyond the image of 48x40`,
        `${group}/00041001_test.jpg has no box; it is left out of pixel metrics`,
      ]),
    );
  });

  it('a folder with both lists that is no DeepPCB has no layout', async () => {
    const root = fresh('no-pcb');
    for (const list of ['trainval.txt', 'test.txt']) await put(root, list, 'boards/1.jpg\n');
    await put(root, 'boards/1.jpg', await picture(1));
    await expect(scanDataset(root)).rejects.toThrow(/no known layout/);
    await expect(scanDataset(root, 'deeppcb')).rejects.toThrow(/line 1: "boards\/1\.jpg" is not a board/);
  });
});

describe('a manifest', () => {
  it('a manifest is read from its folder and from its file, with quotes, other columns and backslashes', async () => {
    const root = await made('manifest');
    const set = await scanDataset(root);
    expect(brief(set)).toEqual({
      train: ['box good b1.jpg', 'lid good a "2".jpg', 'lid good a, 1.jpg'],
      normal: ['lid good a3.jpg'],
      anomalous: ['box defect b2.jpg', 'lid dent a4.jpg'],
    });
    expect(set.test.map(({ maskPath }) => maskPath?.slice(root.length + 1) ?? null)).toEqual([
      'labels/b2.png',
      null,
      'labels/a4.png',
    ]);
    expect(await scanDataset(join(root, 'export.csv'))).toEqual(set);
    const unix = fresh('unix');
    await lookalikes.manifest(unix, '\n');
    expect(brief(await scanDataset(unix))).toEqual(brief(set));
    expect(await imagesToScore([join(root, 'export.csv')])).toHaveLength(6);
    expect(await imagesToScore([root])).toHaveLength(6);
  });

  it('a manifest says before the folders around it how its images are split', async () => {
    const root = await made('mvtec');
    await put(root, 'few.tsv', 'path\tsplit\tlabel\nscrew/train/good/000.png\ttrain\tnormal\n');
    const set = await scanDataset(root);
    expect([set.layout, set.classes, set.train.length]).toEqual(['manifest', [root.split('/').at(-1)], 1]);
    expect((await scanDataset(root, 'mvtec')).train).toHaveLength(3);
    await put(root, 'few.tsv', 'image;split;label\nx;train;normal\n');
    expect((await scanDataset(root)).layout).toBe('mvtec');
    await expect(scanDataset(join(root, 'few.tsv'))).rejects.toThrow(/few\.tsv: lacks the columns path/);
    await expect(scanDataset(join(root, 'readme.txt'))).rejects.toThrow(
      /is not a folder or a table \(\.csv, \.tsv\)/,
    );
    await expect(scanDataset(join(root, 'few.tsv'), 'mvtec')).rejects.toThrow(/is not a folder/);
  });

  it('a manifest lists all that is wrong at once, each with its line', async () => {
    const root = await made('manifest');
    const rows = [
      'path;split;label;class;mask;defect',
      'shots/a, 1.jpg;train;normal;lid;;',
      'shots/a3.jpg;val;normal;lid;;',
      'shots/a3.jpg;test;perhaps;lid;;',
      'shots/a4.jpg;train;bad;;;',
      ';test;ok;lid;;',
      '../elsewhere.jpg;test;ok;lid;;',
      '"shots/a, 1.jpg";test;ok;lid;;',
      'gone.jpg;test;ok;lid;;',
      'shots/a "2".jpg;test;ok;lid;;',
      'more/b1.jpg;test;ng;a/b;../m.png;good',
      'more/b2.jpg;test;ng;lid;gone.png;;;7',
      '"more/b2.jpg;test;ng',
    ];
    await writeFile(join(root, 'export.csv'), `\ufeff${rows.join('\r\n')}`);
    const all = await problemsOf(root);
    const expected = [
      /^missing-file: gone\.jpg, listed in line 9 of export\.csv, does not exist$/,
      /^row: export\.csv, line 3: split is "val", not train or test$/,
      /^row: export\.csv, line 4: label is "perhaps", not normal, good, .* or anomalous, .* for another$/,
      /^row: export\.csv, line 4: shots\/a3\.jpg stands in line 3 already$/,
      /^row: export\.csv, line 5: an anomalous image is in the split that is trained on$/,
      /^row: export\.csv, line 5: class is "", not a name$/,
      /^row: export\.csv, line 6: path is empty$/,
      /^row: export\.csv, line 7: \.\.\/elsewhere\.jpg lies outside of the table's folder$/,
      /^row: export\.csv, line 8: shots\/a, 1\.jpg stands in line 2 already$/,
      /^row: export\.csv, line 10: Invalid Opening Quote/,
      /^row: export\.csv, line 11: class is "a\/b", not a name$/,
      /^row: export\.csv, line 11: defect is "good", a name for normal images$/,
      /^row: export\.csv, line 11: \.\.\/m\.png lies outside of the table's folder$/,
      /^row: export\.csv, line 12: it has 8 cells, the header 6/,
      /^row: export\.csv, line 13: Quote Not Closed/,
    ];
    for (const [i, pattern] of expected.entries()) expect(all[i]).toMatch(pattern);
    expect(all).toHaveLength(expected.length);
    const text = formatReport(await checkDataset(root));
    for (const line of [3, 4, 5, 6, 7, 8, 10, 11, 12, 13]) expect(text).toContain(`line ${line}: `);
  });

  it('two manifests in a folder are refused by name, and one of them can be named', async () => {
    const root = await made('manifest');
    await put(root, 'second.csv', 'path,split,label\nshots/a3.jpg,train,normal\n');
    await expect(scanDataset(root)).rejects.toThrow(
      /several tables, name one of them: export\.csv, second\.csv/,
    );
    expect((await scanDataset(join(root, 'second.csv'))).train).toHaveLength(1);
  });
});

describe('masks in a part of a data set', () => {
  const PARTS: [keyof typeof lookalikes, string, images: number, masks: number][] = [
    ['mvtec', 'screw', 8, 4],
    ['mvtec', 'screw/test', 5, 0],
    ['mvtec', 'screw/ground_truth', 0, 4],
    ['mvtec', 'screw/ground_truth/thread_top', 0, 2],
    ['btad', '01/ground_truth/ko', 0, 1],
    ['visa', 'candle', 4, 1],
    ['visa', 'candle/Data/Images', 4, 0],
    ['visa', 'candle/Data/Masks/Anomaly', 0, 1],
    ['magnetic-tile', 'MT_Crack', 2, 2],
    ['magnetic-tile', 'MT_Free/Imgs', 10, 10],
    ['deeppcb', 'PCBData/group20085', 6, 0],
    ['folder', 'lid/test', 4, 0],
  ];
  it.each(PARTS)('%s: %s holds %i images and %i masks', async (layout, part, images, masks) => {
    const folder = join(await made(layout), part);
    for (const list of [imagesToScore, normalImages]) {
      const said: unknown[] = [];
      const listed = list([folder], (...args) => said.push(args));
      if (images === 0) {
        await expect(listed).rejects.toMatchObject({
          code: 'E_DATASET',
          message: `${folder} holds masks alone, ${masks} of them`,
          fix: expect.stringContaining('name the folder that the images lie in'),
        });
      } else {
        expect(await listed).toHaveLength(images);
        expect(said).toEqual(masks === 0 ? [] : [[folder, masks]]);
      }
    }
  });

  it('a mask beside its image is told by its name; a file that is named itself, and one without image, is an image', async () => {
    const root = fresh('beside');
    const names = ['a.JPG', 'A_Mask.png', 'b_mask.png', 'gas_mask.png', 'masks/c.png', 'ground_truth/d.png'];
    for (const name of names) await put(root, name, 'no image yet');
    const left = async (...paths: string[]): Promise<string[]> =>
      (await imagesToScore(paths)).map((path) => path.slice(root.length + 1));
    expect(await left(root)).toEqual(names.filter((name) => name !== 'A_Mask.png').toSorted());
    expect(await left(join(root, 'A_Mask.png'))).toEqual(['A_Mask.png']);
    await expect(normalImages([join(root, 'gone.png')])).rejects.toThrow('gone.png does not exist');
  });
});
