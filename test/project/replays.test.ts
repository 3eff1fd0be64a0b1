import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const files = ['test', 'bench/test'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name)),
);

/** A branch on what the adapter or the system has, which ends the test or holds all that it expects. */
const SILENT =
  /\bif \([^\n]*\b(?:software|features|facts|f16|platform|adapter)\b[^\n]*\)\s*(?:\{\s*)?(?:[^\n;]*;\s*)?return\b/g;

it('no test ends in silence on some adapter or system: what cannot run there is skipped by name', () => {
  expect('if (!gpu.adapter.software) return gpu.close();').toMatch(SILENT);
  expect("if (!features.has('x')) {\n  expect(ms).toBe(1);\n  return;").toMatch(SILENT);
  const silent = files.flatMap((name) =>
    [...readFileSync(join(ROOT, name), 'utf8').matchAll(SILENT)].map(([text]) => `${name}: ${text}`),
  );
  expect(silent.filter((each) => !each.startsWith('test/project/replays.test.ts'))).toEqual([]);
});
