import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { scanDataset } from '../../src/data/dataset.ts';
import { DATA_LAYOUTS, LAYOUTS, type Layout } from '../../src/data/layouts/index.ts';
import type { DataLayout } from '../../src/data/layouts/layout.ts';
import { imagesIn } from '../../src/data/listImages.ts';

/** A layout that nothing but the table knows: all images lie in `pictures`. */
const PICTURES = vi.hoisted<DataLayout>(() => ({
  sign: { inSet: 'folder of pictures' },
  addTest: 'leave it',
  row: { train: '`pictures`', test: 'none', masks: 'none' },
  detect: async ({ base }) => (await imagesIn(join(base, 'pictures'))).length > 0,
  async scan({ root, base }) {
    const train = (await imagesIn(join(base, 'pictures'))).map((name) => ({
      path: join(root, 'pictures', name),
      id: `pictures/${name}`,
      className: 'all',
      defect: 'good',
      anomalous: false,
      maskPath: null,
    }));
    return { samples: { classes: ['all'], train, test: [] }, problems: [], oddities: [] };
  },
}));

vi.mock('../../src/data/layouts/table.ts', async (importOriginal) => {
  const { TABLE } = await importOriginal<typeof import('../../src/data/layouts/table.ts')>();
  return { TABLE: { pictures: PICTURES, ...TABLE } };
});

const emptyFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'wgad-layout-'));

it('takes a further layout from one line of the table', async () => {
  const root = await emptyFolder();
  await mkdir(join(root, 'pictures'), { recursive: true });
  await writeFile(join(root, 'pictures', 'a.png'), '');
  const found = await scanDataset(root);
  expect(found.layout).toBe('pictures');
  expect(found.train.map(({ id }) => id)).toEqual(['pictures/a.png']);
  expect(await scanDataset(root, 'pictures' as Layout)).toEqual(found);
  await expect(scanDataset(await emptyFolder())).rejects.toThrow('holds no class folders');
});

it('names the signs of all layouts where a data set has none', async () => {
  const root = await emptyFolder();
  await mkdir(join(root, 'photos'), { recursive: true });
  await expect(scanDataset(root)).rejects.toThrow(
    'has no known layout: no class folder with train/good (MVTec AD), Data/Images (VisA) or train/ok (BTAD), no folder of pictures, no CSV table with the columns path, split and label, no `labels.csv` of ELPV, no `MT_Free/Imgs` (magnetic tile defects), no `trainval.txt` and `test.txt` of DeepPCB, and no train folder, here or in a class folder',
  );
});

it("docs/data.md's table is that of the records", async () => {
  const text = await readFile(new URL('../../docs/data.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `[\w-]+`/.test(line));
  const expected = LAYOUTS.map((name) => {
    const { sets, train, test, masks } = DATA_LAYOUTS[name].row;
    return `| \`${name}\`${sets === undefined ? '' : ` (${sets})`} | ${train} | ${test} | ${masks} |`;
  });
  expect(rows).toEqual(expected.slice(1));
});
