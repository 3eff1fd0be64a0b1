import { expect, it } from 'vitest';
import { loadKinds } from './kinds.ts';

// A few tries of each row of docs/reliability.md; `npm run test:faults` makes them all.
for (const [name, { kind, short, run, impossible }] of await loadKinds()) {
  const why = await impossible?.();
  it.skipIf(why)(
    `${name}: ${kind}${why ? ` (${why})` : ''}`,
    async () => {
      const { tried, survived, failures } = await run(short, 1, () => {});
      expect(failures).toEqual([]);
      expect(survived).toBe(tried);
      expect(tried).toBeGreaterThan(0);
    },
    600_000,
  );
}
