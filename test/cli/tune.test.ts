import { readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { scratchFolder, start, wgad } from './wgad.ts';

const folder = scratchFolder();
const SMALL = ['--model', 'resnet18_w16', '--size', '64', '--batch', '1'];
const CONV = '64x3x3 to 1x64x4x4 .* channel';

let env: Record<string, string> = {};
beforeAll(() => {
  env = { WGAD_CACHE: folder.path('cache'), WGAD_NO_TUNING: 'false' };
});
const tune = (...filter: string[]) =>
  wgad(['--json', 'tune', ...SMALL, ...filter.flatMap((each) => ['--filter', each])], env);

it('tune keeps what is fastest, and measures nothing twice', async () => {
  const { code, stdout, stderr } = await tune(CONV);
  expect(code, stderr).toBe(0);
  const { file, products, device } = JSON.parse(stdout);
  expect(products).toHaveLength(1);
  expect(device.webgpu).toMatch(/^\d+\.\d+\.\d+$/);
  const text = await readFile(file, 'utf8');
  expect(Object.keys(JSON.parse(text).products)).toEqual([products[0].key]);
  // Nothing is measured twice.
  expect((await tune(CONV)).code).toBe(0);
  expect(await readFile(file, 'utf8')).toBe(text);
}, 600_000);

it('a corrupt table is said to be one in one line and then measured anew', async () => {
  const [name] = await readdir(folder.path('cache', 'tuning'));
  const path = folder.path('cache', 'tuning', name!);
  await writeFile(path, '{"format":');
  const { code, stderr } = await tune(CONV);
  expect(code).toBe(0);
  expect(
    stderr.match(new RegExp(`${path}: not used: it is not JSON; wgad tune writes it anew\n`, 'g')),
  ).toHaveLength(1);
  expect(Object.keys(JSON.parse(await readFile(path, 'utf8')).products)).toHaveLength(1);
}, 600_000);

it('Ctrl-C keeps what has been measured, and the next call goes on', async () => {
  const own = { ...env, WGAD_CACHE: folder.path('stopped') };
  const { child, done } = start(['tune', ...SMALL, '--filter', '1x1 to'], own);
  const products = async (): Promise<string[]> => {
    const names = await readdir(folder.path('stopped', 'tuning')).catch(() => []);
    const file = names.find((name) => name.endsWith('.json') && !name.startsWith('.'));
    if (!file) return [];
    return Object.keys(JSON.parse(await readFile(folder.path('stopped', 'tuning', file), 'utf8')).products);
  };
  let kept: string[] = [];
  while (kept.length === 0 && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    kept = await products();
  }
  child.kill('SIGINT');
  const { code, stderr } = await done;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain('what was measured is kept');
  expect(await products()).toEqual(expect.arrayContaining(kept));
  expect((await readdir(folder.path('stopped', 'tuning'))).every((name) => name.endsWith('.json'))).toBe(
    true,
  );
}, 600_000);

it('Ctrl-C ends a benchmark at once', async () => {
  const { child, done } = start(['bench', 'kernels', '--model', 'resnet18', '--size', '256'], env);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(child.exitCode).toBeNull();
  child.kill('SIGINT');
  const { code } = await done;
  expect(code).toBe(130);
}, 60_000);
