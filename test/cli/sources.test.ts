import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { lookalikes } from '../data/lookalikes.ts';
import { scratchFolder, start, TINY_TRAIN, wgad, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const folder = scratchFolder();
const boards = (): string => folder.path('boards');
const table = (): string => folder.path('listed', 'export.csv');
beforeAll(async () => {
  await lookalikes.deeppcb(boards());
  await lookalikes.manifest(folder.path('listed'));
  await lookalikes.elpv(folder.path('cells'));
});

async function succeed(args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await wgad(args);
  expect(code, stderr).toBe(0);
  return { stdout, stderr };
}

describe('data convert', () => {
  const convert = (...args: string[]): string[] => ['data', 'convert', boards(), table(), ...args];

  it('data convert writes a sample of several sets, with what results on it must say', async () => {
    const sizes = ['--train', '2', '--test', '2', '--size', '32', '--grey'];
    const made = await wgadHere(convert(folder.path('cells'), '--out', folder.path('all'), ...sizes));
    expect(made.code, made.stderr).toBe(1);
    expect(made.stderr).toMatch(
      /E_DATASET data convert: nothing was written: class box of \S+ has 1 normal images to train on, asked for 2; class box of \S+ has 0 normal images to test, asked for 1/,
    );
    const drawn = ['data', 'convert', boards(), folder.path('cells'), ...sizes, '--quiet'];
    const { code, stdout } = await wgadHere([
      ...drawn,
      '--out',
      folder.path('some'),
      '--seed',
      '3',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      classes: ['pcb', 'solar_mono', 'solar_poly'],
      trainImages: 6,
      testImages: 6,
      notes: expect.arrayContaining([
        'DeepPCB marks defects by boxes: pixel metrics are of boxes',
        '2 training images and 2 test images, half of them normal, of each class were drawn with seed 3',
      ]),
    });
    const check = await wgadHere(['data', 'check', folder.path('some'), '--quiet']);
    expect(check.code).toBe(0);
    expect(check.stdout).toMatch(/layout mvtec, 3 classes, 12 images/);
    expect(check.stdout).toContain('were drawn with seed 3');
  });

  it('data convert refuses other layouts and an output among what it reads', async () => {
    const other = await wgadHere(convert('--out', folder.path('x'), '--layout', 'visa'));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/--layout.*expects one of mvtec, got visa/);
    const inside = await wgadHere(convert('--out', folder.path('boards', 'out')));
    expect(inside.stderr).toMatch(/E_CONFIG --out .* the folder that images are read from/);
    const wrong = await wgadHere(convert('--out', folder.path('x'), '--from', 'elpv'));
    expect(wrong.stderr).toMatch(/is not a folder|ELPV needs labels\.csv/);
    expect(await readdir(folder.path())).not.toContain('x');
  });

  it('data convert that is interrupted leaves nothing', async () => {
    const { child, done } = start(convert('--out', folder.path('stopped'), '--size', '1024'));
    child.stderr!.once('data', () => child.kill('SIGINT'));
    const { code } = await done;
    expect(code).toBe(130);
    expect((await readdir(folder.path())).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });
});

describe('sets as their authors publish them', () => {
  const short = [...TINY_TRAIN, '--iterations', '1', '--align', 'none'];

  it(
    'a set without a split or masks is trained on, tested, given a threshold and reported, and each result says so',
    async () => {
      const run = folder.path('run');
      const trained = await wgad([
        'train',
        boards(),
        '--out',
        run,
        ...short.filter((each) => each !== '--quiet'),
      ]);
      expect(trained.code, trained.stderr).toBe(0);
      expect(trained.stderr).toContain('the 3 boards of trainval.txt are not used');
      const { stdout } = await succeed(['test', run, '--quiet']);
      expect(stdout).toContain('pAuroc, absolute-unified: 2 anomalous images have boxes for masks');
      expect(stdout).toContain('DeepPCB marks defects by boxes: pixel metrics are of boxes');
      const results = JSON.parse(await readFile(folder.path('run', 'results.json'), 'utf8'));
      expect(results.notes).toHaveLength(2);
      expect(results.protocols['absolute-unified'].none.pAuroc).toBeGreaterThan(0);
      expect(results.protocols['absolute-unified'].none.reasons.pAp).toBe(
        '2 anomalous images have boxes for masks',
      );
      await succeed(['threshold', run, '--fpr', '0.3', '--quiet']);
      await succeed(['report', run, '--quiet']);
      const page = await readFile(folder.path('run', 'report.html'), 'utf8');
      for (const note of results.notes) expect(page).toContain(note);
      expect(page).toContain('2 anomalous images have boxes for masks');
    },
    SLOW,
  );

  it(
    'a manifest is tested on as a file, and predict scores the images that it lists',
    async () => {
      const run = folder.path('run');
      const out = await succeed(['test', run, '--data', table(), '--quiet', '--by-class']);
      expect(out.stdout).toMatch(/^lid /m);
      const predicted = (await succeed(['predict', run, table(), '--quiet'])).stdout.trim().split('\n');
      expect(predicted.map((line) => JSON.parse(line).path.split('/').at(-1))).toEqual([
        ...['b1.jpg', 'a "2".jpg', 'a, 1.jpg'],
        ...['b2.jpg', 'a3.jpg', 'a4.jpg'],
      ]);
    },
    SLOW,
  );
});
