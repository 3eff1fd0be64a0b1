import { expect } from 'vitest';
import { RandomStream } from '../src/random.ts';

/** Of all random numbers in tests: vitest.config.ts sets it. A run that fails names it (scripts/summary-reporter.mjs). */
export const SEED = Number(process.env.WGAD_TEST_SEED);

/** Random numbers that no other `use` shares; the same at every run with one seed. */
export function seeded(use: string): RandomStream {
  let stream = 2_166_136_261;
  for (const character of use) {
    stream = Math.imul(stream ^ character.codePointAt(0)!, 16_777_619) >>> 0;
  }
  return new RandomStream(SEED, stream);
}

let running: { readonly name: string; readonly random: RandomStream } | undefined;

/** Random numbers of the test that runs, whichever tests ran before it. */
export function testRandom(): RandomStream {
  const name = expect.getState().currentTestName ?? 'none';
  if (running?.name !== name) running = { name, random: seeded(name) };
  return running.random;
}
