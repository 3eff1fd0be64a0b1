import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataset } from '../../src/data/check.ts';
import { scanDataset, scanForProblems } from '../../src/data/dataset.ts';
import { imagesToScore } from '../../src/data/imagesToScore.ts';
import { listImages } from '../../src/data/listImages.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-deep-'));
});
// Its paths are longer than the system takes: only a tool that goes from folder to folder removes them.
afterAll(() => void execFileSync('rm', ['-rf', root]));

/** Folders in one another, each with an image, below `parts` of the root. Beyond the longest path they are made from inside. */
function nested(levels: number, name: string, ...parts: string[]): string {
  const top = join(root, ...parts);
  mkdirSync(top, { recursive: true });
  const before = process.cwd();
  try {
    process.chdir(top);
    for (let level = 0; level < levels; level++) {
      writeFileSync('0.png', '');
      mkdirSync(name);
      process.chdir(name);
    }
  } finally {
    process.chdir(before);
  }
  return join(root, parts[0]!);
}
const TOO_DEEP = /is skipped: it lies more than 64 folders deep$/;
const TOO_LONG = /is skipped: its path is too long for the system$/;

// Windows has no `rm`, and macOS takes longer paths.
describe.runIf(process.platform === 'linux')('folders deep in one another', () => {
  it('thousands of folders in one another are searched to a depth, and what lies below is said once', async () => {
    const set = nested(2200, 'd', 'set', 'a', 'train', 'good');
    nested(70, 'd', 'set', 'a', 'test', 'good');
    nested(70, 'd', 'set', 'a', 'ground_truth', 'hole');
    const { dataset, problems, oddities } = await scanForProblems(set);
    expect(problems).toEqual([]);
    expect(dataset.train).toHaveLength(65);
    const skipped = oddities.filter(({ kind }) => kind === 'skipped-folder');
    expect(skipped.map(({ message }) => message)).toEqual(
      ['train/good', 'test/good', 'ground_truth'].map((top) =>
        expect.stringMatching(new RegExp(`^folder a/${top}/.*${TOO_DEEP.source}`)),
      ),
    );
    const lines: string[] = [];
    await scanDataset(set, undefined, (line) => lines.push(line));
    expect(lines.filter((line) => line.includes('skipped'))).toHaveLength(1);
  });

  it.each([
    ['many levels', 70, 'd', TOO_DEEP, 65],
    ['long names', 30, 'n'.repeat(200), TOO_LONG, 20],
  ])(
    'loose images in folders in one another are checked as far as they are searched: %s',
    async (_, levels, name, says, least) => {
      const loose = nested(levels, name, `loose${levels}`);
      const { images, warnings } = await checkDataset(loose);
      expect(images).toBeGreaterThanOrEqual(least - 1);
      expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(says)]);
      // Whoever names a folder wants all of it.
      for (const list of [listImages, imagesToScore]) {
        await expect(list([loose])).rejects.toMatchObject({
          code: 'E_DATASET',
          message: expect.stringContaining('cannot be searched to its end'),
          fix: 'name the folder that holds the images',
        });
      }
    },
  );
});
