import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WgadError } from '../../src/errors.ts';
import { isFloat } from '../../src/formats/floats.ts';
import { openWeights, readWeights, type WeightsFile } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { RandomStream } from '../../src/random.ts';
import { product } from '../../src/shape.ts';
import { mutated } from '../faults/mutate.ts';
import { type Allocations, countAllocations } from './allocations.ts';

/** The row of docs/reliability.md tries 10,000, without counting allocations. */
const MUTATIONS = 1500;
const golden = (name: string): string => fileURLToPath(new URL(`../goldens/torch/${name}`, import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-mutated-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const written = async (bytes: Uint8Array): Promise<string> => {
  const path = join(folder, 'mutated.pth');
  await writeFile(path, bytes);
  return path;
};

describe('mutated files', () => {
  it('mutated files are read or refused with a typed error, without a buffer larger than the file', async () => {
    const random = new RandomStream(20_261_125);
    const corpus = await Promise.all(
      ['module.zip.pth', 'odd.zip.pth', 'odd.legacy.pth', 'nested.legacy.pth', 'odd.protocol4.pth'].map(
        (name) => readFile(golden(name)),
      ),
    );
    // The table that halves are read by is made once, for all files.
    await readWeights(golden('odd.zip.pth'), (name) => name === 'half');
    const same = join(folder, 'module.safetensors');
    await writeSafetensors(
      same,
      (await readWeights(golden('odd.zip.pth'), (name) => !name.startsWith('num'))).tensors,
    );
    corpus.push(await readFile(same));
    let [read, refused] = [0, 0];
    const most = { opening: 0, reading: 0 };
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutated(corpus[random.integer(corpus.length)]!, random);
      const cut = bytes.length;
      const path = await written(bytes);
      const share = ({ largest }: Allocations): number => largest / Math.max(cut, 1);
      try {
        const opened: WeightsFile[] = [];
        const opening = await countAllocations(async () => void opened.push(await openWeights(path)));
        const [file] = opened;
        most.opening = Math.max(most.opening, share(opening));
        try {
          for (const [name, { dtype, shape }] of file!.tensors) {
            if (!isFloat(dtype)) continue;
            const reading = await countAllocations(async () => void (await file!.read(name)));
            // What a view repeats (stride 0) was allowed by the cap when the file was opened.
            if (4 * product(shape) <= cut) most.reading = Math.max(most.reading, share(reading));
          }
          read += 1;
        } finally {
          await file!.close();
        }
      } catch (error) {
        if (!(error instanceof WgadError)) throw error;
        refused += 1;
      }
    }
    expect(most.opening).toBeLessThanOrEqual(1);
    expect(most.reading).toBeLessThanOrEqual(1.1);
    expect(read).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(MUTATIONS / 10);
  }, 300_000);
});

it('the count of allocations sees them', async () => {
  const counted = await countAllocations(async () => {
    const first = new Float32Array(10);
    Float32Array.from([1, 2]);
    new Uint8Array(first.buffer);
  });
  expect(counted).toEqual({ total: 48, largest: 40 });
});
