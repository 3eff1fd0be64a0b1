const ROUNDS = 5;

/** Median ms of each of some runs, taken by turns; the first round, which compiles on some drivers, does not count. */
export async function medianMs(runs: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const times: number[][] = runs.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const started = performance.now();
      await run();
      if (round > 0) times[i]!.push(performance.now() - started);
    }
  }
  return times.map((each) => each.sort((a, b) => a - b)[each.length >> 1]!);
}
