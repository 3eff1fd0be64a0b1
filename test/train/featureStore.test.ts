import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileError } from '../../src/errors.ts';
import { removeStaleTemps } from '../../src/formats/atomicFile.ts';
import { RandomStream } from '../../src/random.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import type { Session } from '../../src/runtime/session.ts';
import { detectorInputs } from '../../src/train/detectorInputs.ts';
import { type FeatureFile, featureFile, fileStore } from '../../src/train/featureFile.ts';
import { memoryStore } from '../../src/train/featureStore.ts';

const WIDTHS = [12, 7, 3];
const IMAGES = 11;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-features-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const random = new RandomStream(1);
const taps = (images: number): Float32Array[] =>
  WIDTHS.map((width) => Float32Array.from({ length: images * width }, () => random.next()));

/** Moves at most `most` bytes a call, as the system may; the `full`-th write meets a full disk. */
async function reluctant(path: string, most: number, full = Number.POSITIVE_INFINITY): Promise<FeatureFile> {
  const file = await open(path, 'w+');
  let writes = 0;
  const front = (parts: readonly NodeJS.ArrayBufferView[]) => {
    const first = parts[0] as Uint8Array;
    return [first.subarray(0, Math.min(most, first.length))];
  };
  return {
    readv: (parts, position) => file.readv(front(parts), position),
    writev: (parts, position) => {
      if (++writes >= full)
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      return file.writev(front(parts), position);
    },
    close: () => file.close(),
  } as FeatureFile;
}

describe('features in a file', () => {
  it.each([1000, 5])('features in a file are those in memory, moved %i bytes at a time', async (most) => {
    const path = featureFile(folder);
    const stores = [
      memoryStore(WIDTHS, IMAGES),
      await fileStore(path, WIDTHS, IMAGES, (at) => reluctant(at, most)),
    ];
    for (const [first, count] of [
      [0, 4],
      [4, 4],
      [8, 3],
    ] as const) {
      const some = taps(count);
      for (const store of stores) await store.put(first, some);
    }
    const [memory, file] = await Promise.all(stores.map((store) => store.take([10, 0, 3, 3, 7])));
    expect(memory![0]!.length).toBe(5 * 12);
    expect(file).toEqual(memory);
    expect(existsSync(path)).toBe(true);
    for (const store of stores) await store.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('features in a file fail with its name where the disk is full, and leave nothing', async () => {
    const path = featureFile(folder);
    const store = await fileStore(path, WIDTHS, IMAGES, (at) => reluctant(at, 1000, 3));
    await expect(store.put(0, taps(4))).rejects.toThrow(FileError);
    await expect(store.put(0, taps(4))).rejects.toThrow(`${path}: ENOSPC`);
    await store.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('features in a file are refused before anything is written where they cannot fit', async () => {
    await expect(fileStore(featureFile(folder), WIDTHS, 2 ** 50)).rejects.toThrow(
      /needs \d+ MiB, its file system has \d+ MiB/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('features in a file say what happened where the file shrank under them', async () => {
    const path = featureFile(folder);
    const store = await fileStore(path, WIDTHS, IMAGES);
    await store.put(0, taps(IMAGES));
    await truncate(path, 100);
    await expect(store.take([IMAGES - 1])).rejects.toMatchObject({
      where: path,
      message: expect.stringContaining('became shorter'),
    });
    await store.close();
  });

  it('features of a killed process are removed by the next start in its folder', async () => {
    const left = featureFile(folder).replace(String(process.pid), '999999999');
    await writeFile(left, 'x');
    await removeStaleTemps(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it('features of an encoder that training changes are not kept', async () => {
    const config = { method: 'recontrast', encoder: 'resnet18_w16', size: 64, batch: 2 } as RunConfig;
    const images = { count: 2, load: async () => Float32Array.of(7) };
    const inputs = await detectorInputs({} as Session, config, runLayouts(config, 1), images, {
      onDisk: (...of) => fileStore(featureFile(folder), ...of),
      onBatch: () => expect.unreachable(),
      onNote: () => expect.unreachable(),
    });
    expect(inputs.source).toBe('images');
    expect(await inputs.at([1])).toEqual({ images: Float32Array.of(7) });
    await inputs.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('features that cannot be kept cost the run nothing but time', async () => {
    const notes: string[] = [];
    const config = { method: 'revdist', encoder: 'resnet18_w16', size: 64, batch: 2 } as RunConfig;
    const images = {
      count: 3,
      load: async (indices: readonly number[]) => Float32Array.of(indices.length),
    };
    // No device is asked for anything before the store is there.
    const session = {} as Session;
    const inputs = await detectorInputs(session, config, runLayouts(config, 1), images, {
      budget: { memory: 0 },
      onDisk: (...of) => fileStore(featureFile(join(folder, 'missing')), ...of),
      onBatch: () => {},
      onNote: (text) => notes.push(text),
    });
    expect(inputs.source).toBe('images');
    expect(await inputs.at([0, 2])).toEqual({ images: Float32Array.of(2) });
    expect(notes).toEqual([
      expect.stringMatching(/^features are computed anew at every step: .*missing is not there/),
    ]);
    await inputs.close();
  });
});
