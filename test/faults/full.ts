import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadKinds } from './kinds.ts';
import { describeMachine, writeRow } from './table.ts';

interface Choices {
  readonly kinds: readonly string[];
  readonly seed: number;
  readonly share: number;
  readonly dry: boolean;
}

const PAGE = join(import.meta.dirname, '../../docs/reliability.md');
const { kinds: wanted, seed, share, dry }: Choices = JSON.parse(process.env.WGAD_FAULTS!);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const all = await loadKinds();
for (const name of wanted) {
  if (!all.has(name))
    throw new Error(`--kind ${name}: there is none; there are ${[...all.keys()].join(', ')}`);
}

for (const [name, fault] of all) {
  const asked = wanted.length === 0 || wanted.includes(name);
  const why = asked ? await fault.impossible?.() : null;
  if (why) say(`${name}: not tried: ${why}`);
  it.skipIf(!asked || why)(`${name}: ${fault.kind}`, async () => {
    const count = Math.max(1, Math.round(fault.full * share));
    say(`${name}: ${fault.kind}: ${count} to try`);
    let shown = 0;
    const result = await fault.run(count, seed, (done) => {
      const tenth = Math.floor((10 * done) / count);
      if (tenth > shown) say(`${name}: ${done} of ${count}`);
      shown = tenth;
    });
    for (const failure of result.failures) say(`${name}: FAILED ${failure}`);
    say(`${name}: survived ${result.survived} of ${result.tried}${result.note ? `; ${result.note}` : ''}`);
    // At once, not at the end: an hour's rows are not lost with the kind that runs after it.
    if (!dry) await writeRow(PAGE, [...all.values()], fault.kind, result, await describeMachine(seed));
    expect(result.failures).toEqual([]);
    expect(result.survived).toBe(result.tried);
  });
}
