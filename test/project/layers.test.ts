import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const PROGRAM = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const RULES = resolve('.dependency-cruiser.mjs');
let root = '';
afterEach(() => rm(root, { recursive: true, force: true }));

/** What `npm run structure` says of a tree of these files. */
async function check(files: Record<string, string>): Promise<{ code: number | null; said: string }> {
  root = await mkdtemp(join(tmpdir(), 'wgad-layers-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, 'src', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const args = [PROGRAM, 'src', '--config', RULES, '--output-type', 'err'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('the rules of imports', () => {
  it('the rules of imports allow a layer what lies below it, itself and the leaves', async () => {
    const { code, said } = await check({
      'nn/losses.ts':
        "import { OPS } from '../graph/ops.ts';\nimport { blur } from './blur.ts';\nexport { OPS, blur };",
      'nn/blur.ts': 'export const blur = 1;',
      'graph/ops.ts': "import { WgadError } from '../errors.ts';\nexport const OPS = WgadError;",
      'errors.ts': 'export class WgadError extends Error {}',
    });
    expect(said).toContain('no dependency violations found');
    expect(code).toBe(0);
  });

  it('the rules of imports refuse an import that goes up, of a type alone too', async () => {
    const { code, said } = await check({
      'kernels/conv.ts': "import type { Run } from '../train/trainRun.ts';\nexport type Conv = Run;",
      'train/trainRun.ts': 'export interface Run {}',
    });
    expect(code).not.toBe(0);
    expect(said).toContain('kernels-imports-what-lies-below: src/kernels/conv.ts → src/train/trainRun.ts');
  });

  it('the rules of imports refuse a circle, of types alone too', async () => {
    const { code, said } = await check({
      'nn/a.ts': "import { b } from './b.ts';\nexport const a = b;\nexport type A = number;",
      'nn/b.ts': "import type { A } from './a.ts';\nexport const b: A = 1;",
    });
    expect(code).not.toBe(0);
    expect(said).toMatch(/no-circles: src\/nn\/a\.ts → \s+src\/nn\/b\.ts →\s+src\/nn\/a\.ts/);
  });

  it('the rules of imports refuse a folder that is no layer, a leaf that imports a layer, and a name that says nothing', async () => {
    const { code, said } = await check({
      'extra/a.ts': "import { x } from '../nn/utils.ts';\nexport const a = x;",
      'nn/utils.ts': 'export const x = 1;',
      'shape.ts': "import { x } from './nn/utils.ts';\nexport const shape = x;",
    });
    expect(code).not.toBe(0);
    expect(said).toContain('every-folder-is-a-layer: src/extra/a.ts');
    expect(said).toContain('leaves-import-leaves: src/shape.ts');
    expect(said).toContain('names-say-something: src/extra/a.ts → src/nn/utils.ts');
  });
});
