import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanDataset, scanForProblems } from '../../src/data/dataset.ts';
import { problemLines } from '../../src/data/findings.ts';
import { listImages } from '../../src/data/listImages.ts';
import { DatasetError } from '../../src/errors.ts';
import { lookalikes, put } from './lookalikes.ts';

let folder = '';
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-odd-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const LAYOUTS = ['mvtec', 'visa', 'btad', 'folder'] as const;
type Name = (typeof LAYOUTS)[number];
async function made(layout: Name): Promise<string> {
  const root = join(folder, `${layout}${count++}`);
  await lookalikes[layout](root);
  return root;
}
const ids = async (root: string): Promise<string[]> => {
  const { train, test, classes } = await scanDataset(root);
  return [...classes, ...train.map(({ id }) => id), ...test.map(({ id }) => id)];
};
const empty = async (root: string, ...names: string[]): Promise<void> => {
  await Promise.all(names.map((name) => put(root, name, '')));
};

describe('masks are optional', () => {
  it.each(LAYOUTS)(
    'masks are optional: a set of %s without any is trained on, and one line says what is missed',
    async (layout) => {
      const root = await made(layout);
      const { dataset } = await scanForProblems(root);
      for (const { maskPath } of dataset.test) if (maskPath) await rm(maskPath);
      const lines: string[] = [];
      const set = await scanDataset(root, undefined, (line) => lines.push(line));
      expect(set.train.map(({ id }) => id)).toEqual(dataset.train.map(({ id }) => id));
      const anomalous = set.test.filter((sample) => sample.anomalous);
      expect(anomalous.every(({ maskPath }) => maskPath === null)).toBe(true);
      expect(lines.filter((line) => line.startsWith('missing-mask: '))).toEqual([
        expect.stringContaining(
          `${anomalous.length} anomalous images have no mask and are left out of pixel metrics: `,
        ),
      ]);
    },
  );
});

it('folders of test that other layouts take for normal are said to be taken for defects', async () => {
  const root = await made('mvtec');
  const [first] = (await scanDataset(root)).classes;
  await empty(root, `${first}/test/Normal/0.png`, `${first}/test/ok/0.png`);
  const { oddities } = await scanForProblems(root);
  expect(oddities.filter(({ kind }) => kind === 'odd-normal').map(({ message }) => message)).toEqual([
    `class ${first}: test/Normal is taken for a defect: in this layout, normal images lie in test/good`,
    `class ${first}: test/ok is taken for a defect: in this layout, normal images lie in test/good`,
  ]);
});

it.each([
  ['Train', 'Good', 'Test', 'Ground_Truth', 'mvtec'],
  ['TRAIN', 'OK', 'TEST', 'MASKS', 'btad'],
  ['Train', 'Normal', 'test', 'masks', 'folder'],
])('names of folders count in any case: %s/%s', async (train, normal, test, masks, layout) => {
  for (const inside of ['nut/', '']) {
    const root = join(folder, `capitals${count++}`);
    const files = [
      `${train}/${normal}/0.png`,
      `${test}/${normal}/1.png`,
      `${test}/Bent/2.png`,
      `${masks}/bent/2_Mask.PNG`,
    ].map((name) => `${inside}${name}`);
    await empty(root, ...files);
    const { dataset, problems, oddities } = await scanForProblems(root);
    expect([problems, oddities]).toEqual([[], []]);
    // In a class that stands alone, any set of `train` is of a person's own.
    expect(dataset.layout).toBe(inside === '' ? 'folder' : layout);
    expect(dataset.train.map(({ id }) => id)).toEqual([files[0]]);
    expect(dataset.test.map(({ id, anomalous }) => [id, anomalous])).toEqual(
      [
        [files[2], true],
        [files[1], false],
      ].sort(),
    );
    expect(dataset.test.find(({ anomalous }) => anomalous)!.maskPath).toBe(join(root, files[3]!));
  }
});

