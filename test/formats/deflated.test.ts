import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeightsError } from '../../src/errors.ts';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { RandomStream } from '../../src/random.ts';
import { countAllocations } from './allocations.ts';
import { dictOf, pickled, storage, storedZip, tensor } from './forge.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-deflated-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const written = async (bytes: Uint8Array): Promise<string> => {
  const path = join(folder, 'forged.pth');
  await writeFile(path, bytes);
  return path;
};

describe('zip archives that were deflated', () => {
  const MIB = 2 ** 20;
  const floats = (mib: number): number => (mib * MIB) / 4;
  const packed = (
    tensors: [string, number[]][],
    held: Uint8Array,
    claims?: Record<string, number>,
  ): Uint8Array =>
    storedZip(
      [
        ['a/data.pkl', pickled(dictOf(tensors))],
        ['a/data/0', held],
      ],
      { method: 8, claims },
    );
  const whole = (mib: number): [string, number[]][] => [
    ['w', tensor(storage(floats(mib)), 0, [floats(mib)], [1])],
  ];
  /** Reads `w`; what was allocated for it, short-lived pieces included, in sizes of the file; and how it ended. */
  async function reading(bytes: Uint8Array): Promise<{ share: number; error: string }> {
    const path = await written(bytes);
    let error = '';
    const { total } = await countAllocations(async () => {
      try {
        const file = await openWeights(path);
        try {
          await file.read('w');
        } finally {
          await file.close();
        }
      } catch (caught) {
        expect(caught).toBeInstanceOf(WeightsError);
        error = (caught as Error).message;
      }
    });
    return { share: total / bytes.length, error };
  }

  it('give a tensor no memory before their record has been unpacked as far as it claims', async () => {
    // Noise does not pack: one mebibyte that claims to be 32.
    const random = new RandomStream(1);
    const noise = Uint8Array.from({ length: MIB }, () => random.integer(256));
    const { share, error } = await reading(packed(whole(32), noise, { 'a/data/0': 32 * MIB }));
    expect(error).toContain(`a/data/0 unpacks to ${MIB} bytes, expected ${32 * MIB}`);
    expect(share).toBeLessThan(1.5);
  });

  it('cannot claim more than deflate can give', async () => {
    const { share, error } = await reading(packed(whole(32), new Uint8Array(4096), { 'a/data/0': 32 * MIB }));
    expect(error).toContain('too many for its size');
    expect(share).toBeLessThan(4);
  });

  it('whose pickle becomes large are refused before it does', async () => {
    const bytes = storedZip([['a/data.pkl', new Uint8Array(8 * MIB)]], { method: 8 });
    const { share, error } = await reading(bytes);
    expect(error).toContain(`has a pickle of ${8 * MIB} bytes, ${MIB} at most`);
    expect(share).toBeLessThan(4);
  });

  it('are not unpacked again and again for views from back to front', async () => {
    const views = Array.from({ length: 10 }, (_, i): [string, number[]] => [
      `v${i}`,
      tensor(storage(floats(32)), floats(32) - 1 - 20_000 * i, [1], [1]),
    ]);
    const file = await openWeights(await written(packed(views, new Uint8Array(32 * MIB))));
    const read = async (): Promise<void> => {
      for (const [name] of views) await file.read(name);
    };
    await expect(read()).rejects.toThrow('only be read by unpacking them again and again');
    await file.close();
  });

  it('are read where what they say is true, forwards and once more', async () => {
    const held = new Uint8Array(Float32Array.from({ length: floats(1) }, (_, i) => i).buffer);
    const file = await openWeights(
      await written(
        packed(
          [
            ['a', tensor(storage(floats(1)), 0, [2], [1])],
            ['b', tensor(storage(floats(1)), 50_000, [30_000], [1])],
            ['c', tensor(storage(floats(1)), 5, [3, 2], [1, 3])],
          ],
          held,
        ),
      ),
    );
    const numbers = (from: number, count: number): number[] =>
      Array.from({ length: count }, (_, i) => from + i);
    expect([...(await file.read('a'))]).toEqual([0, 1]);
    expect([...(await file.read('b'))]).toEqual(numbers(50_000, 30_000));
    expect([...(await file.read('c'))]).toEqual([5, 8, 6, 9, 7, 10]);
    await file.close();
  });
});
