import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WgadError } from '../../../src/errors.ts';
import { isFloat } from '../../../src/formats/floats.ts';
import { openWeights, readWeights } from '../../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../../src/formats/writeSafetensors.ts';
import { RandomStream } from '../../../src/random.ts';
import { HOSTILE } from '../../formats/hostile.ts';
import { brokenPromise, openMeasured } from '../../formats/measured.ts';
import type { FaultKind } from '../kind.ts';
import { mutated } from '../mutate.ts';

const GOLDENS = new URL('../../goldens/torch/', import.meta.url);
const CORPUS = ['module.zip.pth', 'odd.zip.pth', 'odd.legacy.pth', 'nested.legacy.pth', 'odd.protocol4.pth'];
/** Hostile files are tried beside the mutated ones where those are so many. */
const MANY = 1000;

export const fault: FaultKind = {
  kind: 'weight files damaged and forged: read, or refused by a second of work and within 1.1 times their size',
  full: 10_000,
  short: 200,
  async run(count, seed, progress) {
    const folder = await mkdtemp(join(tmpdir(), 'wgad-weight-files-'));
    try {
      const corpus = await corpusIn(folder);
      const random = new RandomStream(seed, 18);
      const failures: string[] = [];
      const forged = count >= MANY ? await tryForged(folder, failures) : { tried: 0, note: '' };
      let [read, refused, slowest] = [0, 0, 0];
      for (let i = 0; i < count; i++) {
        const path = join(folder, 'mutated');
        await writeFile(path, mutated(corpus[random.integer(corpus.length)]!, random));
        const began = process.cpuUsage();
        const end = await ending(path);
        const { user, system } = process.cpuUsage(began);
        slowest = Math.max(slowest, (user + system) / 1000);
        if (end === 'read') read += 1;
        else if (end === 'refused') refused += 1;
        else failures.push(`seed ${seed}, mutation ${i}: ${end}`);
        progress(i + 1);
      }
      const tried = count + forged.tried;
      const note = `${read} read, ${refused} refused, the slowest took ${slowest.toFixed(0)} ms of work${forged.note}`;
      return { tried, survived: tried - failures.length, failures, note };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function corpusIn(folder: string): Promise<Uint8Array[]> {
  const corpus: Uint8Array[] = await Promise.all(CORPUS.map((name) => readFile(new URL(name, GOLDENS))));
  const path = join(folder, 'own.safetensors');
  const { tensors } = await readWeights(new URL('odd.zip.pth', GOLDENS).pathname);
  await writeSafetensors(path, tensors, { kind: 'test' });
  return [...corpus, await readFile(path)];
}

/** How opening a file and reading all its floats ends; anything but a typed error is told. */
async function ending(path: string): Promise<string> {
  try {
    const file = await openWeights(path);
    try {
      for (const [name, { dtype }] of file.tensors) if (isFloat(dtype)) await file.read(name);
    } finally {
      await file.close();
    }
    return 'read';
  } catch (error) {
    if (!(error instanceof WgadError)) return String((error as Error).stack);
    return error.message.length < 2000 ? 'refused' : `a message of ${error.message.length} characters`;
  }
}

/** Each kind of forged file at 95 MB: a header may have 100. */
async function tryForged(folder: string, failures: string[]): Promise<{ tried: number; note: string }> {
  let [tried, slowest, share] = [0, 0, 0];
  for (const [name, make] of HOSTILE) {
    const path = join(folder, 'forged');
    const bytes = make(90);
    await writeFile(path, bytes);
    const [measured] = await openMeasured([path]);
    const broken = brokenPromise(measured!, bytes.length);
    if (broken !== null) failures.push(`${name}: ${broken}`);
    slowest = Math.max(slowest, measured!.ms);
    if (bytes.length > 50e6) share = Math.max(share, measured!.memory / bytes.length);
    tried += 1;
  }
  return {
    tried,
    note: `; ${tried} forged of 95 MB: at most ${slowest.toFixed(0)} ms and ${share.toFixed(2)} times the file`,
  };
}
