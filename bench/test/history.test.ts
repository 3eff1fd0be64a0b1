import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addToHistory, readHistory } from '../../src/bench/history.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { wgadHere } from '../../test/cli/wgad.ts';
import { latencyFigure } from '../figures/latency.ts';
import { GRID } from '../figures/render.ts';
import { rooflineFigure } from '../figures/roofline.ts';
import { wgadBench } from './wgadBench.ts';

const FOLDER = 'bench/history';
const histories = (await readdir(FOLDER)).filter((name) => name.endsWith('.jsonl'));

/** The texts of a picture, lines of one text put together. */
const textsOf = (svg: string): string =>
  [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text).join('');

it('there is a history, and the benchmark guide shows its pictures', async () => {
  expect(histories.length).toBeGreaterThan(0);
  const guide = await readFile('bench/README.md', 'utf8');
  for (const name of histories) {
    for (const picture of ['latency', 'roofline']) {
      const file = name.replace('.jsonl', `.${picture}.svg`);
      if ((await readdir(FOLDER)).includes(file)) expect(guide).toContain(`(history/${file})`);
    }
  }
});

describe.each(histories)('%s', (name) => {
  it('the committed pictures show what they would show if drawn now', async () => {
    const entries = await readHistory(join(FOLDER, name));
    const drawn = { latency: latencyFigure(entries), roofline: rooflineFigure(entries) };
    for (const [picture, svg] of Object.entries(drawn)) {
      const path = join(FOLDER, name.replace('.jsonl', `.${picture}.svg`));
      // There is no roofline of a history without kernels.
      const committed = await readFile(path, 'utf8').catch(() => undefined);
      expect(committed && textsOf(committed), path).toBe(svg && textsOf(svg));
    }
  });
});

const record = (
  suite: string,
  name: string,
  medianMs: number,
  more: Partial<BenchRecord> = {},
): BenchRecord => ({
  suite,
  name,
  shape: '1 x 64 px',
  adapter: 'a',
  dtype: 'f32',
  variant: '',
  medianMs,
  p10Ms: 0.9 * medianMs,
  p90Ms: 1.1 * medianMs,
  runs: 9,
  gflops: 10,
  gbs: 1,
  rooflineShare: null,
  peer: null,
  ratio: null,
  peakGflops: 20,
  copyGbs: 4,
  ...more,
});
const entry = (revision: string, date: string) => ({
  revision,
  date,
  note: `what ${revision} changed`,
  machine: 'm, 1 core',
});

