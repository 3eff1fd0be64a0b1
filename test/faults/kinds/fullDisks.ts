import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { WgadError } from '../../../src/errors.ts';
import { fetchPublished } from '../../../src/published/fetchPublished.ts';
import { RandomStream } from '../../../src/random.ts';
import { embeddedPath } from '../../../src/weights/embedded.ts';
import { type Finished, start, TINY_DATA, wgad } from '../../cli/wgad.ts';
import { serveWeights } from '../../published/weightServer.ts';
import type { FaultKind } from '../kind.ts';
import { noSmallDisk, type SmallDisk, withSmallDisk } from '../smallDisk.ts';
import { succeed, type TinyRun, withTinyRun } from '../tinyRun.ts';
import { until } from '../watching.ts';
import { filesBelow, whyNotWhole } from '../wholeFiles.ts';

type Path = (...parts: string[]) => string;

/** A verb that writes: everything it writes goes to the disk, what it reads may lie elsewhere. */
interface Writer {
  readonly name: string;
  /** Works on a copy of the finished run, which lies on the disk. */
  readonly onRun?: true;
  call(disk: Path, tiny: TinyRun): Promise<Finished>;
  /** Once there is room; default the same again. */
  again?(disk: Path, tiny: TinyRun): Promise<Finished>;
}

const command = (name: string, args: (disk: Path, tiny: TinyRun) => string[], onRun?: true): Writer => ({
  name,
  onRun,
  call: (disk, tiny) => wgad([...args(disk, tiny), '--quiet'], { WGAD_CACHE: disk('cache') }),
});

const WEIGHTS = embeddedPath('resnet18_w16');
const IMAGE = ['data', 'painted', 'test', 'good', '000.png'];
const FEW = ['--train', '2', '--test', '2', '--size', '64', '--batch', '2', '--iterations', '2'];
const FAST = ['--encoder', 'resnet18_w16', ...FEW, '--align-iterations', '2'];

/** The cheap ones first: `npm test` tries those. */
const WRITERS: readonly Writer[] = [
  command('data synth', (disk) => ['data', 'synth', '--out', disk('drawn'), ...TINY_DATA]),
  command('weights convert', (disk) => ['weights', 'convert', WEIGHTS, disk('net.safetensors')]),
  {
    ...command('train, then --resume', trainOnto),
    again: (disk, tiny) => wgad([...trainOnto(disk, tiny), '--resume']),
  },
  { name: 'weights fetch', call: (disk) => fetchOnto(disk('cache')) },
  command('train', trainOnto),
  command('features', (disk, { path }) => [
    ...['features', path(...IMAGE), '--out', disk('features.safetensors')],
    ...['--encoder', 'resnet18_w16', '--size', '64'],
  ]),
  command('test', (disk) => ['test', disk('run')], true),
  command('threshold', (disk) => ['threshold', disk('run'), '--fpr', '0.3'], true),
  command(
    'predict',
    (disk, { path }) => ['predict', disk('run'), path(...IMAGE), '--out', disk('maps'), '--save-maps'],
    true,
  ),
  command('report', (disk) => ['report', disk('run')], true),
  command('demo', (disk) => ['demo', '--out', disk('demo'), ...FAST]),
  command('bench', (disk) => [
    ...['bench', 'kernels', '--model', 'resnet18_w16', '--size', '64', '--filter', 'conv2d 3x3 s2'],
    ...['--out', disk('bench.json')],
  ]),
  command('profile', (disk, { path }) => [
    ...['profile', '--trace', disk('trace.json'), '--', 'features', path(...IMAGE)],
    ...['--out', path('features.safetensors'), '--encoder', 'resnet18_w16', '--size', '64'],
  ]),
  command('tune', () => [
    ...['tune', '--model', 'resnet18_w16', '--size', '64', '--batch', '1', '--filter', '1x1 to'],
  ]),
  command('reproduce', (disk) => [
    ...['reproduce', 'table4', '--quick', '--out', disk('reproduce'), ...FAST, '--classes', '2'],
  ]),
  { name: 'predict --watch', onRun: true, call: watchOnto },
  { name: 'merge', call: mergeOnto },
  command('export --web', (disk) => ['export', disk('run'), '--web', disk('web.safetensors')], true),
  command('export --onnx', (disk) => ['export', disk('run'), '--onnx', disk('run.onnx')], true),
  command('data convert', (disk, { path }) => [
    ...['data', 'convert', path('data'), '--out', disk('converted'), '--size', '32'],
  ]),
];

