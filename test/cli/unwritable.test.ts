import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { csvLine } from '../../src/formats/csvLine.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { configHash } from '../../src/run/configHash.ts';
import { runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { embeddedPath } from '../../src/weights/embedded.ts';
import { noSmallDisk, withSmallDisk } from '../faults/smallDisk.ts';
import { SMALL_CONFIG } from '../run/smallConfig.ts';
import { scratchFolder, TINY_DATA, wgadHere } from './wgad.ts';

/**
 * Every verb that writes, where it cannot: refused with the path before any work, which here means before a device is
 * opened: none has the name that is asked for.
 */
const folder = scratchFolder();
const WEIGHTS = embeddedPath('resnet18_w16');
const NO_DEVICE = ['--gpu', 'no adapter has this name'];
const TINY = ['--encoder', 'resnet18_w16', '--size', '64', '--batch', '4', '--iterations', '1'];

/** Of a verb that writes a folder or a file where it is told to. */
const VERBS: Readonly<Record<string, (out: string) => string[]>> = {
  'data synth': (out) => ['data', 'synth', '--out', out, ...TINY_DATA],
  'data convert': (out) => ['data', 'convert', folder.path('data'), '--out', out],
  'weights convert': (out) => ['weights', 'convert', WEIGHTS, out],
  train: (out) => ['train', folder.path('data'), '--out', out, ...TINY],
  predict: (out) => ['predict', folder.path('run'), folder.path('image.png'), '--out', out],
  features: (out) => ['features', folder.path('image.png'), '--size', '64', '--out', out],
  demo: (out) => ['demo', '--out', out],
  bench: (out) => ['bench', 'kernels', '--out', out],
  profile: (out) => ['profile', '--trace', out, '--', 'bench', 'kernels'],
  reproduce: (out) => ['reproduce', 'table4', '--quick', '--out', out],
};
/** Of a verb that writes into the folder of a run: which files. */
const IN_RUN: Readonly<Record<string, readonly [args: (run: string) => string[], files: readonly string[]]>> =
  {
    train: [
      (run) => ['train', folder.path('data'), '--out', run, ...TINY],
      [
        'config.json',
        'weights.safetensors',
        'checkpoint.safetensors',
        'memory.safetensors',
        'coreset.safetensors',
      ],
    ],
    test: [(run) => ['test', run], ['results.json', 'scores.csv']],
    report: [(run) => ['report', run], ['report.html']],
  };

beforeAll(async () => {
  await wgadHere(['data', 'synth', '--out', folder.path('data'), ...TINY_DATA]);
  const grey = { width: 64, height: 64, channels: 3, background: 'grey' } as const;
  await sharp({ create: grey }).png().toFile(folder.path('image.png'));
  await makeRun(folder.path('run'));
});

/** As far as verbs look at a finished and tested one before they open a device. */
async function makeRun(run: string): Promise<void> {
  const config: RunConfig = { ...SMALL_CONFIG, lr: 1e-3, data: folder.path('data') };
  await mkdir(run, { recursive: true });
  const files = runFiles(run);
  await writeFile(files.config, JSON.stringify(config));
  await writeSafetensors(files.weights, new Map(), { configHash: configHash(config) });
  const protocols = { 'absolute-unified': {}, 'model-unified': {} };
  await writeFile(files.results, JSON.stringify({ version: '0', adapter: '', config, protocols }));
  const columns = ['path', 'class', 'label', 'score', 'calibrated', 'u_hat', 'gamma_hat', 'unfamiliar', 'ms'];
  await writeFile(files.scores, csvLine(columns));
}

async function refused(args: readonly string[], path: string): Promise<void> {
  const { code, stderr } = await wgadHere([...NO_DEVICE, ...args]);
  expect(stderr).toMatch(/^wgad: E_FILE /m);
  expect(stderr).toContain(path);
  expect(code).toBe(1);
}

describe.each(Object.entries(VERBS))('%s', (_, args) => {
  // Where Node's recursive mkdir would ask for ever.
  it.runIf(process.platform === 'linux').each([
    ['a folder in which nothing can be made', '/proc/x'],
    ['one below it', '/proc/x/y'],
    ['one below a device', '/dev/null/x'],
    ['a path of more than 4096 bytes', `/tmp/${'long/'.repeat(900)}x`],
  ])('writing into %s is refused', (_name, out) => refused(args(out), out.slice(0, 100)));
});

describe.each(Object.entries(IN_RUN))('%s, with a folder in the place of its file', (_, [args, files]) => {
  it.each(files)('a folder in the place of %s is refused', async (name) => {
    const run = folder.path(`run-${_}-${name}`);
    await cp(folder.path('run'), run, { recursive: true });
    const needed = _ !== 'train' && (name === 'config.json' || name === 'weights.safetensors');
    if (!needed) await rm(`${run}/${name}`, { force: true });
    await mkdir(`${run}/${name}`);
    await refused(args(run), `${run}/${name}`);
  });
});

const why = await noSmallDisk();
const skipped = why === null ? '' : `, skipped: ${why}`;

describe('on a read-only file system', () => {
  it.skipIf(why !== null)(
    `every verb that writes is refused on a read-only file system${skipped}`,
    async () => {
      await withSmallDisk(async (disk) => {
        await cp(folder.path('run'), disk.path('run'), { recursive: true });
        await disk.makeReadOnly();
        for (const args of Object.values(VERBS)) await refused(args(disk.path('new')), disk.path('new'));
        const threshold = (run: string): string[] => ['threshold', run, '--fpr', '0.3'];
        for (const args of [threshold, ...Object.values(IN_RUN).map(([each]) => each)])
          await refused(args(disk.path('run')), disk.path('run'));
        const cached = { WGAD_CACHE: disk.path('cache') };
        for (const args of [['weights', 'fetch', 'resnet18', '--from', 'http://127.0.0.1:9']]) {
          const { code, stderr } = await wgadHere(args, cached);
          expect(stderr).toMatch(/^wgad: E_FILE /m);
          expect(stderr).toContain(disk.path('cache'));
          expect(code).toBe(1);
        }
      });
    },
  );
});

it.skipIf(why !== null)(
  `what was measured is printed where the disk is full of bytes${skipped}`,
  async () => {
    await withSmallDisk(async (disk) => {
      await disk.leaveBytes(0);
      const cases = ['--model', 'resnet18_w16', '--size', '64', '--filter', 'maxPool'];
      const { code, stdout, stderr } = await wgadHere([
        ...['--json', 'bench', 'kernels', ...cases, '--out', disk.path('bench.json')],
      ]);
      expect(stderr).toMatch(/^wgad: E_FILE .*bench\.json: cannot be written: no space is left/m);
      expect(code).toBe(1);
      const [printed, failed] = stdout.trim().split('\n');
      expect(JSON.parse(printed!).records.length).toBeGreaterThan(0);
      expect(JSON.parse(failed!).error.code).toBe('E_FILE');
    });
  },
  300_000,
);
