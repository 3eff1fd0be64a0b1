import { cp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lookalikes } from '../data/lookalikes.ts';
import { scratchFolder, TINY_TRAIN, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const SHORT = [...TINY_TRAIN, '--iterations', '2', '--align-iterations', '3'];

const folder = scratchFolder();

async function succeed(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wgadHere(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

interface Line {
  readonly calibrated: number;
  readonly verdict: string | null;
  readonly unfamiliar: boolean | null;
}
const predicted = async (run: string, ...args: string[]): Promise<Line[]> =>
  (await succeed(['predict', run, ...args, '--quiet']))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

beforeAll(() => lookalikes.folder(folder.path('own')));

describe('plain folders without masks', () => {
  it(
    'plain folders without masks are trained on with anomalies mixed in, and tested without those',
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

  it(
    'plain folders get a threshold from their normal images, which predict uses, and marks for what is unlike them',
    async () => {
      const run = folder.path('noisy');
      const low = await wgadHere(['threshold', run, '--fpr', '0.01', '--quiet']);
      expect(low.code).toBe(1);
      expect(low.stderr).toMatch(
        /rate of 0\.01 needs at least 99 normal images, got 6\n +fix: .*at least 0\.1429/,
      );
      const stored = JSON.parse(await succeed(['threshold', run, '--fpr', '0.15', '--quiet', '--json']));
      expect(stored).toMatchObject({ target: 0.15, images: 6, source: 'training images', alignment: 'cada' });
      expect(stored.rate).toBeCloseTo(1 / 7, 12);
      expect(stored.interval).toMatchObject({ level: 0.95, resamples: 1000 });
      expect(stored.list).toMatch(/^[0-9a-f]{64}$/);
      expect(Object.keys(stored.classes)).toEqual(['label & cap', 'lid']);
      const trained = folder.path('own', 'lid', 'train');
      const judged = await predicted(run, trained, folder.path('own', 'label & cap', 'train'));
      // Of six images the promise is that one of seven is flagged: none of those it was made from.
      expect(judged.map(({ verdict }) => verdict)).toEqual(judged.map(() => 'normal'));
      expect(Math.max(...judged.map(({ calibrated }) => calibrated))).toBeLessThan(stored.value);
      expect(judged.map(({ unfamiliar }) => unfamiliar)).toEqual(judged.map(() => false));
      const [again] = await predicted(run, folder.path('own', 'label & cap'), '--threshold', '-1e9');
      expect(again!.verdict).toBe('anomalous');
      const given = await succeed(['threshold', run, '--fpr', '0.3', '--images', trained, '--quiet']);
      expect(given).toMatch(/^threshold .* from 3 given images: at most 25 % of normal images/);
    },
    SLOW,
  );

  it(
    'plain folders with one kind of test images are reported, saying what cannot be computed',
    async () => {
      const run = folder.path('noisy');
      for (const [gone, missing] of [
        ['dent', 'anomalous'],
        ['OK', 'normal'],
      ] as const) {
        const data = folder.path(`without ${missing}`);
        await cp(folder.path('own'), data, { recursive: true });
        for (const name of ['lid', 'label & cap'])
          await rm(join(data, name, 'test', gone), { recursive: true });
        const table = await succeed(['test', run, '--data', data, '--quiet']);
        expect(table).toMatch(new RegExp(`iAuroc, absolute-unified: no ${missing} sample`));
        await succeed(['report', run, '--data', data, '--quiet']);
        const page = await readFile(folder.path('noisy', 'report.html'), 'utf8');
        expect(page).toContain(`The test set has no ${missing} image`);
      }
    },
    SLOW,
  );

  it(
    'plain folders that were moved are found again by --data, which every verb that reads them names',
    async () => {
      const run = folder.path('noisy');
      const moved = folder.path('moved');
      await rename(folder.path('own'), moved);
      try {
        for (const verb of ['test', 'report', 'threshold']) {
          const { code, stderr } = await wgadHere([verb, run, '--quiet']);
          expect(stderr).toMatch(
            /E_DATASET .*own, which the run was trained on, does not exist\n +fix: .*--data/,
          );
          expect(code).toBe(1);
        }
        await succeed(['threshold', run, '--fpr', '0.15', '--data', moved, '--quiet']);
      } finally {
        await rename(moved, folder.path('own'));
      }
    },
    SLOW,
  );

  it('a refused share or layout says what it may be', async () => {
    const train = ['train', folder.path('own'), '--out', folder.path('none'), ...SHORT];
    const none = await wgadHere([...train, '--contaminate', '0.05']);
    expect(none.stderr).toMatch(/E_DATASET .*of the 4 anomalous test images it would move none/);
    const layout = await wgadHere([...train, '--layout', 'coco']);
    expect(layout.stderr).toMatch(
      /--layout <name>.* expects one of manifest, mvtec, visa, btad, elpv, magnetic-tile, deeppcb, folder, got coco/,
    );
    expect(layout.code).toBe(2);
  });
});