it('a folder without a layout says which folders it holds', async () => {
  const root = join(folder, 'none');
  await empty(root, ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `${name}/0.png`));
  await expect(scanDataset(root)).rejects.toThrow(/no known layout.*; it holds a, b, c, d, e and 2 more/);
});

it('of several masks of a name each image takes its own, and masks that images share are said', async () => {
  const root = join(folder, 'twins');
  await empty(root, 'a/train/good/0.png', 'a/test/bent/0.png', 'a/test/bent/0.jpg', 'a/test/bent/x.png');
  await empty(root, 'a/test/bent/X.png', 'a/ground_truth/bent/x_mask.png', 'a/ground_truth/bent/X_mask.png');
  await empty(root, 'a/ground_truth/bent/0.png', 'a/ground_truth/bent/0.jpg');
  const masks = async (): Promise<string[]> =>
    (await scanDataset(root)).test.map(({ id, maskPath }) => `${id} ${maskPath!.slice(root.length + 1)}`);
  const [bent, own] = ['a/test/bent', 'a/ground_truth/bent'];
  expect(await masks()).toEqual([
    `${bent}/0.jpg ${own}/0.jpg`,
    `${bent}/0.png ${own}/0.png`,
    `${bent}/X.png ${own}/X_mask.png`,
    `${bent}/x.png ${own}/x_mask.png`,
  ]);
  await rm(join(root, own, '0.jpg'));
  const { oddities } = await scanForProblems(root);
  expect(oddities.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
    `shared-mask: ${own}/0.png is the mask of several images: ${bent}/0.jpg, ${bent}/0.png`,
  ]);
});

it.runIf(process.platform === 'linux').each(['train/good/cl\xe9.png', 'cl\xe9/train/good/a.png'])(
  'a name that is not UTF-8 is named, not passed over: %s',
  async (name) => {
    const root = join(folder, `latin${count++}`);
    await empty(root, 'nut/train/good/a.png', 'nut/test/good/a.png');
    const path = Buffer.from(join(root, name.startsWith('train') ? `nut/${name}` : name), 'latin1');
    await mkdir(path.subarray(0, path.lastIndexOf('/')), { recursive: true });
    await writeFile(path, '');
    await expect(scanDataset(root)).rejects.toMatchObject({
      code: 'E_DATASET',
      message: expect.stringMatching(/cl\ufffd(\.png)?: its name is not UTF-8/),
    });
  },
);

