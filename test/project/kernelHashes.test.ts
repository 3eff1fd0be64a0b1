import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { makeKernel, read, write } from '../../src/kernels/kernel.ts';
import { code, wgsl } from '../../src/kernels/wgsl.ts';
import { HASHED_PLANS } from './hashedPlans.ts';
import { differences, hashesOf, kernelHash } from './kernelHashes.ts';

const FILE = fileURLToPath(new URL('../goldens/kernels.sha256', import.meta.url));
/** Differences that a failure prints. */
const SHOWN = 40;

it('the kernels of the real networks are those of test/goldens/kernels.sha256', async () => {
  const found = hashesOf(HASHED_PLANS);
  if (process.env.WGAD_REWRITE_KERNELS === '1') await writeFile(FILE, found);
  const changes = differences(await readFile(FILE, 'utf8'), found);
  const more = changes.length > SHOWN ? [`and ${changes.length - SHOWN} more`] : [];
  const message = [
    'these kernels have changed; where that is meant, WGAD_REWRITE_KERNELS=1 npx vitest run test/project/kernelHashes.test.ts',
    'writes the file anew, and the commit says which kernels changed and why:',
    ...changes.slice(0, SHOWN),
    ...more,
  ].join('\n');
  expect(changes.length, message).toBe(0);
  // Some ten seconds of work, but of a busy machine's.
}, 600_000);

it('a hash sees all that decides what runs, and no label, comment or blank', () => {
  const bindings = [read('x', 4), write('y', 4)];
  const given = {
    label: 'double',
    bindings,
    sizes: { total: 4 },
    grid: [1, 1, 1] as const,
    flops: 4,
    wgsl: wgsl`@compute @workgroup_size(4) fn main() { y[0] = 2.0 * x[sizes.total]; }`,
  };
  const hash = kernelHash(makeKernel(given));
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(kernelHash(makeKernel({ ...given, label: 'twice' }))).toBe(hash);
  const reworded = given.wgsl.text.replace('{ y', '{\n  // Twice x.\n  y');
  expect(kernelHash(makeKernel({ ...given, wgsl: code(reworded) }))).toBe(hash);
  const others = [
    { ...given, wgsl: wgsl`@compute @workgroup_size(4) fn main() { y[0] = 3.0 * x[sizes.total]; }` },
    { ...given, bindings: [read('x', 8), write('y', 4)] },
    { ...given, bindings: [read('x', 4), { ...write('y', 4), touched: 2 }] },
    { ...given, sizes: { total: 5 } },
    { ...given, grid: [2, 1, 1] as const },
    { ...given, flops: 5 },
  ];
  const hashes = others.map((other) => kernelHash(makeKernel(other)));
  expect(new Set([hash, ...hashes]).size).toBe(others.length + 1);
});

it('differences name plan, device and kernel', () => {
  const kept = '# a plan: scoring | cpu: 3 dispatches\naaaa conv1\nbbbb relu\n# gone | gpu: 1 dispatches\n';
  const found = kept.replace('bbbb', 'cccc').replace('# gone', '# new');
  expect(differences(kept, kept)).toEqual([]);
  expect(differences(kept, found)).toEqual([
    'a plan: scoring | cpu: now cccc relu',
    'a plan: scoring | cpu: was bbbb relu',
    'gone | gpu: is gone',
    'new | gpu: is new',
  ]);
  expect(differences(kept, kept.replace('3 dispatches', '4 dispatches'))).toEqual([
    'a plan: scoring | cpu: now 4 dispatches',
    'a plan: scoring | cpu: was 3 dispatches',
  ]);
});