function trainOnto(disk: Path, { train, path }: TinyRun): string[] {
  return train('run', '--save-every', '0').map((arg) => (arg === path('run') ? disk('run') : arg));
}

/** Judges the few images of a folder, and is told to stop once each has a row. */
async function watchOnto(disk: Path, { path }: TinyRun): Promise<Finished> {
  const folder = path(...IMAGE.slice(0, -1));
  const images = (await readdir(folder)).length;
  const rows = disk('watched.rows');
  const watch = ['--watch', folder, '--rows', rows, '--out', disk('maps'), '--settle', '0', '--quiet'];
  const started = start(['predict', disk('run'), ...watch], { WGAD_CACHE: disk('cache') });
  await until(
    async () => (await readFile(rows, 'utf8').catch(() => '')).split('\n').length > images,
    started,
  );
  started.child.kill('SIGTERM');
  const finished = await started.done;
  return finished.code === 143 ? { ...finished, code: 0 } : finished;
}

/** Merges two parts, which lie elsewhere and are made once. */
async function mergeOnto(disk: Path, { path }: TinyRun): Promise<Finished> {
  const [parts, images] = [path('parts to merge'), path(...IMAGE.slice(0, -1))];
  for (const shard of ['1/2', '2/2']) {
    await succeed(['predict', path('first'), images, '--shard', shard, '--parts', parts, '--quiet']);
  }
  return wgad(['merge', parts, '--out', disk('rows.jsonl'), '--quiet']);
}

/** How the disk refuses: `rest` is the share of what the verb needs that is still left. */
const FAULTS: Readonly<Record<string, (disk: SmallDisk, need: Need, rest: number) => Promise<void>>> = {
  'no bytes left': (disk, { bytes }, rest) => disk.leaveBytes(Math.floor((bytes * rest) / 4096) * 4096),
  'read-only': (disk) => disk.makeReadOnly(),
  'no files left': (disk, { files }, rest) => disk.leaveFiles(Math.floor(files * rest)),
};
type Need = Awaited<ReturnType<SmallDisk['used']>>;

export const fault: FaultKind = {
  kind: 'a disk that is full (of bytes, of files) after a random part of the work, or read-only, under every verb that writes: E_FILE naming the path, exit 1, nothing half-written, what was there intact, and the same command works once there is room',
  full: 3 * 3 * WRITERS.length,
  short: 3,
  impossible: noSmallDisk,
  run: (count, seed, progress) =>
    withTinyRun((tiny) =>
      withSmallDisk(async (disk) => {
        const onRun = WRITERS.slice(0, count).some((writer) => writer.onRun);
        if (onRun) await succeed(['test', tiny.path('first'), '--quiet']);
        const random = new RandomStream(seed, 23);
        const faults = Object.entries(FAULTS);
        const needs = new Map<Writer, Need>();
        const failures: string[] = [];
        for (let i = 0; i < count; i++) {
          const writer = WRITERS[i % WRITERS.length]!;
          const [what, fill] = faults[(i + Math.floor(i / WRITERS.length)) % faults.length]!;
          const rest = random.next();
          await mkdir(disk.path('here'));
          const here: Path = (...parts) => disk.path('here', ...parts);
          if (writer.onRun) await cp(tiny.path('first'), here('run'), { recursive: true });
          const at = `seed ${seed}, try ${i}, ${writer.name}, ${what}`;
          const tell = (why: string): void => void failures.push(`${at}: ${why}`);
          const before = await disk.used();
          // What it needs is known once it has worked: until then nothing is left at all.
          await fill(disk, needs.get(writer) ?? { bytes: 0, files: 0 }, rest);
          const wrong = await refused(writer, disk, here, tiny);
          await disk.makeRoom();
          const later = wrong ?? (await worksAgain(writer, here, tiny));
          if (later) tell(later);
          else {
            const { bytes, files } = await disk.used();
            needs.set(writer, { bytes: bytes - before.bytes, files: files - before.files });
          }
          await rm(here(), { recursive: true, force: true });
          progress(i + 1);
        }
        const note = `${WRITERS.length} commands, ${faults.length} faults`;
        return { tried: count, survived: count - failures.length, failures, note };
      }),
    ),
};

