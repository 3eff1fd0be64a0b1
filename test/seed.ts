import { RandomStream } from '../src/random.ts';

/** Of all random numbers in tests. A failing run names it (scripts/summary-reporter.mjs); WGAD_TEST_SEED sets another. */
export const SEED = Number(process.env.WGAD_TEST_SEED ?? 20_261_130);

/** Random numbers that no other `use` (a test's own name for them) shares; the same at every run with one seed. */
export function seeded(use: string): RandomStream {
  let stream = 2_166_136_261;
  for (const character of use) {
    stream = Math.imul(stream ^ character.codePointAt(0)!, 16_777_619) >>> 0;
  }
  return new RandomStream(SEED, stream);
}
