import { refuseExtra } from '../options.ts';

/** One case: `enqueue` submits `repeats` runs without waiting, `finish` waits for all that was submitted. */
export interface BenchCase {
  enqueue(repeats: number): void;
  finish(): Promise<void>;
}

/** Milliseconds a run: percentiles over samples, and how many runs they are of. */
export interface Timing {
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  readonly runs: number;
}

export const SAMPLE_MS = 20;
export const WARM_SAMPLES = 5;
const WARM_SPREAD = 0.1;
export const WARM_MOST = 25;

/**
 * Wall time of one run. Warms up until five samples in a row lie within 10 % of each other (25 at most), then
 * takes `samples`; each is as many runs as fill 20 ms, with one wait at its end and no read-back.
 */
export async function sample(each: BenchCase, samples = 9, ...extra: never[]): Promise<Timing> {
  refuseExtra('sample', extra);
  const once = async (repeats: number): Promise<number> => {
    const started = performance.now();
    each.enqueue(repeats);
    await each.finish();
    return (performance.now() - started) / repeats;
  };
  const warm: number[] = [];
  let repeats = 1;
  do {
    const ms = await once(repeats);
    warm.push(ms);
    repeats = Math.max(1, Math.min(1000, Math.ceil(SAMPLE_MS / ms)));
  } while (!agree(warm.slice(-WARM_SAMPLES)) && warm.length < WARM_MOST);
  const times: number[] = [];
  for (let i = 0; i < samples; i++) times.push(await once(repeats));
  return summary(times, samples * repeats);
}

/** Nearest-rank percentiles of samples in milliseconds. */
export function summary(times: readonly number[], runs: number): Timing {
  const [p10Ms, medianMs, p90Ms] = [0.1, 0.5, 0.9].map((share) => percentile(times, share));
  return { medianMs: medianMs!, p10Ms: p10Ms!, p90Ms: p90Ms!, runs };
}

/** The nearest rank, `share` in [0, 1]. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.round(share * (values.length - 1))]!;
}

/** Whether five samples are there and lie within 10 % of each other. */
export const agree = (times: readonly number[]): boolean =>
  times.length === WARM_SAMPLES && Math.max(...times) <= Math.min(...times) * (1 + WARM_SPREAD);
