import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { lookalikes } from '../data/lookalikes.ts';
import { scratchFolder, TINY_TRAIN, wgad } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const SHORT = [...TINY_TRAIN, '--iterations', '2', '--align-iterations', '3'];

const folder = scratchFolder();

async function succeed(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wgad(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

beforeAll(() => lookalikes.folder(folder.path('own')));

describe('plain folders without masks', () => {
  it(
    'are trained on with anomalies mixed in, and tested without those',
    async () => {
      const run = folder.path('noisy');
      await succeed(['train', folder.path('own'), '--out', run, ...SHORT, '--contaminate', '0.5']);
      const config = JSON.parse(await readFile(folder.path('noisy', 'config.json'), 'utf8'));
      expect(config.contaminate.fraction).toBe(0.5);
      expect(config.contaminate.images).toHaveLength(2);
      const table = await succeed(['test', run, '--quiet']);
      expect(table).toMatch(/localisation, absolute-unified +– \/ –/);
      expect(table).toMatch(/pAuroc, absolute-unified: no anomalous sample; 2 anomalous images left out/);
      const scores = await readFile(folder.path('noisy', 'scores.csv'), 'utf8');
      const tested = scores.trim().split('\n').slice(1);
      expect(tested).toHaveLength(4 + 2);
      for (const id of config.contaminate.images) expect(scores).not.toContain(id);
      await succeed(['report', run, '--quiet']);
    },
    SLOW,
  );

  it('say what a share or a layout may be', async () => {
    const train = ['train', folder.path('own'), '--out', folder.path('none'), ...SHORT];
    const none = await wgad([...train, '--contaminate', '0.05']);
    expect(none.stderr).toMatch(/E_DATASET .*of the 4 anomalous test images it would move none/);
    const layout = await wgad([...train, '--layout', 'coco']);
    expect(layout.stderr).toMatch(/--layout expects any of mvtec, visa, btad, folder, got coco/);
    expect(layout.code).toBe(2);
  });
});
