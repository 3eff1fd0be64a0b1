import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

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
