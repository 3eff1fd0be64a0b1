import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { type Planned, planCells, type Settings } from '../../src/reproduce/cells.ts';
import { markdown, textRows } from '../../src/reproduce/markdown.ts';
import { orderingLines, orderings } from '../../src/reproduce/orderings.ts';
import { outcomeRows } from '../../src/reproduce/outcome.ts';
import { reproduceTable } from '../../src/reproduce/reproduceTable.ts';
import { runCells, type Workers } from '../../src/reproduce/run.ts';
import { TABLES, type TableName } from '../../src/reproduce/tables.ts';
import { configHash } from '../../src/run/configHash.ts';
import { readRunConfig, runFiles } from '../../src/run/folder.ts';
import type { Results } from '../../src/score/testRun.ts';
import { ALL_SETS, SETTINGS } from './settings.ts';

let out = '';
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'wgad-reproduce-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const plan = (name: TableName, settings: Settings = SETTINGS): Planned[] =>
  planCells(TABLES[name].entries, ALL_SETS, settings, out);

/** Trains and tests nothing, but leaves the files; aborts before call `limit`. Numbers go by settings and alignment. */
function pretend(limit = Number.POSITIVE_INFINITY): Workers & { readonly calls: string[] } {
  const calls: string[] = [];
  const controller = new AbortController();
  const stopped = (call: string): boolean => {
    if (calls.length >= limit) controller.abort();
    else calls.push(call);
    return controller.signal.aborted;
  };
  return {
    calls,
    signal: controller.signal,
    say() {},
    async train(folder, config) {
      await mkdir(folder, { recursive: true });
      await writeFile(runFiles(folder).config, JSON.stringify(config));
      if (stopped(`train ${folder.slice(out.length + 7)}`)) return false;
      await writeFile(runFiles(folder).checkpoint, '');
      await writeSafetensors(runFiles(folder).weights, new Map(), { configHash: configHash(config) });
      return true;
    },
    async test(folder, { scoreFraction, out: to }) {
      if (stopped(`test ${to.slice(out.length + 7)}`)) throw new Error('aborted');
      const config = { ...(await readRunConfig(folder)), scoreFraction };
      const numbers = (alignment: string, mean: number) => ({
        iAuroc: mean + (alignment === 'none' ? 0 : 0.1) + config.seed / 100,
        iAp: 0.5 + (scoreFraction ?? 0),
        pAuroc: 0.7,
        pAp: alignment === 'none' ? null : 0.4,
      });
      const all = ['none', ...config.align];
      const results = {
        version: '0',
        adapter: 'pretended',
        config,
        protocols: {
          'absolute-unified': Object.fromEntries(all.map((name) => [name, numbers(name, 0.8)])),
          'model-unified': Object.fromEntries(
            all.map((name) => [name, { mean: numbers(name, 0.85), classes: {} }]),
          ),
        },
      } as unknown as Results;
      await writeFile(runFiles(to).results, JSON.stringify(results));
      return results;
    },
  };
}

const rowsAfter = async (name: TableName, workers: Workers) => {
  const planned = plan(name);
  const results = await runCells(planned, workers);
  return results && outcomeRows(TABLES[name], planned, results, out);
};

