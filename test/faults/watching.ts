import { appendFile, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RandomStream } from '../../src/random.ts';
import { start } from '../cli/wgad.ts';
import { type TinyRun, verdictOf } from './tinyRun.ts';

/** A folder in which copies of the data's images arrive, the rows that watches of it write, and what those must say. */
export interface Watched {
  readonly rows: string;
  /** Starts `predict --watch` of it. */
  watch(env?: Record<string, string>): ReturnType<typeof start>;
  /** Lets one more image arrive: renamed into the folder, or written in two pieces. */
  arrive(random: RandomStream): Promise<void>;
  /** Whole rows that there are. */
  judged(): Promise<number>;
  readonly arrived: number;
  /** What is wrong with the rows, or null: an image twice, another verdict, a row that is none. `partial`: the last may have no end. */
  whyWrong(partial: boolean): Promise<string | null>;
}

export async function watchedFolder(
  { path, verdicts }: TinyRun,
  name: string,
  rows: string,
): Promise<Watched> {
  const expected = [...(await verdicts())];
  const folder = path(name);
  await mkdir(folder, { recursive: true });
  const text = (): Promise<string> => readFile(rows, 'utf8').catch(() => '');
  const verdictAt = (file: string): string => expected[Number.parseInt(file, 10) % expected.length]![1];
  let arrived = 0;
  return {
    rows,
    watch: (env) =>
      start(['predict', path('first'), '--watch', folder, '--rows', rows, '--settle', '200', '--quiet'], env),
    async arrive(random) {
      const [image] = expected[arrived % expected.length]!;
      const place = join(folder, `${arrived}.png`);
      arrived += 1;
      if (random.integer(2) === 0) {
        await copyFile(image, path('waiting'));
        await rename(path('waiting'), place);
        return;
      }
      const bytes = await readFile(image);
      const half = random.integer(bytes.length);
      await writeFile(place, bytes.subarray(0, half));
      await new Promise((settle) => setTimeout(settle, random.integer(20)));
      await appendFile(place, bytes.subarray(half));
    },
    judged: async () => (await text()).split('\n').length - 1,
    get arrived() {
      return arrived;
    },
    async whyWrong(partial) {
      const lines = (await text()).split('\n');
      if (lines.pop() !== '' && !partial) return 'the last row has no end';
      const seen = new Set<string>();
      for (const line of lines) {
        let row: Record<string, unknown>;
        try {
          row = JSON.parse(line);
        } catch {
          return `a row that is none: ${line.slice(0, 200)}`;
        }
        const file = basename(String(row.path));
        if (seen.has(file)) return `${file} was judged twice`;
        seen.add(file);
        if (verdictOf(row) !== verdictAt(file)) return `another verdict: ${line.slice(0, 300)}`;
      }
      return null;
    },
  };
}

/** Waits until `enough` says so, or the process ends. */
export async function until(
  enough: () => Promise<boolean>,
  { child, done }: ReturnType<typeof start>,
): Promise<void> {
  while (!(await enough())) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    await Promise.race([done, new Promise((settle) => setTimeout(settle, 20))]);
  }
}
