import { readFile, rm } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder, TINY_DATA, TINY_TRAIN, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 900_000;
const SHORT = [...TINY_TRAIN, '--iterations', '2', '--align-iterations', '3', '--align', 'cada,classifier'];

const folder = scratchFolder();

async function succeed(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wgadHere(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

const json = async (...parts: string[]) => JSON.parse(await readFile(folder.path(...parts), 'utf8'));

beforeAll(() => succeed(['data', 'synth', '--out', folder.path('data'), ...TINY_DATA]), SLOW);

describe('models of each class', () => {
  it(
    'models of each class stand beside the one of all, in one table, and a missing one is resumed',
    async () => {
      const run = folder.path('run');
      const train = ['train', folder.path('data'), '--out', run, ...SHORT, '--per-class'];
      await succeed(train);
      const bytes = (...parts: string[]): Promise<Buffer> =>
        readFile(folder.path('run', ...parts, 'weights.safetensors'));
      const [all, circuit] = [await bytes(), await bytes('classes', '000-circuit')];
      await rm(folder.path('run', 'classes', '001-painted'), { recursive: true });
      const missing = await wgadHere(['test', run, '--per-class', '--quiet']);
      expect(missing.stderr).toMatch(
        /E_FILE .*has no model of its own for painted\n +fix: .*--per-class --resume/,
      );
      await succeed([...train, '--resume']);
      expect((await bytes()).equals(all)).toBe(true);
      expect((await bytes('classes', '000-circuit')).equals(circuit)).toBe(true);
      expect((await json('run', 'classes', '001-painted', 'config.json')).classes).toEqual(['painted']);

      const table = await succeed(['test', run, '--quiet', '--per-class', '--by-class']);
      const heads = table.match(/^detection, [\w-]+/gm);
      expect(heads).toEqual([
        'detection, class-separated',
        'detection, model-unified',
        'detection, absolute-unified',
      ]);
      expect(table).toContain('cada, own model: detection');
      const { protocols } = await json('run', 'results.json');
      for (const name of ['none', 'cada', 'classifier']) {
        const { mean, classes } = protocols['class-separated'][name];
        const own = await json('run', 'classes', '000-circuit', 'results.json');
        expect(classes.circuit).toEqual(own.protocols['model-unified'][name].classes.circuit);
        // Each class's own test images alone.
        expect(own.protocols['absolute-unified'][name]).toEqual(classes.circuit);
        expect(mean.iAuroc).toBeCloseTo((classes.circuit.iAuroc + classes.painted.iAuroc) / 2, 12);
        expect(classes.circuit.pAuroc).not.toBe(protocols['model-unified'][name].classes.circuit.pAuroc);
      }
      const scores = await readFile(folder.path('run', 'classes', '000-circuit', 'scores.csv'), 'utf8');
      expect(
        scores
          .trim()
          .split('\n')
          .slice(1)
          .every((line) => line.startsWith('circuit/')),
      ).toBe(true);
      await succeed(['report', run, '--quiet']);
      expect(await readFile(folder.path('run', 'report.html'), 'utf8')).toContain(
        'detection, class-separated',
      );
    },
    SLOW,
  );
});
