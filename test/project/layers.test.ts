import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-layers.mjs', import.meta.url));
let root = '';
afterEach(() => rm(root, { recursive: true, force: true }));

async function check(files: Record<string, string>): Promise<{ code: number | null; said: string }> {
  root = await mkdtemp(join(tmpdir(), 'wgad-layers-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, 'src', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('the layer rules', () => {
  it('allow a layer what lies below it, itself and the leaves', async () => {
    const { code, said } = await check({
      'nn/losses.ts': "import { OPS } from '../graph/ops.ts';\nimport { blur } from './blur.ts';",
      'gpu/open.ts': "import { GpuError } from '../errors.ts';",
    });
    expect([code, said]).toEqual([0, 'layers: 2 files, 0 problems\n']);
  });

  it('name the place of an import that goes up', async () => {
    const { code, said } = await check({
      'kernels/conv.ts': "const x = 1;\nimport { trainRun } from '../train/trainRun.ts';",
    });
    expect(code).toBe(1);
    expect(said).toContain('src/kernels/conv.ts:2: kernels may not import train/trainRun.ts');
  });

  it('refuse a layer nobody declared, and a file name that says nothing', async () => {
    const { code, said } = await check({
      'extra/a.ts': "import { x } from '../nn/losses.ts';",
      'nn/utils.ts': '',
    });
    expect(code).toBe(1);
    expect(said).toContain('layer extra is not in scripts/check-layers.mjs');
    expect(said).toContain('src/nn/utils.ts: says nothing about its content');
  });
});
