import { refuseExtra } from '../options.ts';
import {
  agree,
  type BenchCase,
  percentile,
  SAMPLE_MS,
  summary,
  type Timing,
  WARM_MOST,
  WARM_SAMPLES,
} from './sampler.ts';

/** An engine's own time, where the clock here would count more. */
export interface Timed {
  /** Milliseconds of all runs. */
  readonly ms: number;
}

/** A case whose engine may have a clock of its own. */
export interface TimedCase extends Pick<BenchCase, 'enqueue'> {
  finish(): Promise<void> | Promise<Timed>;
}

/** One run from upload to result, of the `turn`-th input, waited for. */
export type SingleRun = ((turn: number) => Promise<void>) | ((turn: number) => Promise<Timed>);

/** Runs that are waited for singly, or enqueued with one wait for all. */
export type Contender = SingleRun | TimedCase;

/** Times of two engines or subjects by turns, in milliseconds a run. */
export interface Duel {
  readonly ours: Timing;
  readonly theirs: Timing;
  /** Their time over ours in the same round: median, 10th and 90th percentile over rounds. */
  readonly ratio: number;
  readonly ratioP10: number;
  readonly ratioP90: number;
}

type Clock = () => number;

const WARM_MS = 60_000;
/** Longest sample by the clock here. An engine's own time may be a small part of a run, or 0. */
const MOST_MS = 500;

/**
 * Two engines by turns, so that a machine that slows down slows both. A sample is as many runs as fill 20 ms of
 * the engine's own time, or half a second of the clock; both warm up first as `sample` does, for a minute at most. Who begins changes every round.
 * `now` is a clock in milliseconds.
 */
export async function alternate(
  ours: Contender,
  theirs: Contender,
  rounds = 9,
  now: Clock = () => performance.now(),
  ...extra: never[]
): Promise<Duel> {
  refuseExtra('alternate', extra);
  return duel([await warmed(ours, now), await warmed(theirs, now)], rounds);
}

/** A sample of each a round; who begins changes every round. */
export async function duel(sides: readonly [Side, Side], rounds: number): Promise<Duel> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      times[side].push(await sides[side].once());
    }
  }
  const ratios = times[1].map((each, round) => each / times[0][round]!);
  return {
    ours: summary(times[0], rounds * sides[0].repeats),
    theirs: summary(times[1], rounds * sides[1].repeats),
    ratio: percentile(ratios, 0.5),
    ratioP10: percentile(ratios, 0.1),
    ratioP90: percentile(ratios, 0.9),
  };
}

/** What takes part. */
export interface Side {
  /** Runs a sample. */
  repeats: number;
  /** A sample: milliseconds a run. */
  once(): Promise<number>;
}

async function warmed(contender: Contender, now: Clock): Promise<Side> {
  const sampleOf = 'enqueue' in contender ? together(contender, now) : singly(contender, now);
  const side: Side = { repeats: 1, once: async () => (await sampleOf(side.repeats)) / side.repeats };
  const warm: number[] = [];
  const until = now() + WARM_MS;
  do {
    const started = now();
    const ms = await side.once();
    const passed = (now() - started) / side.repeats;
    warm.push(ms);
    side.repeats = Math.max(1, Math.min(1000, Math.ceil(SAMPLE_MS / ms), Math.floor(MOST_MS / passed)));
  } while (!agree(warm.slice(-WARM_SAMPLES)) && warm.length < WARM_MOST && now() < until);
  return side;
}

/** Milliseconds of so many runs. */
type Sample = (repeats: number) => Promise<number>;

function singly(run: SingleRun, now: Clock): Sample {
  let turn = 0;
  return async (repeats) => {
    let total = 0;
    for (let i = 0; i < repeats; i++) {
      const started = now();
      const timed = await run(turn++);
      total += typeof timed === 'object' ? timed.ms : now() - started;
    }
    return total;
  };
}

const together =
  ({ enqueue, finish }: TimedCase, now: Clock): Sample =>
  async (repeats) => {
    const started = now();
    enqueue(repeats);
    const timed = await finish();
    return typeof timed === 'object' ? timed.ms : now() - started;
  };
