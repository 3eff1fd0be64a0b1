import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a developer's own cache holds must not choose kernels here. */
const UNTUNED = { WGAD_NO_TUNING: 'true' };

/** Starts the built command line, or another `program`. `done` settles when it has ended, however it ended. */
export function start(
  args: readonly string[],
  env: Record<string, string> = {},
  program = MAIN,
): { child: ChildProcess; done: Promise<Finished> } {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...UNTUNED, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  const done = new Promise<Finished>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done };
}

export const wgad = (
  args: readonly string[],
  env?: Record<string, string>,
  program?: string,
): Promise<Finished> => start(args, env, program).done;

const built = (path: string): string => new URL(`../../dist/cli/${path}`, import.meta.url).href;

afterAll(async () => {
  if (!ranHere) return;
  const { PARKING }: typeof import('../../src/cli/program.ts') = await import(built('program.js'));
  PARKING.clear();
});
/** Whether a command ran in this process, which keeps its device for the next. */
let ranHere = false;

/**
 * The built command line in this process: for what it says and answers, where neither a device nor the process is
 * tested. A process of its own takes half a second to load it.
 */
export async function wgadHere(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const { runCommandLine }: typeof import('../../src/cli/commandLine.ts') = await import(
    built('commandLine.js')
  );
  const { wgadCommands }: typeof import('../../src/cli/verbs/index.ts') = await import(
    built('verbs/index.js')
  );
  ranHere = true;
  const before = { argv: process.argv, env: process.env };
  process.argv = [process.execPath, MAIN, ...args];
  process.env = { ...before.env, ...UNTUNED, ...env };
  const streams = [process.stdout, process.stderr].map(captured);
  try {
    const { signal } = new AbortController();
    const code = await runCommandLine(await wgadCommands(args), {
      signal,
      code: undefined,
      endNow: () => {},
      onHangUp: () => {},
    });
    const [stdout, stderr] = streams.map(({ text }) => text());
    return { code, stdout: stdout!, stderr: stderr! };
  } finally {
    for (const { release } of streams) release();
    Object.assign(process, before);
  }
}

/** Keeps what is written to a stream until it is released. */
function captured(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const { write } = stream;
  const listeners = stream.listeners('error');
  let text = '';
  stream.write = ((piece: string | Uint8Array, ...rest: unknown[]) => {
    text += piece.toString();
    const delivered = rest.at(-1);
    if (typeof delivered === 'function') setImmediate(() => delivered());
    return true;
  }) as typeof write;
  return {
    text: () => text,
    release() {
      stream.write = write;
      for (const each of stream.listeners('error')) {
        if (!listeners.includes(each)) stream.off('error', each as () => void);
      }
    },
  };
}

/** A fresh folder for the tests of one file. */
export function scratchFolder(): { path(...parts: string[]): string } {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'wgad-cli-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  return { path: (...parts) => join(root, ...parts) };
}

/** Two classes of four small images: enough for every stage to run. */
export const TINY_DATA = ['--classes', '2', '--train', '4', '--test', '4', '--size', '64'];
/** Shapes that test/models compiles too. */
export const TINY_TRAIN = ['--encoder', 'resnet18_w16', '--size', '64', '--batch', '4', '--quiet'];
