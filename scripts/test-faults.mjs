// Tries every kind of fault in full and writes docs/reliability.md: npm run test:faults -- --help
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const HELP = `npm run test:faults -- [options]

Tries each kind of test/faults/kinds/ in full (an hour or more) and writes its row of docs/reliability.md.
Rows of kinds that were not tried are kept.

  --kind <name>     only this file of test/faults/kinds, without .ts; may be given again
  --seed <n>        what varies between the tries follows from it (default 1)
  --share <factor>  how many tries, as a share of the full count (default 1)
  --dry             try, but write no table
`;
const { values } = parseArgs({
  options: {
    kind: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
    dry: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const share = Number(values.share);
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!Number.isSafeInteger(seed) || seed < 0 || !(share > 0)) {
  process.stderr.write('--seed expects a whole number from 0, --share a number above 0\n');
  process.exit(2);
}
const vitest = await startVitest('test', [], {
  config: 'test/faults/vitest.config.ts',
  run: true,
  watch: false,
  env: { WGAD_FAULTS: JSON.stringify({ kinds: values.kind, seed, share, dry: values.dry }) },
});
await vitest.close();
