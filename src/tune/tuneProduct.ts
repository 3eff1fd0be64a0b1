/** Finds the fastest way to compute one product on this adapter. */
import { setState } from '../bench/leaves.ts';
import { isolated } from '../bench/modelProducts.ts';
import { requireReplayed } from '../bench/replayed.ts';
import { percentile } from '../bench/sampler.ts';
import { LimitError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { candidateChoices, otherSplits, type ProductChoice } from '../kernels/gemm/choices.ts';
import { buildPlan } from '../plan/buildPlan.ts';
import type { Product } from '../plan/lower.ts';
import type { Plan } from '../plan/plan.ts';
import { RandomStream } from '../random.ts';
import { compilePlan, type Executable } from '../runtime/executable.ts';
import { idle } from '../runtime/gpu.ts';
import type { Session } from '../runtime/session.ts';
import { product } from '../shape.ts';
import type { Measured } from './table.ts';

/** A sample is as many runs as fill this many milliseconds. */
const SAMPLE_MS = 10;
const LOOKS = 2;
const ROUNDS = 7;
/** Relative to the best time so far: up to NEAR a candidate reaches the final; from the next factor on it is hopeless. */
const NEAR = 1.25;
const FAR = 2;
/** A family with so many hopeless candidates in a row is left. */
const PATIENCE = 3;
const FINALISTS = 3;
/** Least gain over the rule's choice: less is noise, and not worth different rounding. */
const GAIN = 0.03;
/** It must be faster in all but this many rounds: medians are unreliable on a busy machine. */
const LOST_ROUNDS = 1;

interface Contender {
  /** Null: the rule's. */
  readonly choice: ProductChoice | null;
  readonly executable: Executable;
  readonly repeats: number;
  /** The quickest of the first looks. */
  readonly ms: number;
}

/** @returns null where `signal` stopped it, or where the adapter cannot hold the product at all. */
export async function tuneProduct(
  session: Session,
  target: Product,
  signal: AbortSignal,
): Promise<Measured | null> {
  const contest = new Contest(session, target);
  try {
    const rule = await contest.enter(null);
    if (!rule) return null;
    for (const family of candidateChoices(target.op, session.gpu.facts)) {
      let hopeless = 0;
      for (const choice of family) {
        if (signal.aborted) return null;
        const ms = await contest.enter(choice);
        if (ms === null) continue;
        hopeless = ms > FAR * contest.best.ms ? hopeless + 1 : 0;
        if (hopeless >= PATIENCE) break;
      }
    }
    const { choice } = contest.best;
    for (const other of choice ? otherSplits(choice) : []) {
      if (signal.aborted) return null;
      await contest.enter(other);
    }
    return await contest.final();
  } finally {
    contest.close();
  }
}

class Contest {
  readonly #session: Session;
  readonly #graph: Graph;
  readonly #seen = new Set<string>();
  #contenders: Contender[] = [];

  constructor(session: Session, target: Product) {
    this.#session = session;
    this.#graph = isolated(target, (leaf) => setState(session, leaf, numbers(product(leaf.shape))));
  }

  get best(): Contender {
    return this.#contenders.reduce((best, each) => (each.ms < best.ms ? each : best));
  }

  /** Compiles and times a choice; null if it was already seen or exceeds the adapter. */
  async enter(choice: ProductChoice | null): Promise<number | null> {
    const { gpu, state } = this.#session;
    const plan = buildPlan(this.#graph, gpu.facts, {
      label: 'tuning',
      // The product is optimised already: nothing is to be fused into it again.
      fuse: false,
      maxBufferBytes: gpu.device.limits.maxBufferSize,
      tuned: () => choice ?? undefined,
    });
    requireReplayed(plan);
    const text = kernelsOf(plan);
    if (this.#seen.has(text)) return null;
    this.#seen.add(text);
    let executable: Executable;
    try {
      executable = await compilePlan(gpu, plan, state);
    } catch (error) {
      if (error instanceof LimitError) return null;
      throw error;
    }
    executable.run(
      Object.fromEntries([...plan.inputs].map(([name, { shape }]) => [name, numbers(product(shape))])),
    );
    await idle(gpu);
    const first = await this.#time(executable, 1);
    const repeats = Math.max(1, Math.min(200, Math.ceil(SAMPLE_MS / first)));
    let ms = first;
    for (let look = 0; look < LOOKS; look++) ms = Math.min(ms, await this.#time(executable, repeats));
    this.#contenders.push({ choice, executable, repeats, ms });
    this.#drop();
    return ms;
  }

  /** The best by turns with the rule's; medians over rounds, so that a machine that slows down slows all. */
  async final(): Promise<Measured> {
    const rule = this.#contenders.find(({ choice }) => choice === null)!;
    const others = this.#contenders.filter((each) => each !== rule).sort((a, b) => a.ms - b.ms);
    const finalists = [rule, ...others.slice(0, FINALISTS)];
    const times = finalists.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, { executable, repeats }] of finalists.entries()) {
        times[i]!.push(await this.#time(executable, repeats));
      }
    }
    const [ruleTimes, ...otherTimes] = times as [number[], ...number[][]];
    const ruleMs = percentile(ruleTimes, 0.5);
    const found: Measured[] = finalists.slice(1).map(({ choice }, i) => ({
      choice,
      ms: percentile(otherTimes[i]!, 0.5),
      ruleMs,
    }));
    return found
      .filter((_, i) => gains(otherTimes[i]!, ruleTimes))
      .reduce((best, each) => (each.ms < best.ms ? each : best), { choice: null, ms: ruleMs, ruleMs });
  }

  close(): void {
    for (const { executable } of this.#contenders) executable.destroy();
    this.#contenders = [];
  }

  /** Frees those that will not reach the final. */
  #drop(): void {
    const limit = NEAR * this.best.ms;
    const stays = ({ choice, ms }: Contender): boolean => choice === null || ms <= limit;
    for (const each of this.#contenders) if (!stays(each)) each.executable.destroy();
    this.#contenders = this.#contenders.filter(stays);
  }

  async #time(executable: Executable, repeats: number): Promise<number> {
    const began = performance.now();
    for (let i = 0; i < repeats; i++) executable.run();
    await idle(this.#session.gpu);
    return (performance.now() - began) / repeats;
  }
}

/** Whether a choice is faster than the rule's by more than noise, round by round. */
export function gains(times: readonly number[], ruleTimes: readonly number[]): boolean {
  const ratios = times.map((ms, round) => ms / ruleTimes[round]!);
  const lost = ratios.filter((ratio) => ratio >= 1).length;
  return lost <= LOST_ROUNDS && percentile(ratios, 0.5) <= 1 - GAIN;
}

const kernelsOf = ({ dispatches }: Plan): string =>
  dispatches.map(({ kernel }) => `${kernel.grid} ${JSON.stringify(kernel.sizes)} ${kernel.wgsl}`).join('\n');

const BLOCK = 4096;

/** Uniform in [-1, 1), a block again and again: what a buffer happened to hold could be slower, as denormals are. */
function numbers(count: number): Float32Array {
  const random = new RandomStream(0, 0);
  const block = Float32Array.from({ length: BLOCK }, () => 2 * random.next() - 1);
  return Float32Array.from({ length: count }, (_, i) => block[i % BLOCK]!);
}
