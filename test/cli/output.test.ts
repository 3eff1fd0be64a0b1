import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { scratchFolder, start, wgad } from './wgad.ts';

const folder = scratchFolder();
const big = (): string => folder.path('big.safetensors');

beforeAll(async () => {
  // Names alone: a listing of megabytes from a small file.
  const data = Float32Array.of(1);
  const name = (i: number): string => `${'layer.'.repeat(30)}${i}`;
  await writeSafetensors(
    big(),
    new Map(Array.from({ length: 12_000 }, (_, i) => [name(i), { shape: [1], data }])),
  );
});

/** What a reader gets that begins late and takes a piece at a time. */
async function readSlowly(stream: NodeJS.ReadableStream): Promise<number> {
  let bytes = 0;
  await new Promise((resolve) => setTimeout(resolve, 300));
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return bytes;
}

/** Starts with stdout and stderr unread. */
function unread(args: readonly string[]): { child: ChildProcess; code: Promise<number | null> } {
  const { child } = start(args);
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.removeAllListeners('data');
    stream.pause();
  }
  return { child, code: new Promise((resolve) => child.on('exit', (code) => resolve(code))) };
}

describe('what is printed is delivered whole, however slow its reader', () => {
  const cases: [string, () => string[], 'stdout' | 'stderr'][] = [
    ['a table', () => ['weights', 'inspect', big()], 'stdout'],
    ['JSON', () => ['weights', 'inspect', big(), '--json'], 'stdout'],
    ['help', () => ['train', '--help'], 'stdout'],
    ['an error', () => ['weights', 'inspect', folder.path('n'.repeat(200))], 'stderr'],
    ['an error as JSON', () => ['test', folder.path('none'), '--json'], 'stdout'],
    ['wrong usage', () => ['train', '--nope'], 'stderr'],
  ];
  it.each(cases)('%s is printed whole to a slow reader', async (_, args, stream) => {
    const quick = await wgad(args());
    const { child, code } = unread(args());
    const bytes = await readSlowly(child[stream]!);
    expect(bytes).toBe(Buffer.byteLength(quick[stream]));
    expect(bytes).toBeGreaterThan(0);
    expect(await code).toBe(quick.code);
  });

  it('more than a pipe holds is printed whole through a shell', async () => {
    const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
    const whole = (await wgad(['weights', 'inspect', big()])).stdout;
    const script = '"$0" "$1" weights inspect "$2" | (sleep 0.3; wc -c)';
    const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, main, big()]);
    expect(Number(stdout)).toBe(Buffer.byteLength(whole));
    expect(Number(stdout)).toBeGreaterThan(2 ** 20);
  });
});

describe('a reader that has read enough ends it quietly', () => {
  it.each([
    ['stdout', ['weights', 'inspect'], 0],
    ['stderr', ['weights', 'inspect', '--nope'], 2],
  ] as const)('a reader that leaves %s early ends it quietly', async (stream, args, expected) => {
    const { child, code } = unread([...args, big()]);
    child[stream]!.destroy();
    const other = stream === 'stdout' ? child.stderr! : child.stdout!;
    let said = '';
    other.on('data', (data: Buffer) => {
      said += data.toString();
    });
    other.resume();
    expect(await code).toBe(expected);
    expect(said).toBe('');
  });
});

it.runIf(process.platform === 'linux')('results that cannot be written are an error', async () => {
  const full = await open('/dev/full', 'w');
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, 'weights', 'inspect', big()], {
    stdio: ['ignore', full.fd, 'pipe'],
  });
  let said = '';
  child.stderr!.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  await full.close();
  expect(said).toMatch(/E_FILE .*stdout.*no space/);
  expect(code).toBe(1);
});
