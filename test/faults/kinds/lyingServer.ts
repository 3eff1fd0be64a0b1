import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WgadError } from '../../../src/errors.ts';
import { fetchPublished } from '../../../src/published/fetchPublished.ts';
import type { Published } from '../../../src/published/table.ts';
import { RandomStream } from '../../../src/random.ts';
import { type ServerFaults, serveWeights } from '../../published/weightServer.ts';
import type { FaultKind } from '../kind.ts';

const SIZE = 2 ** 18;
const PACE = { silenceMs: 2000, least: 50_000, windowMs: 150 };

/** What a server does, from a number within the file. */
const MODES: Readonly<Record<string, (at: number) => ServerFaults>> = {
  'says nothing': () => ({ isMute: true }),
  'hangs up': () => ({ resets: true }),
  'breaks off': (at) => ({ breaksAfter: at }),
  'falls silent': () => ({ stalls: true }),
  drips: (at) => ({ drips: 1 + (at % 300) }),
  'ends early without a length': (at) => ({ endsAfter: at }),
  'says more than it sends': (at) => ({ lengthOff: at }),
  'says less than it sends': (at) => ({ lengthOff: -at }),
  'sends without an end': () => ({ isEndless: true }),
  'redirects to itself': () => ({ redirects: 'self' }),
  'redirects elsewhere': () => ({ redirects: 'ftp://example.org/file' }),
  'ignores ranges': () => ({ ignoresRanges: true }),
  'sends another part': (at) => ({ rangeOff: { bytes: at, said: true } }),
  'sends another part, unsaid': (at) => ({ rangeOff: { bytes: at, said: false } }),
  packs: () => ({ gzips: true }),
  refuses: (at) => ({ status: 400 + (at % 120) }),
  'sends a page': () => ({ page: { type: 'text/html', text: '<!doctype html><title>Sign in</title>' } }),
  'sends an error': () => ({ page: { type: 'application/json', text: '{"error":"no"}' } }),
};

export const fault: FaultKind = {
  kind: 'servers that lie or fall silent: a typed refusal, no wrong file, and the right one from the next server',
  full: 360,
  short: 18,
  async run(count, seed, progress) {
    const folder = await mkdtemp(join(tmpdir(), 'wgad-lying-server-'));
    const random = new RandomStream(seed, 20);
    const body = Uint8Array.from({ length: SIZE }, () => random.integer(256));
    const sha256 = createHash('sha256').update(body).digest('hex');
    const modes = Object.entries(MODES);
    const failures: string[] = [];
    let fetched = 0;
    try {
      for (let i = 0; i < count; i++) {
        const [mode, faultsAt] = modes[i % modes.length]!;
        const what: Published = {
          name: 'net',
          encoder: 'resnet18',
          file: `net-${sha256.slice(0, 8)}.pth`,
          base: '',
          mebibytes: SIZE / 2 ** 20,
          note: '',
        };
        const path = join(folder, what.file);
        // Half of them begin where an earlier download ended.
        if (random.integer(2) === 0) await writeFile(`${path}.part`, body.subarray(0, random.integer(SIZE)));
        const end = await tryOne(what, folder, body, faultsAt(1 + random.integer(SIZE - 1)));
        if (end === 'fetched') fetched += 1;
        else if (end !== 'refused') failures.push(`seed ${seed}, try ${i}, ${mode}: ${end}`);
        const honest = await tryOne(what, folder, body, {});
        if (honest !== 'fetched') failures.push(`seed ${seed}, try ${i}, after ${mode}: ${honest}`);
        else if (!(await readFile(path)).equals(body)) failures.push(`seed ${seed}, try ${i}: a wrong file`);
        await rm(path, { force: true });
        await rm(`${path}.part`, { force: true });
        progress(i + 1);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const note = `${modes.length} modes; ${fetched} fetched all the same`;
    return { tried: count, survived: count - failures.length, failures, note };
  },
};

/** `fetched`, `refused`, or what is wrong. */
async function tryOne(
  what: Published,
  folder: string,
  body: Uint8Array,
  faults: ServerFaults,
): Promise<string> {
  const server = await serveWeights(body, faults);
  try {
    const got = await fetchPublished({ ...what, base: server.url }, { folder, pace: PACE });
    return got ? 'fetched' : 'stopped by nobody';
  } catch (error) {
    if (!(error instanceof WgadError) || !error.fix) return `not a typed refusal: ${(error as Error).stack}`;
    const left = await stat(join(folder, what.file)).catch(() => null);
    return left ? 'a file in the place of the right one' : 'refused';
  } finally {
    await server.close();
  }
}
