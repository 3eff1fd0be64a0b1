import { ConfigError, gotText } from '../errors.ts';

/** One of several equal parts of a job. */
export interface Shard {
  /** From 1. */
  readonly part: number;
  readonly of: number;
}

/** Variables in which schedulers count the jobs of an array, from 0. */
const COUNTERS = ['JOB_COMPLETION_INDEX', 'SLURM_ARRAY_TASK_ID'] as const;
export const MOST_PARTS = 1_000_000;

/**
 * `3/8`: the third of eight parts. `8` alone: of eight parts the one that the scheduler's variable says, from 0 on.
 * @throws ConfigError saying what is expected.
 */
export function shardOf(text: string, environment: Readonly<NodeJS.ProcessEnv> = process.env): Shard {
  const [, first, second] = /^\s*(?:(\d+)\s*\/)?\s*(\d+)\s*$/.exec(text) ?? [];
  const of = Number(second);
  if (second === undefined || of < 1 || of > MOST_PARTS) {
    throw new ConfigError(
      `--shard expects a part and their number, such as 3/8, or the number alone, got ${gotText(text)}`,
      { fix: FIX },
    );
  }
  if (first !== undefined) {
    const part = Number(first);
    if (part >= 1 && part <= of) return { part, of };
    throw new ConfigError(`--shard expects a part from 1 to ${of}, got ${part}/${of}`, { fix: FIX });
  }
  const set = COUNTERS.filter((name) => environment[name]);
  if (set.length !== 1) {
    const [which, fix] =
      set.length === 0
        ? [`none of ${COUNTERS.join(', ')} is set`, `say which: --shard 1/${of}`]
        : [`${set.join(' and ')} are set`, `say which: --shard 1/${of}`];
    throw new ConfigError(`--shard ${of}: which part it is cannot be known: ${which}`, { fix });
  }
  const [name] = set as [(typeof COUNTERS)[number]];
  const value = environment[name]!;
  const index = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (index < of) return { part: index + 1, of };
  throw new ConfigError(`--shard ${of}: expects ${name} from 0 to ${of - 1}, got ${gotText(value)}`, {
    fix: 'number the jobs of the array from 0, as many as there are parts',
  });
}

const FIX =
  'parts count from 1; where Kubernetes or Slurm says which, give their number alone: --shard 8 (docs/scale.md)';

/** How many inputs of `count` a part has. */
export const partLength = ({ part, of }: Shard, count: number): number =>
  Math.max(0, Math.ceil((count - part + 1) / of));

/** Places of a part's inputs among all: every `of`-th, so that parts are equally long. */
export const placesOf = ({ part, of }: Shard, count: number): number[] => {
  const places: number[] = [];
  for (let place = part - 1; place < count; place += of) places.push(place);
  return places;
};
