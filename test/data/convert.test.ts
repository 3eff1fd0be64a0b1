import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkDataset } from '../../src/data/check.ts';
import { convertDatasets } from '../../src/data/convert/convert.ts';
import { scanDataset } from '../../src/data/dataset.ts';
import { loadPixels, sampleMask } from '../../src/data/index.ts';
import { fileHashes } from './fileHashes.ts';
import { lookalikes, picture, put } from './lookalikes.ts';

const SOURCES = ['elpv', 'magnetic-tile', 'deeppcb', 'manifest'] as const;
let folder = '';
let count = 0;
let sources: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-convert-'));
  sources = await Promise.all(SOURCES.map((layout) => made(layout)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fresh = (name: string): string => join(folder, `${name}${count++}`);
async function made(layout: keyof typeof lookalikes): Promise<string> {
  const root = fresh(layout);
  await lookalikes[layout](root);
  return root;
}
const names = async (root: string): Promise<string[]> => [...(await fileHashes(root)).keys()];
/** The reason of a refusal, and that nothing was written. */
async function refusal(options: Omit<Parameters<typeof convertDatasets>[0], 'out'>): Promise<string> {
  const place = fresh('refused');
  const before = await readdir(folder);
  const error = await convertDatasets({ ...options, out: place }).catch((caught: Error) => caught);
  expect(await readdir(folder)).toEqual(before);
  return (error as Error).message;
}

it('a conversion writes whole sets as they are, with masks as black and white PNG', async () => {
  const out = fresh('whole');
  const made = await convertDatasets({ sets: sources, out });
  expect(made).toMatchObject({
    root: out,
    classes: ['box', 'lid', 'magnetic_tile', 'pcb', 'solar_mono', 'solar_poly'],
    trainImages: 5 + 8 + 3 + 3,
    testImages: 6 + 6 + 4 + 3,
  });
  const set = await scanDataset(out);
  expect(set).toMatchObject({ layout: 'mvtec', classes: made.classes, notes: made.notes });
  expect(made.notes).toHaveLength(5);
  const files = await names(out);
  expect(files.filter((name) => /^(lid|pcb)/.test(name))).toEqual([
    'lid/ground_truth/dent/a4_mask.png',
    'lid/test/dent/a4.jpg',
    'lid/test/good/a3.jpg',
    'lid/train/good/a "2".jpg',
    'lid/train/good/a, 1.jpg',
    'pcb/ground_truth/mixed/00041001_test_mask.png',
    'pcb/ground_truth/mousebite/00041000_test_mask.png',
    'pcb/test/good/00041000_temp.jpg',
    'pcb/test/good/00041001_temp.jpg',
    'pcb/test/mixed/00041001_test.jpg',
    'pcb/test/mousebite/00041000_test.jpg',
    'pcb/train/good/20085000_temp.jpg',
    'pcb/train/good/20085001_temp.jpg',
    'pcb/train/good/20085002_temp.jpg',
  ]);
  expect(await readFile(join(out, 'lid/test/dent/a4.jpg'))).toEqual(
    await readFile(join(sources[3]!, 'shots/a4.jpg')),
  );
  // Each sample's mask marks what the source's did.
  const before = (await Promise.all(sources.map((root) => scanDataset(root)))).flatMap(({ test }) => test);
  for (const sample of set.test) {
    const source = before.find(({ id, className }) => {
      const stem = (name: string): string =>
        name
          .split('/')
          .at(-1)!
          .replace(/\.\w+$/, '');
      return className === sample.className && stem(id) === stem(sample.id);
    })!;
    expect(await sampleMask(sample, { size: 40 })).toEqual(await sampleMask(source, { size: 40 }));
  }
  expect((await checkDataset(out)).problems).toEqual([]);
});

it('a conversion to a size gives networks the same pixels, its masks the nearest ones, the same bytes each time', async () => {
  const out = fresh('small');
  const options = { sets: sources, size: 24 };
  await convertDatasets({ ...options, out });
  const again = fresh('again');
  await convertDatasets({ ...options, out: again });
  expect(await fileHashes(again)).toEqual(await fileHashes(out));
  expect((await names(out)).filter((name) => !/\.png$|^notes\.txt$/.test(name))).toEqual([]);
  const image = join(sources[3]!, 'shots/a4.jpg');
  expect(await loadPixels(join(out, 'lid/test/dent/a4.png'), 24)).toEqual(await loadPixels(image, 24));
  const tile = (await scanDataset(out)).test.find(({ defect }) => defect === 'crack')!;
  const { mask } = await sampleMask(tile, { size: 24 }, 'nearest');
  const [original] = (await scanDataset(sources[1]!)).test.filter(({ defect }) => defect === 'crack');
  expect(mask).toEqual((await sampleMask(original!, { size: 24 }, 'nearest')).mask);
  expect(new Set(await sharp(tile.maskPath!).raw().toBuffer())).toEqual(new Set([0, 255]));
});

it('a conversion to grey takes luma as PIL does, in one channel, and keeps the size', async () => {
  const out = fresh('grey');
  await convertDatasets({ sets: [sources[3]!], out, grey: true });
  const { width, height, channels } = await sharp(join(out, 'box/train/good/b1.png')).metadata();
  expect([width, height, channels]).toEqual([48, 40, 1]);
  const { data } = await sharp(join(sources[3]!, 'more/b1.jpg')).raw().toBuffer({ resolveWithObject: true });
  const grey = await sharp(join(out, 'box/train/good/b1.png')).toColourspace('b-w').raw().toBuffer();
  const [r, g, b] = data;
  expect(grey[0]).toBe((19595 * r! + 38470 * g! + 7471 * b! + 32768) >> 16);
  const cells = fresh('cells');
  await convertDatasets({ sets: [sources[0]!], out: cells, grey: true });
  const cell = 'images/cell0001.png';
  expect(await loadPixels(join(cells, 'solar_mono/train/good/cell0001.png'), 16)).toEqual(
    await loadPixels(join(sources[0]!, 'src/elpv_dataset/data', cell), 16),
  );
});

it('a drawn sample has what was asked for of each class, whatever is drawn beside it, and holds smaller ones', async () => {
  const draw = async (sets: string[], train: number, test: number, seed = 0): Promise<string[]> => {
    const out = fresh('drawn');
    const made = await convertDatasets({ sets, out, train, test, seed });
    expect(made.notes.at(-1)).toContain(`drawn with seed ${seed}`);
    return (await names(out)).filter((name) => name.startsWith('magnetic_tile/t'));
  };
  const three = await draw(sources.slice(1, 3), 3, 4);
  expect(three.filter((name) => name.includes('train/good'))).toHaveLength(3);
  expect(three.filter((name) => name.includes('test/good'))).toHaveLength(2);
  expect(three).toHaveLength(3 + 4);
  expect(await draw([sources[1]!], 3, 4)).toEqual(three);
  const two = await draw([sources[1]!], 2, 3);
  expect(three).toEqual(expect.arrayContaining(two));
  expect(two).toHaveLength(5);
  const other = await draw([sources[1]!], 3, 4, 1);
  expect(other).not.toEqual(three);
});

it('a conversion says at once all that keeps it from being done, and writes nothing', async () => {
  const copy = await made('deeppcb');
  await writeFile(join(copy, 'PCBData/test.txt'), 'nonsense\n');
  const reasons = await refusal({ sets: [...sources, copy], from: undefined, train: 4, test: 4 });
  expect(reasons).toMatch(/nothing was written/);
  expect(reasons).toMatch(/class solar_mono of \S+ has 3 normal images to train on, asked for 4/);
  expect(reasons).toMatch(/class lid of \S+ has 1 anomalous images to test, asked for 2/);
  expect(reasons).toMatch(/deeppcb\d+: layout: .* has no known layout/);
  const twice = await refusal({ sets: [sources[1]!, await made('magnetic-tile')] });
  expect(twice).toMatch(/class magnetic_tile of \S+ is in \S+ too/);
  expect(await refusal({ sets: [], train: 0, test: 1, size: 4 })).toMatch(/sets.*train.*test.*size/);
});

it('a conversion finds every image that cannot be read before the folder appears', async () => {
  const broken = await made('magnetic-tile');
  await truncate(join(broken, 'MT_Free/Imgs/exp1_num_3211.jpg'), 100);
  await writeFile(join(broken, 'MT_Crack/Imgs/exp1_num_339839.jpg'), 'x');
  for (const size of [undefined, 16]) {
    const reasons = await refusal({ sets: [broken], size });
    expect(reasons).toMatch(/unreadable: 2 images cannot be read/);
    expect(reasons).toMatch(/exp1_num_3211\.jpg/);
    expect(reasons).toMatch(/exp1_num_339839\.jpg/);
  }
});

it('a conversion that is stopped leaves nothing, and one into a used folder does not begin', async () => {
  const controller = new AbortController();
  let done = 0;
  const stopped = convertDatasets({
    sets: sources,
    out: fresh('stopped'),
    signal: controller.signal,
    onProgress: () => {
      done += 1;
      controller.abort(new Error('stop'));
    },
  });
  const before = await readdir(folder);
  await expect(stopped).rejects.toThrow('stop');
  expect(done).toBeLessThan(20);
  expect(await readdir(folder)).toEqual(before.filter((name) => !name.endsWith('.tmp')));
  await expect(convertDatasets({ sets: sources, out: sources[1]! })).rejects.toThrow(/is not empty/);
});

it('images of one name in a folder keep apart, and masks that no pixel is left of are told', async () => {
  const root = fresh('same-names');
  const rows = ['path,split,label,mask,defect'];
  for (const [i, at] of ['a/x.png', 'b/x.png', 'b_x.png'].entries()) {
    await put(root, at, await picture(40 + 20 * i));
    rows.push(`${at},train,normal,,`);
  }
  await put(root, 'c/x.png', await picture(3));
  const point = new Uint8Array(48 * 40);
  point[48 + 1] = 255;
  await put(
    root,
    'c/m.png',
    await sharp(point, { raw: { width: 48, height: 40, channels: 1 } })
      .png()
      .toBuffer(),
  );
  rows.push('c/x.png,test,bad,c/m.png,Dent');
  await put(root, 'all.csv', rows.join('\n'));
  const out = fresh('apart');
  const said: string[] = [];
  await convertDatasets({ sets: [root], out, size: 8, onOddity: (line) => said.push(line) });
  const name = root.split('/').at(-1)!;
  expect(await names(out)).toEqual([
    'notes.txt',
    `${name}/ground_truth/Dent/x_mask.png`,
    `${name}/test/Dent/x.png`,
    `${name}/train/good/a_x.png`,
    `${name}/train/good/b_x.png`,
    `${name}/train/good/b_x_2.png`,
  ]);
  expect(said).toEqual(['empty-mask: the mask of c/x.png has no anomalous pixel left at 8 px']);
});