describe('a history', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wgad-history-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('a history is in order of dates, has each revision once, and keeps to one machine', async () => {
    const path = join(folder, 'm.jsonl');
    await addToHistory(path, entry('b', '2026-02-01'), [record('latency', 'x', 8)]);
    await addToHistory(path, entry('a', '2026-01-01'), [record('latency', 'x', 16.000001)]);
    await addToHistory(path, entry('b', '2026-02-01'), [record('latency', 'x', 4)]);
    const entries = await readHistory(path);
    expect(entries.map(({ revision, records }) => [revision, records[0]!.medianMs])).toEqual([
      ['a', 16],
      ['b', 4],
    ]);
    await expect(addToHistory(path, { ...entry('c', '2026-03-01'), machine: 'n' }, [])).rejects.toThrow(
      'belongs to m, 1 core, got n',
    );
    const [line] = (await readFile(path, 'utf8')).split('\n');
    for (const [wrong, says] of [
      ['{', 'line 2 is not JSON'],
      ['null', 'line 2 expects an object, got null'],
      ['{"machine":"m"}', 'line 2.date expects a text, got undefined'],
      [line!.replace('"records":[{', '"records":[null,{'), 'line 2.records[0] expects an object, got null'],
    ]) {
      await writeFile(path, `${line}\n${wrong}\n`);
      await expect(readHistory(path)).rejects.toThrow(`${path}: ${says}`);
    }
    await expect(addToHistory(join(folder, 'n.jsonl'), entry('c', '2026-02-31'), [])).rejects.toThrow(
      'date expects YYYY-MM-DD, got 2026-02-31',
    );
  });

  it('wgad bench history keeps and shows a history, wgad-bench draws it', async () => {
    const file = join(folder, 'm.jsonl');
    const add = async (ms: number, commit: string, ...flags: string[]) => {
      const records = join(folder, 'records.json');
      const date = '2026-01-01T10:00:00.000Z';
      await writeFile(records, JSON.stringify([record('latency', 'x', ms, { commit, date })]));
      return wgadHere(['bench', 'history', 'add', file, records, ...flags]);
    };
    expect((await add(8, 'abc')).stdout).toBe(`${file}: 1 records of abc\n`);
    expect((await add(4, 'def', '--date', '2026-02-01', '--note', 'half')).code).toBe(0);
    expect((await readHistory(file)).map(({ machine, date }) => `${machine} ${date}`)).toEqual([
      'a 2026-01-01',
      'a 2026-02-01',
    ]);
    const { stdout } = await wgadHere(['bench', 'history', 'show', file, '--filter', 'x']);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['case', 'date', 'revision', 'what changed', 'median ms', 'times as fast'],
      ['latency x 1 x 64 px', '2026-01-01', 'abc', '8.000'],
      ['', '2026-02-01', 'def', 'half', '4.000', '2.00'],
    ]);
    expect((await wgadHere(['bench', 'history', 'show', join(folder, 'none.jsonl')])).code).toBe(2);
    const picture = join(folder, 'm.latency.svg');
    expect((await wgadBench(['history', 'draw', '--folder', folder])).stdout).toBe(`${picture}\n`);
    expect(textsOf(await readFile(picture, 'utf8'))).toBe(textsOf(latencyFigure(await readHistory(file))));
  });

  it('a history’s picture shows memory of scoring, and names every case in its own place below the plot', async () => {
    const path = join(folder, 'm.jsonl');
    const names = ['uniad', 'patchcore', 'cfa', 'draem', 'recontrast'].map(
      (method) => `${method} encoder none`,
    );
    const memory = { arenas: 5, lowerBound: 4, device: 9, resident: 20 };
    await addToHistory(path, entry('a', '2026-01-01'), [
      ...names.map((name, i) => record('latency', name, 100 * (i + 1), { memory })),
      record('kernels', 'net/conv2d 3x3', 2, { memory }),
    ]);
    const [{ records } = { records: [] }] = await readHistory(path);
    expect(records.map((each) => each.memory)).toEqual([...names.map(() => memory), undefined]);
    const svg = latencyFigure(await readHistory(path));
    const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)![1]);
    const places = names.map((name) => {
      const [, x, y] = new RegExp(
        `transform="translate\\(([\\d.]+) ([\\d.]+)\\)" fill="#\\w+">${name},`,
      ).exec(svg)!;
      expect(Number(y)).toBeGreaterThan(GRID.top + GRID.height);
      expect(Number(y)).toBeLessThan(height);
      return `${x} ${y}`;
    });
    expect(new Set(places).size).toBe(names.length);
  });

  it('a history is drawn with named axes, the faster lower', async () => {
    const path = join(folder, 'm.jsonl');
    await addToHistory(path, entry('a', '2026-01-01'), [record('latency', 'x', 100)]);
    await addToHistory(path, entry('b', '2026-02-01'), [
      record('latency', 'x', 25),
      record('kernels', 'net/conv2d 3x3', 2, { gflops: 15, gbs: 0.5 }),
      record('kernels', 'net/pointwise relu', 1, { gflops: 1, gbs: 3 }),
      record('kernels', 'net/concat', 1, { gflops: 0, gbs: 3 }),
    ]);
    const entries = await readHistory(path);
    const latency = latencyFigure(entries);
    for (const text of ['ms, logarithmic', 'x, 1 x 64 px', '2026-01-01', 'what b changed']) {
      expect(textsOf(latency)).toContain(text);
    }
    // The spreads: vertical lines from the 10th to the 90th percentile, y growing downwards.
    const spreads = [
      ...latency.matchAll(/<path d="M([\d.]+) ([\d.]+)L\1 ([\d.]+)" [^>]*ecmeta_series_index/g),
    ];
    const [before, after] = spreads.map(([, , from, to]) => ({ from: Number(from), to: Number(to) }));
    expect(spreads).toHaveLength(2);
    expect(before!.from).toBeGreaterThan(before!.to);
    expect(after!.to).toBeGreaterThan(before!.from);
    const roofline = textsOf(rooflineFigure(entries)!);
    for (const text of ['GFLOP/s, logarithmic', 'flop a byte', 'best product 20', 'copy 4 GB/s', 'conv2d']) {
      expect(roofline).toContain(text);
    }
    expect(roofline).not.toContain('concat');
    expect(rooflineFigure(entries.slice(0, 1))).toBeUndefined();
  });
});
