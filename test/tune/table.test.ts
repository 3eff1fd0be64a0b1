import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TuningDevice } from '../../src/tune/device.ts';
import { type Measured, readTuning, tunedOf, tuningFile, writeTuning } from '../../src/tune/table.ts';

const device: TuningDevice = {
  adapter: 'An Adapter: driver 1.2',
  vendor: 'v',
  architecture: 'a',
  device: 'd',
  webgpu: '0.6.2',
  cores: 2,
};
const table = new Map<string, Measured>([
  ['matmul b', { choice: { variant: 'plain', tile: { rows: 4 }, splits: 2 }, ms: 1, ruleMs: 2 }],
  ['conv2d a', { choice: null, ms: 1, ruleMs: 1 }],
]);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-tuning-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const said: string[] = [];
const read = async (of = device) => {
  said.length = 0;
  return readTuning(folder, of, (line) => said.push(line));
};

describe('a tuning table', () => {
  it('a tuning table comes back as it was written, and leaves nothing else in the folder', async () => {
    expect(await read()).toEqual(new Map());
    const path = await writeTuning(folder, device, table);
    expect(await read()).toEqual(table);
    expect(said).toEqual([]);
    expect((await readdir(folder)).map((name) => join(folder, name))).toEqual([path]);
  });

  it('a tuning table is written with the names that files have had from the first, and read by them', async () => {
    const rows = { variant: 'textureRows', tile: { rows: 2, columns: 4 } } as const;
    const domain = { variant: 'winograd', tile: { m: 4, transposed: 1 } } as const;
    const named = new Map<string, Measured>([
      ['conv2d a', { choice: rows, ms: 1, ruleMs: 2 }],
      ['conv2d b', { choice: domain, ms: 1, ruleMs: 2 }],
    ]);
    const path = await writeTuning(folder, device, named);
    const { products } = JSON.parse(await readFile(path, 'utf8'));
    expect(products['conv2d a'].choice).toEqual({ by: 'imageRows', tile: { rows: 2, columns: 4 } });
    expect(products['conv2d b'].choice).toEqual({ by: 'winograd', tile: { m: 4, turned: 1 } });
    expect(await read()).toEqual(named);
    // As version 0.1.0 hashed them.
    expect(tunedOf(named)!.hash).toBe('f88ca88a6272c3ab');
  });

  it('a tuning table is another one for another adapter, driver, Dawn or number of cores', async () => {
    await writeTuning(folder, device, table);
    for (const change of [
      { adapter: 'An Adapter: driver 1.3' },
      { webgpu: '0.6.3' },
      { cores: 1 },
      { device: 'e' },
    ]) {
      expect(await read({ ...device, ...change })).toEqual(new Map());
      expect(said).toEqual([]);
    }
  });

  it('a tuning table chooses by key, and its hash is that of its choices alone', () => {
    const tuned = tunedOf(table)!;
    expect(tuned.choose('matmul b')).toEqual({ variant: 'plain', tile: { rows: 4 }, splits: 2 });
    for (const key of ['conv2d a', 'conv2d c']) expect(tuned.choose(key)).toBeUndefined();
    expect(['matmul b', 'conv2d a', 'conv2d c'].map(tuned.known)).toEqual([true, true, false]);
    const slower = new Map([...table].reverse().map(([key, each]) => [key, { ...each, ms: 1.5 }]));
    expect(tunedOf(slower)!.hash).toBe(tuned.hash);
    const other = new Map(table).set('conv2d a', { ...table.get('matmul b')! });
    expect(tunedOf(other)!.hash).not.toBe(tuned.hash);
    expect(tunedOf(new Map([['conv2d a', table.get('conv2d a')!]]))!.hash).toBeNull();
    expect(tunedOf(new Map())).toBeUndefined();
  });
});

describe('a file that cannot be right is not used, and one line says so', () => {
  const change = (edit: (file: Record<string, never>) => unknown) => (text: string) =>
    JSON.stringify(edit(JSON.parse(text)));
  it.each<[string, (text: string) => string]>([
    ['it is not JSON', (text) => text.slice(0, -9)],
    ['it is not of the format wgad tuning 1', change((file) => ({ ...file, format: 'wgad tuning 0' }))],
    ['it is not of the format wgad tuning 1', () => 'null'],
    [
      'it was measured on another adapter or driver',
      change((file) => ({ ...file, device: { ...device, vendor: 'w' } })),
    ],
    ['it has no products', change(({ products: _, ...file }) => file)],
    [
      'its entry of conv2d a is not a choice',
      change((file) => ({
        ...file,
        products: { 'conv2d a': { choice: { by: 'magic' }, ms: 1, ruleMs: 1 } },
      })),
    ],
    [
      'its entry of conv2d a is not a choice',
      change((file) => ({ ...file, products: { 'conv2d a': { choice: null, ms: 'fast', ruleMs: 1 } } })),
    ],
  ])('a tuning file that cannot be right is not used, and one line says so: %s', async (why, spoil) => {
    const path = await writeTuning(folder, device, table);
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    expect(await read()).toEqual(new Map());
    expect(said).toEqual([`${tuningFile(folder, device)}: not used: ${why}; wgad tune writes it anew`]);
  });
});
