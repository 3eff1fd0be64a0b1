import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataset, formatReport } from '../../src/data/check.ts';
import { synthesize } from '../../src/data/synth/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-check-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('checkDataset', () => {
  it('checkDataset finds nothing wrong with a sound set, and counts it', async () => {
    const root = join(folder, 'sound');
    await synthesize({ out: root, classes: 2, train: 3, test: 4, size: 40, defects: ['blob', 'stain'] });
    const seen: number[] = [];
    const report = await checkDataset(root, { onProgress: (done, total) => seen.push(done / total) });
    expect(report).toMatchObject({ root, layout: 'mvtec', images: 14, problems: [], warnings: [] });
    expect(report.classes[0]).toEqual({
      name: 'circuit',
      train: 3,
      testNormal: 2,
      testAnomalous: 2,
      defects: { blob: 1, stain: 1 },
      sizes: { '40x40': 7 },
    });
    expect(seen.at(-1)).toBe(1);
    const text = formatReport(report);
    expect(text).toMatch(/layout mvtec, 2 classes, 14 images/);
    expect(text).toMatch(/circuit +3 +2 +2 +blob 1, stain 1 +40x40 7/);
    expect(text).toMatch(/no problems/);
  });

  it('checkDataset lists every fault with its file', async () => {
    const root = join(folder, 'faulty');
    await synthesize({ out: root, classes: 1, train: 3, test: 8, size: 40, defects: ['blob', 'scratch'] });
    const at = (name: string): string => join(root, 'circuit', name);
    await truncate(at('train/good/001.png'), 900);
    await writeFile(at('test/good/000.png'), '');
    await copyFile(at('train/good/000.png'), at('test/good/001.png'));
    await rm(at('ground_truth/blob/000_mask.png'));
    await writeFile(
      at('ground_truth/blob/001_mask.png'),
      await sharp(at('ground_truth/blob/001_mask.png')).resize(20, 30).png().toBuffer(),
    );
    await writeFile(at('ground_truth/scratch/000_mask.png'), 'x');
    const blank = sharp({ create: { width: 40, height: 40, channels: 3, background: '#000' } });
    await writeFile(at('ground_truth/scratch/001_mask.png'), await blank.png().toBuffer());
    const report = await checkDataset(root);
    expect(report.problems.map(({ kind, path }) => [kind, path.slice(root.length + 1)]).sort()).toEqual([
      ['duplicate', 'circuit/test/good/001.png'],
      ['unreadable', 'circuit/test/good/000.png'],
      ['unreadable', 'circuit/train/good/001.png'],
    ]);
    expect(report.warnings.find(({ kind }) => kind === 'mask-size')!.message).toMatch(/20x30.*40x40/);
    expect(report.problems.find(({ kind }) => kind === 'duplicate')!.message).toBe(
      'test image circuit/test/good/001.png has the same bytes as circuit/train/good/000.png, which is trained on; remove one of them',
    );
    // What only pixel metrics miss keeps nothing from working.
    expect(report.warnings.map(({ kind }) => kind)).toEqual([
      ...['missing-mask', 'mask-size', 'unreadable-mask', 'empty-mask'],
    ]);
    const text = formatReport(report, { all: true });
    for (const { message } of [...report.problems, ...report.warnings]) expect(text).toContain(message);
  });

  it('checkDataset checks a plain folder of images as predict would read it', async () => {
    const root = join(folder, 'plain');
    await mkdir(join(root, 'line1'), { recursive: true });
    const picture = await sharp({ create: { width: 9, height: 5, channels: 3, background: '#456' } })
      .png()
      .toBuffer();
    await writeFile(join(root, 'a.png'), picture);
    await writeFile(join(root, 'line1/b.png'), picture);
    await writeFile(join(root, 'line1/c.jpg'), (await readFile(join(root, 'a.png'))).subarray(0, 30));
    const report = await checkDataset(root);
    expect(report).toMatchObject({ layout: 'folder', images: 3 });
    expect(report.classes.map(({ name, sizes }) => [name, sizes])).toEqual([
      ['.', { '9x5': 1 }],
      ['line1', { '9x5': 1 }],
    ]);
    expect(report.problems.map(({ kind }) => kind)).toEqual(['layout', 'unreadable']);
  });

  it('checkDataset shows the commonest of many sizes, and all where they are asked for', () => {
    const sizes = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`${30 + i}x40`, i + 1]));
    const one = { name: 'a', train: 45, testNormal: 0, testAnomalous: 0, defects: {}, sizes };
    const report = {
      ...{ root: '/x', layout: 'folder' as const, classes: [one], images: 45 },
      ...{ problems: [], warnings: [], official: null },
    };
    expect(formatReport(report)).toContain('38x40 9, 37x40 8, 36x40 7, 35x40 6, 34x40 5 and 4 more');
    expect(formatReport(report, { all: true })).toMatch(/30x40 1, 31x40 2.* 38x40 9$/m);
  });
});