describe('the cells of a table', () => {
  it('a table’s cells come to the same table wherever an interrupt falls', async () => {
    const straight = pretend();
    const whole = await rowsAfter('table3', straight);
    // One detector, seven heads, eleven tests.
    expect(straight.calls).toHaveLength(19);
    const left = await readdir(join(out, 'cells'), { recursive: true });
    expect(left.filter((name) => /weights|checkpoint/.test(name)).sort()).toEqual(
      straight.calls
        .filter((call) => call.startsWith('train'))
        .map((call) => `${call.slice(6)}/weights.safetensors`)
        .sort(),
    );
    for (let limit = 0; limit < 19; limit += 2) {
      await rm(join(out, 'cells'), { recursive: true });
      const first = pretend(limit);
      expect(await rowsAfter('table3', first)).toBeNull();
      const second = pretend();
      expect(await rowsAfter('table3', second)).toEqual(whole);
      // Nothing that was finished is done again.
      expect([...first.calls, ...second.calls]).toEqual(straight.calls);
    }
  });

  it('a table’s cells are taken from another table that has filled them', async () => {
    await runCells(plan('table5'), pretend());
    const workers = pretend();
    await runCells(plan('table4'), workers);
    expect(workers.calls).toEqual([]);
  });

  it('a table’s cells are known again where their data set was moved, not where it has other images', async () => {
    const at = (place: string, dataSha256: string) => {
      const sets = [...ALL_SETS].map(([name, set]) => [name, { ...set, root: place, dataSha256 }] as const);
      return planCells(TABLES.table4.entries, new Map(sets), SETTINGS, out);
    };
    await runCells(at('/photos', 'aa'), pretend());
    const workers = pretend();
    await runCells(at('/moved', 'aa'), workers);
    expect(workers.calls).toEqual([]);
    await expect(runCells(at('/moved', 'bb'), pretend())).rejects.toThrow('in /moved, are others');
  });

  it('a table’s cells are not mixed with those of other settings: refused before anything is done, all of them', async () => {
    await runCells(plan('table4'), pretend());
    const workers = pretend();
    const error = runCells(plan('table4', { ...SETTINGS, iterations: 9 }), workers);
    await expect(error).rejects.toThrow(
      /mvtec-ad-revdist-seed0 \(iterations was 5000, not 9\), .*visa-revdist-seed0/,
    );
    await expect(error).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(workers.calls).toEqual([]);
  });

  it('a table’s cells are tested again where a test was of other settings', async () => {
    await runCells(plan('table4'), pretend());
    const path = join(out, 'cells', 'visa-revdist-seed0', 'results.json');
    await writeFile(path, JSON.stringify({ config: { scoreFraction: 0.5 } }));
    const workers = pretend();
    await runCells(plan('table4'), workers);
    expect(workers.calls).toEqual(['test visa-revdist-seed0']);
  });
});

