import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, TINY_DATA, TINY_TRAIN, wgad } from '../cli/wgad.ts';

/** A data set, and a run trained on it, small enough that hundreds of processes can begin with them. */
export interface TinyRun {
  path(...parts: string[]): string;
  /** The arguments that train `run` as the first one was trained. */
  train(run: string, ...more: string[]): string[];
  /** Trains once more, the first time it is asked. @returns how long that took, in ms, from start to exit: the range of random moments. */
  time(): Promise<number>;
  weightsOf(run: string): Promise<Buffer>;
  /** What `predict` says of each image of the data, without the clock, by its path. Judged the first time it is asked. */
  verdicts(): Promise<ReadonlyMap<string, string>>;
}

/** A row of `predict`, a line of a watch or a result of `serve`, as its verdict alone. */
export function verdictOf(row: Readonly<Record<string, unknown>>): string {
  const { path: _, name: __, ms: ___, file: ____, ...verdict } = row;
  return JSON.stringify(verdict);
}

const STEPS = ['--iterations', '6', '--align-iterations', '12', '--align', 'cada,class,classifier'];

/** One for all kinds of a process, made at the first use; the temporary folder of the tests goes with the last. */
let shared: Promise<TinyRun> | undefined;

/** Data and a finished run `first`; whatever else `body` puts there it takes away. */
export async function withTinyRun<T>(body: (tiny: TinyRun) => Promise<T>): Promise<T> {
  shared ??= makeTinyRun();
  return body(await shared);
}

async function makeTinyRun(): Promise<TinyRun> {
  const root = await mkdtemp(join(tmpdir(), 'wgad-faults-'));
  const path = (...parts: string[]): string => join(root, ...parts);
  const train = (run: string, ...more: string[]): string[] => [
    ...['train', path('data'), '--out', path(run), ...TINY_TRAIN, ...STEPS],
    ...more,
  ];
  let timed: Promise<number> | undefined;
  let judged: Promise<ReadonlyMap<string, string>> | undefined;
  await succeed(['data', 'synth', '--out', path('data'), ...TINY_DATA]);
  // Before any clock runs: kernels that were never compiled take minutes on a software adapter.
  await succeed(train('first'));
  return {
    path,
    train,
    time() {
      timed ??= (async () => {
        const began = performance.now();
        await succeed(train('timed'));
        return performance.now() - began;
      })();
      return timed;
    },
    weightsOf: (run) => readFile(path(run, 'weights.safetensors')),
    verdicts() {
      judged ??= (async () => {
        const { stdout } = await succeed(['predict', path('first'), path('data'), '--no-times', '--quiet']);
        const rows = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        return new Map(rows.map((row) => [row.path, verdictOf(row)]));
      })();
      return judged;
    },
  };
}

/** Runs the command line. @throws Error with all that it said where it does not exit 0. */
export async function succeed(args: readonly string[]): Promise<Finished> {
  const finished = await wgad(args);
  if (finished.code !== 0)
    throw new Error(`wgad ${args.join(' ')}: exit ${finished.code}: ${finished.stderr}`);
  return finished;
}