/** What is wrong with how it ends on such a disk, or null. */
async function refused(writer: Writer, disk: SmallDisk, here: Path, tiny: TinyRun): Promise<string | null> {
  const before = await filesBelow(disk.path());
  const { code, stderr } = await writer.call(here, tiny);
  const after = await filesBelow(disk.path());
  const said = `exit ${code}: ${ofWgad(stderr)}`;
  // A log is not the work: where all else had room, the work is done.
  const onlyLog = code === 0 && stderr.includes('log.jsonl: a line could not be written');
  if (!onlyLog && (code !== 1 || !/^wgad: E_FILE /m.test(stderr))) return said;
  if (!stderr.includes(disk.path())) return `names no path: ${said}`;
  for (const [name, bytes] of after) {
    if (before.get(name)?.equals(bytes)) continue;
    const why = await whyNotWhole(name, bytes);
    if (why) return `${name} ${why}; ${said}`;
  }
  const hasSaved = writer.name.startsWith('train') && after.has('here/run/checkpoint.safetensors');
  if (code === 1 && hasSaved && !stderr.includes('checkpoint.safetensors is intact')) {
    return `names no checkpoint: ${said}`;
  }
  const gone = [...before.keys()].filter((name) => !after.has(name));
  return gone.length > 0 ? `took away ${gone.join(', ')}; ${said}` : null;
}

/** What it said, without the driver's lines. */
const ofWgad = (stderr: string): string =>
  stderr
    .replaceAll(/^Warning: max.*\n/gm, '')
    .trim()
    .slice(-700);

/** What is wrong with the same command once there is room, or null. */
async function worksAgain(writer: Writer, here: Path, tiny: TinyRun): Promise<string | null> {
  const { code, stderr } = await (writer.again ?? writer.call)(here, tiny);
  if (code !== 0) return `with room again, exit ${code}: ${ofWgad(stderr)}`;
  for (const [name, bytes] of await filesBelow(here())) {
    const why = /\.part$/.test(name) ? 'is left behind' : await whyNotWhole(name, bytes);
    if (why) return `with room again, ${name} ${why}`;
    const trained = writer.name.startsWith('train') && name === 'run/weights.safetensors';
    if (trained && !bytes.equals(await tiny.weightsOf('first'))) return 'with room again, other weights';
  }
  return null;
}

/** The verb's own work: no file of ours has the checksum of a published one. */
async function fetchOnto(folder: string): Promise<Finished> {
  const body = Uint8Array.from({ length: 2 ** 18 }, (_, i) => i * 7);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const server = await serveWeights(body);
  const what = { name: 'net', encoder: 'resnet18', file: `net-${sha256.slice(0, 8)}.pth` } as const;
  try {
    await fetchPublished({ ...what, base: server.url, mebibytes: 0.25, note: '' }, { folder });
    return { code: 0, stdout: '', stderr: '' };
  } catch (error) {
    const typed = error instanceof WgadError;
    return { code: 1, stdout: '', stderr: typed ? `wgad: ${error.code} ${error.message}` : `${error}` };
  } finally {
    await server.close();
  }
}
