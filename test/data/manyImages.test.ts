import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { formatReport } from '../../src/data/check.ts';
import { scanForProblems } from '../../src/data/dataset.ts';
import { problemLines } from '../../src/data/findings.ts';

/** More than a call can have arguments. */
const MANY = 130_000;
/** Folders that seem to hold so many images, whatever lies in them. */
const crowded = new Set<string>();

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const entries = (folder: string) =>
    Array.from({ length: MANY }, (_, i) => ({
      name: `${basename(folder)}${1_000_000 + i}.png`,
      isDirectory: () => false,
      isSymbolicLink: () => false,
    }));
  const readdir = async (folder: string, options: { withFileTypes: true }): Promise<unknown> =>
    crowded.has(folder) ? entries(folder) : real.readdir(folder, options);
  return { ...real, readdir };
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-many-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(root: string, path: string): Promise<void> {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), '');
}

it('a class of 130,000 files in each folder is scanned, and said of in a few lines', async () => {
  const root = join(folder, 'classes');
  await put(root, 'nut/train/good/a.png');
  for (const crowd of ['test/good', 'test/crack', 'ground_truth/dent']) {
    await mkdir(join(root, 'nut', crowd), { recursive: true });
    crowded.add(join(root, 'nut', crowd));
  }
  const { dataset, problems, oddities } = await scanForProblems(root, 'mvtec');
  expect([dataset.train.length, dataset.test.length, problems.length]).toEqual([1, 2 * MANY, 0]);
  expect(problemLines(oddities)).toEqual([
    expect.stringMatching(/^missing-mask: 130000 anomalous images have no mask .* and 129997 more$/),
    expect.stringMatching(/^spare-mask: 130000 files .* and 129997 more$/),
  ]);
});

it('a folder of 130,000 files that the table of VisA does not list is scanned, and said of in a line', async () => {
  const root = join(folder, 'visa');
  await put(root, 'nut/Data/Images/Normal/a.png');
  await writeFile(
    join(root, '1cls.csv'),
    'object,split,label,image,mask\nnut,train,normal,nut/Data/Images/Normal/a.png,',
  );
  crowded.add(join(root, 'nut/Data/Images/Normal'));
  const { oddities } = await scanForProblems(root, 'visa');
  const own = oddities.filter(({ kind }) => kind === 'extra-file');
  expect(problemLines(own)).toEqual([expect.stringMatching(/^extra-file: 130000 files .* and 129997 more$/)]);
});

it('a report of 130,000 classes and as many problems is printed', () => {
  const classes = Array.from({ length: MANY }, (_, i) => ({
    name: `class${i}`,
    train: 1,
    testNormal: 0,
    testAnomalous: 0,
    defects: {},
    sizes: {},
  }));
  const problems = classes.map(({ name }) => ({
    kind: 'no-test' as const,
    path: name,
    item: name,
    message: name,
  }));
  const report = {
    root: '/x',
    layout: 'mvtec' as const,
    classes,
    images: MANY,
    problems,
    warnings: [],
    official: null,
  };
  expect(formatReport(report).split('\n').length).toBe(MANY + 8);
  expect(formatReport(report, { all: true }).split('\n').length).toBe(2 * MANY + 7);
});
