import { readFile, rm, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DETECTOR_NAMES, type DetectorName } from '../../src/methods/detectors.ts';
import { RandomStream } from '../../src/random.ts';
import { lookalikes } from '../data/lookalikes.ts';
import { type Finished, scratchFolder, start, wgad, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 1_800_000;
/** How often each table is killed; KILLS=4 for the long version. */
const KILLS = Number(process.env.KILLS ?? 1);
const SMALL = [
  ...['--classes', '2', '--train', '4', '--test', '4', '--batch', '4', '--iterations', '4'],
  ...['--width', '8'],
];
/** Cells of Table 3 that are left to fill. */
const FEW = new URL('fewCells.mjs', import.meta.url).href;
const CELLS = 5;
const folder = scratchFolder();
const quick = (what: string, out = 'out'): string[] => [
  ...['reproduce', what, '--quick', '--out', folder.path(out), ...SMALL, '--align-iterations', '6'],
  ...['--save-every', '0', '--quiet'],
];
const file = (name: string): Promise<string> => readFile(folder.path('out', name), 'utf8');
const loud = (args: readonly string[]): string[] => args.filter((flag) => flag !== '--quiet');

/** Starts `args` and sends `signal` `delay` ms after `text` was written to stderr. */
async function stopAfter(
  args: readonly string[],
  text: RegExp,
  signal: 'SIGTERM' | 'SIGKILL',
  delay = 0,
  env: Record<string, string> = {},
): Promise<Finished> {
  const { child, done } = start(loud(args), env);
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stderr?.on('data', (part: Buffer) => {
    said += part;
    if (timer === undefined && text.test(said)) timer = setTimeout(() => child.kill(signal), delay);
  });
  const finished = await done;
  clearTimeout(timer);
  return finished;
}

describe('wgad reproduce', () => {
  it(
    `reproduce fills a table, and fills it the same killed at random moments (${KILLS}); the figures then need no run`,
    async () => {
      const began = performance.now();
      const straight = await wgadHere([...quick('table4'), '--json']);
      const took = performance.now() - began;
      expect(straight.code, straight.stderr).toBe(0);
      const whole = { json: await file('table4.json'), markdown: await file('table4.md') };
      expect(JSON.parse(straight.stdout)).toEqual(JSON.parse(whole.json));
      const { rows } = JSON.parse(whole.json);
      for (const { numbers, reason } of rows) {
        for (const name of ['iAuroc', 'pAuroc', 'pAp']) expect(numbers[name].values).toHaveLength(1);
        expect(reason).toBeUndefined();
      }
      // Another alignment's numbers are others.
      expect(rows[0].numbers.pAuroc.mean).not.toBe(rows[3].numbers.pAuroc.mean);

      await rm(folder.path('out'), { recursive: true });
      // Told to stop, as soon as something is trained; then killed.
      const stopped = await stopAfter(quick('table4'), /^detector /m, 'SIGTERM');
      expect(stopped.code, stopped.stderr).toBe(143);
      expect(stopped.stderr).toMatch(/stopped; the same command goes on\n$/);
      const random = new RandomStream(0, 0x1e11);
      for (let kill = 0; kill < KILLS; kill++) {
        const { child, done } = start(quick('table4'));
        const timer = setTimeout(() => child.kill('SIGKILL'), (0.1 + 0.4 * random.next()) * took);
        await done;
        clearTimeout(timer);
      }
      const finished = await wgadHere(quick('table4'));
      expect(finished.code, finished.stderr).toBe(0);
      expect(await file('table4.json')).toBe(whole.json);
      expect(await file('table4.md')).toBe(whole.markdown);
      expect(finished.stdout).toContain('+ CaDA-A');

      const weights = folder.path('out', 'cells', 'mvtec-ad-revdist-seed0', 'weights.safetensors');
      const { mtimeMs } = await stat(weights);
      for (const figure of ['figure5', 'figure6']) {
        const { code, stderr } = await wgadHere(quick(figure));
        expect(code, stderr).toBe(0);
      }
      expect((await stat(weights)).mtimeMs).toBe(mtimeMs);
      const { panels } = JSON.parse(await file('figure5.json'));
      expect(panels.map(({ alignment }: { alignment: string }) => alignment)).toEqual(['none', 'cada']);
      expect(Object.keys(panels[0].levels)).toEqual(['circuit', 'painted', 'all']);
      expect((await file('figure5.html')).match(/<svg /g)).toHaveLength(2);
      // An anomalous and a normal image of two classes: itself, its mask, two maps each alone and over it.
      expect((await file('figure6.html')).match(/<img /g)).toHaveLength(4 * 6);
    },
    SLOW,
  );

  // Each method compiles kernels of its own: minutes. Each is trained and tested in test/train as well.
  it.skipIf(!process.env.LONG)(
    'reproduce fills Table 1 with every method',
    async () => {
      const { code, stdout, stderr } = await wgad([...quick('table1', 'all'), '--json']);
      expect(code, stderr).toBe(0);
      const { rows } = JSON.parse(stdout) as {
        rows: { method: DetectorName; numbers: Record<string, { values: number[] }>; reason?: string }[];
      };
      expect(new Set(rows.map(({ method }) => method))).toEqual(
        new Set(DETECTOR_NAMES.filter((name) => name !== 'cfa')),
      );
      for (const { numbers, reason } of rows) {
        for (const name of ['iAuroc', 'iAp', 'pAuroc', 'pAp']) expect(numbers[name]!.values).toHaveLength(1);
        expect(reason).toBeUndefined();
      }
    },
    SLOW,
  );

  it(
    `reproduce fills a table whose cells start from another’s detector the same, killed in some (${KILLS})`,
    async () => {
      const few = { NODE_OPTIONS: `--import ${FEW}` };
      await import(FEW);
      const table = async (out: string): Promise<unknown> => {
        const { rows, orderings } = JSON.parse(await readFile(folder.path(out, 'table3.json'), 'utf8'));
        expect(rows).toHaveLength(CELLS);
        return { rows, orderings };
      };
      const began = performance.now();
      const straight = await wgadHere(quick('table3', 'straight'));
      const each = (performance.now() - began) / CELLS;
      expect(straight.code, straight.stderr).toBe(0);
      const random = new RandomStream(0, 0x7ab3);
      // The first cell has the detector, the next three start from it.
      const first = 2 + Math.floor(random.next() * (4 - KILLS));
      for (let kill = 0; kill < KILLS; kill++) {
        const cells = Array.from({ length: CELLS + 1 - first - kill }, (_, i) => first + kill + i);
        const cell = new RegExp(`cell (${cells.join('|')}) of ${CELLS}: `);
        const { code, stderr } = await stopAfter(
          quick('table3', 'killed'),
          cell,
          'SIGKILL',
          each * random.next(),
          few,
        );
        expect([code, stderr]).toEqual([null, expect.stringMatching(cell)]);
      }
      const finished = await wgadHere(quick('table3', 'killed'));
      expect(finished.code, finished.stderr).toBe(0);
      expect(await table('killed')).toEqual(await table('straight'));
    },
    SLOW,
  );

  it('reproduce says what is missing', async () => {
    const none = await wgadHere([
      'reproduce',
      'table4',
      '--weights',
      'embedded',
      '--encoder',
      'resnet18_w16',
    ]);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/table4 is measured on MVTec AD and VisA: --data is missing\n +fix: .*--quick/),
    ]);
    await lookalikes.mvtec(folder.path('sets', 'mvtec'));
    const small = ['--data', folder.path('sets'), '--encoder', 'resnet18_w16'];
    const unfit = await wgadHere(['reproduce', 'table2', ...small]);
    expect([unfit.code, unfit.stderr]).toEqual([
      2,
      expect.stringContaining('table2 is measured on VisA; --data has MVTec AD'),
    ]);
    const both = await wgadHere(['reproduce', 'table1', ...small, '--quick']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('leave out --data')]);
    const other = await wgadHere(['reproduce', 'table6', '--quick']);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/one of table1, .*figure6, got table6/),
    ]);
    const weights = await wgadHere(['reproduce', 'table1', '--data', folder.path('no')], {
      XDG_CACHE_HOME: folder.path('cache'),
    });
    expect(weights.stderr).toMatch(/wide_resnet50_2.*\n +fix: wgad weights fetch wide_resnet50_2/);
  });
});
