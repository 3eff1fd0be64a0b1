import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('kernels run as a benny suite', async () => {
  const run = promisify(execFile);
  const { stdout } = await run('node', ['--import=tsx', 'bench/suite.ts', '^bounds/copy'], {
    env: { ...process.env, WGAD_SIZE: '64' },
  });
  expect(stdout).toMatch(/bounds\/copy 4x1024x1024:\s+\d+ ops\/s/);
});
