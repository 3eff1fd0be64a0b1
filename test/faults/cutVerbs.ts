import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finished, wgad, wgadHere } from '../cli/wgad.ts';
import type { TinyRun } from './tinyRun.ts';

/** A verb that is cut into two parts, of which the second is finished and the first can be made. */
export interface CutVerb {
  readonly name: string;
  /** The arguments that make the first part. */
  readonly first: readonly string[];
  /** How long making it takes, in ms, from start to exit. */
  readonly time: number;
  /** Whether it is finished. */
  isFinished(): Promise<boolean>;
  /** Makes it again, after whatever happened, and merges. @returns what is wrong, or null. Takes the first part away. */
  whyNotWhole(): Promise<string | null>;
}

interface Cut {
  readonly name: string;
  readonly args: readonly string[];
  /** Arguments of one run that is not cut. */
  readonly whole: readonly string[];
  /** What that run wrote; default its standard output. */
  readonly wrote?: string;
  /** The file of the merged result below its `--out`; default that itself. */
  readonly within?: string;
}

const ENCODER = ['--encoder', 'resnet18_w16', '--size', '64'];

/** The first `most` of `predict`, `test` and `features`, with the bytes of one run to compare with. */
export async function cutVerbs({ path, verdicts }: TinyRun, most = 3): Promise<readonly CutVerb[]> {
  const images = most > 2 ? [...(await verdicts()).keys()].slice(0, 3) : [];
  const predict = ['predict', path('first'), path('data')];
  const test = ['test', path('first')];
  const features = ['features', ...images, ...ENCODER];
  const file = path('whole.safetensors');
  const cuts: readonly Cut[] = [
    { name: 'predict', args: predict, whole: [...predict, '--no-times'] },
    {
      name: 'test',
      args: test,
      whole: [...test, '--no-times'],
      wrote: path('first', 'results.json'),
      within: 'results.json',
    },
    { name: 'features', args: features, whole: [...features, '--out', file], wrote: file },
  ];
  const verbs: CutVerb[] = [];
  for (const each of cuts.slice(0, most)) verbs.push(await cutVerb(each, path));
  return verbs;
}

async function cutVerb(
  { name, args, whole, wrote, within = '' }: Cut,
  path: TinyRun['path'],
): Promise<CutVerb> {
  const parts = path(`parts of ${name}`);
  const part = (shard: string): string[] => [...args, '--shard', shard, '--parts', parts, '--quiet'];
  await rm(parts, { recursive: true, force: true });
  const { stdout } = done(await wgadHere([...whole, '--quiet']));
  const expected = wrote === undefined ? Buffer.from(stdout) : await readFile(wrote);
  done(await wgadHere(part('2/2')));
  const own = join(parts, '1-of-2');
  const began = performance.now();
  done(await wgad(part('1/2')));
  const time = performance.now() - began;
  await rm(own, { recursive: true });
  return {
    name,
    first: part('1/2'),
    time,
    isFinished: () =>
      readFile(join(own, 'manifest.json')).then(
        () => true,
        () => false,
      ),
    async whyNotWhole() {
      const merged = path(`merged ${name}`);
      try {
        for (const command of [part('1/2'), ['merge', parts, '--out', merged, '--quiet']]) {
          const { code, stderr } = await wgadHere(command);
          if (code !== 0) return `then ${command[0]} exits ${code}: ${stderr.slice(-300)}`;
        }
        const bytes = await readFile(join(merged, within));
        return bytes.equals(expected) ? null : 'merged to other bytes';
      } finally {
        await rm(own, { recursive: true, force: true });
        await rm(merged, { recursive: true, force: true });
      }
    },
  };
}

function done(finished: Finished): Finished {
  if (finished.code !== 0) throw new Error(`exit ${finished.code}: ${finished.stderr}`);
  return finished;
}
