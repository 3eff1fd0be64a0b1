import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLOT } from '../figures/chart.ts';
import { addToHistory, readHistory } from '../history.ts';
import { latencyFigure } from '../figures/latency.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { rooflineFigure } from '../figures/roofline.ts';

const FOLDER = 'bench/history';
const histories = (await readdir(FOLDER)).filter((name) => name.endsWith('.jsonl'));

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
  it('is what its pictures show', async () => {
    const entries = await readHistory(join(FOLDER, name));
    // There is no roofline of a history without kernels.
    const committed = (picture: string) =>
      readFile(join(FOLDER, name.replace('.jsonl', `.${picture}.svg`)), 'utf8').catch(() => undefined);
    expect(latencyFigure(entries)).toBe(await committed('latency'));
    expect(rooflineFigure(entries)).toBe(await committed('roofline'));
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

  it('lies in the order of dates, has a revision once, and keeps to one machine', async () => {
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
    await writeFile(path, '{"machine":"m"}\n{');
    await expect(readHistory(path)).rejects.toThrow(`${path}:2: is no JSON`);
  });

  it('is written and drawn by bench/history.mjs, which says what it lacks', async () => {
    const script = (...args: string[]) =>
      promisify(execFile)('node', ['bench/history.mjs', '--folder', folder, ...args]);
    const records = join(folder, 'records.json');
    await writeFile(records, JSON.stringify([record('latency', 'x', 8)]));
    await expect(script('add', 'm', '--revision', 'a', records)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('missing: --date, --note, --machine'),
    });
    await script(
      'add',
      'm',
      '--revision',
      'a',
      '--date',
      '2026-01-01',
      '--note',
      'n',
      '--machine',
      'm',
      records,
    );
    const drawn = await readFile(join(folder, 'm.latency.svg'), 'utf8');
    expect(drawn).toBe(latencyFigure(await readHistory(join(folder, 'm.jsonl'))));
    await rm(join(folder, 'm.latency.svg'));
    await script('draw');
    expect(await readFile(join(folder, 'm.latency.svg'), 'utf8')).toBe(drawn);
    expect((await readdir(folder)).sort()).toEqual(['m.jsonl', 'm.latency.svg', 'records.json']);
  });

  it('keeps what scoring takes of memory, and names every case below the plot', async () => {
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
      const [, x, y] = new RegExp(`x="([\\d.]+)" y="([\\d.]+)" text-anchor="start">${name},`).exec(svg)!;
      expect(Number(y)).toBeGreaterThan(PLOT.bottom);
      expect(Number(y)).toBeLessThan(height);
      return `${x} ${y}`;
    });
    expect(new Set(places).size).toBe(names.length);
  });

  it('is drawn with named axes, in colours for light and dark, the faster lower', async () => {
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
    for (const text of [
      'ms, logarithmic',
      'x, 1 x 64 px',
      '2026-01-01 a',
      'what b changed',
      'prefers-color-scheme: dark',
    ]) {
      expect(latency).toContain(text);
    }
    const heights = [...latency.matchAll(/<circle class="dot" cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) =>
      Number(y),
    );
    expect(heights).toHaveLength(2);
    expect(heights[1]!).toBeGreaterThan(heights[0]!);
    const roofline = rooflineFigure(entries)!;
    for (const text of [
      'GFLOP/s, logarithmic',
      'flop a byte',
      'best product 20',
      'copy 4 GB/s',
      '>conv2d<',
    ]) {
      expect(roofline).toContain(text);
    }
    expect(roofline).not.toContain('concat');
    expect(rooflineFigure(entries.slice(0, 1))).toBeUndefined();
  });
});