describe('what is no class, and no image, is skipped with a line that says so', () => {
  const BESIDE = [
    '__MACOSX/nut/train/good/._000.png',
    '.git/objects/x.png',
    '.ipynb_checkpoints/a.png',
    'thumbs/000.png',
    '@eaDir/000.png/SYNOFILE_THUMB_M.png',
    'lost+found/x',
    'results/heat.png',
    'results/maps/heat.png',
    'notes/readme.txt',
    'empty/train/good/notes.txt',
    'archive/Data/x.txt',
    'train/notes.txt',
  ];
  it.each(LAYOUTS)('folders beside the classes are skipped with a line that says so: %s', async (layout) => {
    const root = await made(layout);
    const before = await ids(root);
    await empty(root, ...BESIDE);
    const { oddities, problems } = await scanForProblems(root);
    expect(problems).toEqual([]);
    expect(await ids(root)).toEqual(before);
    const folders = oddities.filter(({ kind }) => kind === 'skipped-folder').map(({ item }) => item);
    expect(folders.sort()).toEqual([...new Set(BESIDE.map((path) => path.split('/')[0]!))].sort());
    expect(problemLines(oddities).filter((line) => line.startsWith('skipped-folder'))).toEqual([
      expect.stringMatching(/^skipped-folder: 11 folders are skipped: .* and 8 more$/),
    ]);
  });

  it.each(['mvtec', 'btad', 'folder'] as const)(
    'folders inside the classes are skipped at any depth: %s',
    async (layout) => {
      const root = await made(layout);
      const before = await ids(root);
      const [first] = (await scanDataset(root)).train;
      const place = first!.id.split('/').slice(0, -1).join('/');
      const files = ['.DS_Store', 'Thumbs.db', '._x.png', 'notes.txt'];
      const inside = ['@eaDir/x.png/SYNOPHOTO_THUMB_XL.jpg', '.thumbnails/x.png', '__MACOSX/x.png'];
      await empty(root, ...[...files, ...inside].map((name) => `${place}/${name}`));
      await empty(root, `${first!.className}/validation/good/0.png`, `${first!.className}/contact_sheet.png`);
      expect(await ids(root)).toEqual(before);
      const { oddities } = await scanForProblems(root);
      const of = (kind: string): string[] =>
        oddities.flatMap((oddity) => (oddity.kind === kind ? [oddity.item] : []));
      for (const name of files) expect(of('skipped-file')).toContain(`${place}/${name}`);
      expect(of('skipped-file')).toContain(`${first!.className}/contact_sheet.png`);
      for (const name of ['@eaDir', '.thumbnails', '__MACOSX']) {
        expect(of('skipped-folder')).toContain(`${place}/${name}`);
      }
      expect(of('skipped-folder')).toContain(`${first!.className}/validation`);
    },
  );

  it('odd folders are skipped also where images are listed without a layout', async () => {
    const root = join(folder, 'plain');
    await empty(root, 'a.png', '._a.png', '@eaDir/a.png/thumb.jpg', '__MACOSX/a.png', 'b/c.png');
    const found = (await listImages([root])).map((path) => path.slice(root.length + 1));
    expect(found).toEqual(['a.png', 'b/c.png']);
  });

  it('images lie at any depth in every layout of folders, with their masks', async () => {
    const root = join(folder, 'deep');
    await empty(
      root,
      'a/train/good/day1/0.png',
      'a/test/bent/day1/0.png',
      'a/ground_truth/bent/day1/0_mask.png',
    );
    const { train, test, layout } = await scanDataset(root);
    expect([layout, train.map(({ id }) => id)]).toEqual(['mvtec', ['a/train/good/day1/0.png']]);
    expect(test[0]!.maskPath).toBe(join(root, 'a/ground_truth/bent/day1/0_mask.png'));
  });

  it('a set of nothing but odd folders says that it has no class', async () => {
    const root = join(folder, 'nothing');
    await empty(root, 'a/train/good/readme.txt', 'b/train/good/.hidden.png');
    await expect(scanDataset(root)).rejects.toThrow(/holds no image in the train or test of any folder/);
  });
});

describe('problems of one kind are one line with a count and three examples', () => {
  it('what stops training is one line for each kind, with a count, three examples and where to see them all', async () => {
    const root = join(folder, 'stops');
    for (let c = 0; c < 12; c++) await empty(root, `class${c}/test/good/0.png`);
    await empty(root, 'whole/train/good/0.png');
    const error = await scanDataset(root).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DatasetError);
    const { message, fix } = error as DatasetError;
    expect(message).toBe(
      `data set ${root}: no-train: 12 classes have no training images: class0, class1, class10 and 9 more`,
    );
    expect(fix).toContain('--all');
  });

  it('each problem has its own line where all are asked for, or it is alone', () => {
    const problem = (i: number) => ({ kind: 'no-test', path: '', item: `c${i}`, message: `m${i}` }) as const;
    const five = [0, 1, 2, 3, 4].map(problem);
    expect(problemLines(five, { hint: 'more' })).toEqual([
      'no-test: 5 classes have no test images: c0, c1, c2 and 2 more (more)',
    ]);
    expect(problemLines(five, { all: true })).toEqual(five.map(({ message }) => `no-test: ${message}`));
    expect(problemLines([five[3]!])).toEqual(['no-test: m3']);
    expect(problemLines([])).toEqual([]);
  });
});
