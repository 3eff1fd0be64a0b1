import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { RandomStream } from '../../src/random.ts';
import { dictOf, int, joined, pickled, storage, storedZip, string, tensor } from './forge.ts';

const run = promisify(execFile);
const MUTATIONS = 24;
const TENSORS = 4;
/** Of each tensor's bytes. */
const EACH = 8 * 2 ** 20;
const LEGACY_LEAD = [
  [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  [0x4d, 0xe9, 0x03],
  [0x7d],
];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-allocation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Noise of small numbers, should bytes of theirs be taken for another's. */
function held(stream: number): Uint8Array {
  const random = new RandomStream(7, stream);
  return new Uint8Array(Float32Array.from({ length: EACH / 4 }, () => random.next()).buffer);
}

const keys = Array.from({ length: TENSORS }, (_, i) => String(i));
const pickle = (): Uint8Array =>
  pickled(dictOf(keys.map((key) => [`w${key}`, tensor(storage(EACH / 4, key), 0, [EACH / 4], [1])])));
const zip = (): Uint8Array =>
  storedZip([
    ['a/data.pkl', pickle()],
    ...keys.map((key): [string, Uint8Array] => [`a/data/${key}`, held(Number(key))]),
  ]);
const legacy = (): Uint8Array =>
  joined(
    ...LEGACY_LEAD.map(pickled),
    pickle(),
    pickled([0x5d, 0x28, ...keys.flatMap(string), 0x65]),
    ...keys.flatMap((key) => [Uint8Array.from([...int(EACH / 4), ...int(0)]), held(Number(key))]),
  );

/**
 * In a process of its own: opens and reads mutations of a file that are made in place, most of them where it describes
 * itself. Prints how much memory the process took at most beyond what it had, and how many were read and refused.
 */
const script = (path: string): string => `
  import { open, readFile } from 'node:fs/promises';
  const { openWeights } = await import(${JSON.stringify(new URL('../../dist/formats/weightsFile.js', import.meta.url).href)});
  const { RandomStream } = await import(${JSON.stringify(new URL('../../dist/random.js', import.meta.url).href)});
  const path = ${JSON.stringify(path)};
  const random = new RandomStream(20_261_125);
  const handle = await open(path, 'r+');
  const { size } = await handle.stat();
  const places = [0, size - 2048, ...Array.from({ length: ${TENSORS} }, (_, i) => Math.floor((i * size) / ${TENSORS}))];
  const settle = async () => { globalThis.gc(); await new Promise((done) => setTimeout(done, 5)); globalThis.gc(); };
  await settle();
  const before = process.memoryUsage().rss;
  let [read, refused] = [0, 0];
  for (let i = 0; i < ${MUTATIONS}; i++) {
    const undo = [];
    for (let j = random.integer(4); j >= 0; j--) {
      const from = places[random.integer(places.length)];
      const at = Math.min(size - 1, Math.max(0, from + random.integer(2048)));
      const was = Buffer.alloc(1);
      await handle.read(was, 0, 1, at);
      undo.unshift([at, was]);
      await handle.write(Uint8Array.of(random.integer(256)), 0, 1, at);
    }
    try {
      const file = await openWeights(path);
      try {
        for (const name of file.tensors.keys()) { await file.read(name); await settle(); }
        read += 1;
      } finally { await file.close(); }
    } catch (error) {
      if (!/^E_/.test(error.code)) throw error;
      refused += 1;
    }
    await settle();
    for (const [at, was] of undo) await handle.write(was, 0, 1, at);
  }
  await handle.close();
  // Linux counts what the parent held at the fork among a process's maximum (maxRSS), and not among its memory's own (VmHWM).
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const most = Number(/VmHWM:\\s+(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS) * 1024;
  console.log(JSON.stringify({ peak: most - before, size, read, refused }));`;

describe('a mutated file of 32 MiB', () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ['safetensors', (path) => writeSafetensors(path, new Map(keys.map((key) => [key, floats(key)])))],
    ['zip', (path) => writeFile(path, zip())],
    ['legacy stream', (path) => writeFile(path, legacy())],
  ])(
    'a mutated file of 32 MiB takes the process no more than 1.1 times its size: %s',
    async (kind, write) => {
      const path = join(folder, kind);
      await write(path);
      const args = ['--expose-gc', '--input-type=module', '-e', script(path)];
      const { stdout } = await run(process.execPath, args);
      const { peak, size, read, refused } = JSON.parse(stdout);
      expect(peak).toBeLessThan(1.1 * size);
      // Less than a tensor would mean that the measure misses something.
      expect(peak).toBeGreaterThan(0.9 * EACH);
      expect(read).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(0);
    },
    300_000,
  );
});

const floats = (key: string) => ({
  shape: [EACH / 4],
  data: new Float32Array(held(Number(key)).buffer as ArrayBuffer),
});