describe('the written table', () => {
  it('a written table has the measured number, the paper’s, the difference, and the gain over the base', async () => {
    const rows = (await rowsAfter('table1', pretend()))!;
    const text = textRows(TABLES.table1, rows);
    expect(text[0]).toEqual(['method', 'setting', 'I-AUROC', 'I-AP', 'P-AUROC', 'P-AP', '']);
    const line = (start: string) => text.find((cells) => cells.join(' ').startsWith(start));
    expect(line('RevDist model-unified')!.slice(2, 4)).toEqual(['85.0 (97.8, -12.8)', '51.0 (99.1, -48.1)']);
    expect(line('RevDist + CADA absolute')![2]).toBe('90.0 (98.0, -8.0)');
    expect(line('gain RevDist,')!.slice(2)).toEqual([
      '+10.0 (+13.0, -3.0)',
      '0.0 (+4.9, -4.9)',
      '0.0 (+1.1, -1.1)',
      // The base has none.
      '– (+4.1)',
      '',
    ]);
  });

  it('a written table says why a row is not measured', async () => {
    const planned = plan('table1', { ...SETTINGS, efficientnet: null });
    const rows = outcomeRows(TABLES.table1, planned, (await runCells(planned, pretend()))!, out);
    const uniad = ['UniAD', 'absolute-unified', '– (91.4)', '– (97.0)', '– (96.4)', '– (51.1)'];
    const line = textRows(TABLES.table1, rows).find((cells) => cells.join(' ').startsWith('UniAD absolute'));
    expect(line).toEqual([...uniad, 'no weights: wgad weights fetch efficientnet_b4']);
  });

  it('a written table has the mean and the deviation over seeds', async () => {
    const planned = plan('table4', { ...SETTINGS, seeds: [1, 2, 3] });
    const rows = outcomeRows(TABLES.table4, planned, (await runCells(planned, pretend()))!, out);
    expect(textRows(TABLES.table4, rows)[1]!.slice(3)).toEqual([
      '82.0 ± 1.0 (85.0, -3.0)',
      '70.0 ± 0.0 (94.5, -24.5)',
      '– (49.0)',
      '',
    ]);
    expect(rows[0]!.cells).toEqual([1, 2, 3].map((seed) => `cells/mvtec-ad-revdist-seed${seed}`));
  });

  it('a written table says which of the paper’s orderings hold', async () => {
    const rows = (await rowsAfter('table4', pretend()))!;
    const lines = (changed: typeof rows): string[] => orderingLines(orderings(changed));
    // For each data set three alignments above none, and CADA as good as CaDA-A.
    expect(lines(rows)).toEqual(["Of the paper's orderings of I-AUROC 8 of 8 hold"]);
    const lower = rows.map((row) => {
      if (row.set !== 'VisA' || row.alignment !== 'cada') return row;
      const numbers = { ...row.numbers, iAuroc: { ...row.numbers.iAuroc!, mean: 70 } };
      return { ...row, numbers };
    });
    expect(lines(lower)).toEqual([
      "Of the paper's orderings of I-AUROC 6 of 8 hold",
      'Does not hold (-10.0 points): VisA, + CADA, none: above none',
      'Does not hold (-20.0 points): VisA, + CADA, none: above CaDA-A, or at most 2 points below',
    ]);
    const first = orderings((await rowsAfter('table1', pretend()))!);
    const known = first.filter(({ holds }) => holds !== null).map(({ claim }) => claim);
    expect(known).toEqual([
      'MVTec AD, DRAEM, model-unified: above absolute-unified',
      'MVTec AD, PatchCore, model-unified: above absolute-unified',
      'MVTec AD, UniAD, model-unified: above absolute-unified',
      'MVTec AD, RevDist, model-unified: above absolute-unified',
      'MVTec AD, ReContrast, model-unified: above absolute-unified',
      'MVTec AD, UniAD + CADA, absolute-unified: above none',
      'MVTec AD, RevDist + CADA, absolute-unified: above none',
      'MVTec AD, ReContrast + CADA, absolute-unified: above none',
    ]);
    // Eleven settings, the default in three rows.
    expect(orderings((await rowsAfter('table3', pretend()))!)).toHaveLength(11);
  });

  it('a written table says how much of the published data set it was measured on, and is written whole', async () => {
    const mvtec = { ...ALL_SETS.get('MVTec AD')!, classes: ['bottle', 'cable'] };
    const request = { name: 'table3', synthetic: false, settings: SETTINGS, out } as const;
    const sets = new Map([['MVTec AD', mvtec]] as const);
    const { outcome, notes } = (await reproduceTable({ ...request, sets }, pretend()))!;
    expect(notes).toContain(
      'MVTec AD: /data/MVTec AD, 2 classes, 0 training and 10 test images; published with 15, 3629 and 1725',
    );
    expect(JSON.parse(await readFile(join(out, 'table3.json'), 'utf8'))).toEqual(outcome);
    expect(await readFile(join(out, 'table3.md'), 'utf8')).toContain('| default | 1 conv, 2 linear | 0.25 |');
    expect((await readdir(out)).sort()).toEqual(['cells', 'table3.json', 'table3.md']);
    const drawn = (await reproduceTable({ ...request, sets, synthetic: true }, pretend()))!;
    expect(drawn.notes.join()).not.toContain('published with');
    expect(drawn.notes.join()).toContain('Synthetic images');
  });

  it('a written table is Markdown whatever its texts hold', () => {
    const text = markdown(
      'T',
      ['in /a_b/<c>'],
      [
        ['x', 'y'],
        ['1|2', '*3*'],
      ],
    );
    expect(text).toBe('# T\n\n- in /a\\_b/\\<c\\>\n\n| x | y |\n| --- | --- |\n| 1\\|2 | \\*3\\* |\n');
  });
});
