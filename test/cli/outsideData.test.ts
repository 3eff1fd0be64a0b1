import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { requireOutside } from '../../src/cli/outsideData.ts';
import { ConfigError } from '../../src/errors.ts';
import { scratchFolder, wgadHere } from './wgad.ts';

const folder = scratchFolder();

describe('what is written does not lie among what is read', () => {
  it('no output lies among what is read, whatever way its path is written, links followed', async () => {
    const data = folder.path('photos');
    await mkdir(folder.path('photos', 'a', 'train'), { recursive: true });
    await symlink(data, folder.path('link'));
    await symlink(folder.path('photos', 'a'), folder.path('deep'));
    await writeFile(folder.path('x.png'), '');
    const refused = async (out: string, ...from: string[]): Promise<void> => {
      const error = await requireOutside('--out', out, from).catch((caught: unknown) => caught);
      expect(error, out).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toMatch(/^--out .*the folder that images are read from/);
    };
    for (const out of [
      data,
      `${data}/`,
      `${data}/run`,
      `${data}/a/b/c`,
      `${data}/../photos/run`,
      folder.path('link'),
      folder.path('link', 'run', 'deeper'),
      folder.path('deep', 'run'),
    ]) {
      await refused(out, data);
      await refused(out, folder.path('x.png'), folder.path('link'));
    }
    await refused(folder.path(), folder.path('x.png'));
    for (const out of [
      folder.path('run'),
      folder.path('photos2'),
      folder.path('..photos'),
      folder.path('photos3', 'maps'),
    ]) {
      await requireOutside('--out', out, [data, folder.path('x.png'), folder.path('nowhere')]);
    }
  });

  it.each([
    ['train', (data: string) => ['train', data, '--out', `${data}/runs/mine`]],
    ['train, equal', (data: string) => ['train', data, '--out', data]],
    ['predict', (data: string) => ['predict', 'no run', data, '--out', `${data}/maps`]],
    ['reproduce', (data: string) => ['reproduce', 'table1', '--data', data, '--out', `${data}/runs`]],
    ['features', (data: string) => ['features', data, '--out', `${data}/x.safetensors`]],
  ])('%s refuses an output among what it reads', async (_, args) => {
    const data = folder.path('set');
    await mkdir(data, { recursive: true });
    const { code, stderr } = await wgadHere(args(data));
    expect(stderr).toMatch(
      /E_CONFIG --out .* the folder that images are read from, .*\n +fix: choose a --out/,
    );
    expect(code).toBe(2);
  });
});

describe('a file of settings as editors write it', () => {
  it.each([
    ['a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['Windows line ends', (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['UTF-16, as PowerShell writes it', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ])('a file of settings with %s is read', async (name, bytes) => {
    const path = folder.path('settings.json');
    await writeFile(path, bytes('{\n"classes": 1,\n"train": 1\n}\n'));
    const out = folder.path(`drawn ${name}`);
    const args = ['data', 'synth', '--out', out, '--test', '2', '--size', '32', '--config', path, '--json'];
    const { code, stdout, stderr } = await wgadHere(args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).classes).toHaveLength(1);
  });

  it('a file of settings with comments is refused, and says that they are what is wrong', async () => {
    const path = folder.path('comments.json');
    await writeFile(path, '{\n// so many\n"classes": 1\n}\n');
    const { code, stderr } = await wgadHere([
      'data',
      'synth',
      '--out',
      folder.path('none'),
      '--config',
      path,
    ]);
    expect(stderr).toMatch(/E_CONFIG .*comments\.json: is not JSON: .*\n +fix: .*JSON has no comments/);
    expect(code).toBe(2);
  });
});
