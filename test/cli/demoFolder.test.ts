import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { clearDemoFolder } from '../../src/cli/demoFolder.ts';
import { scratchFolder, start, wgadHere } from './wgad.ts';

const folder = scratchFolder();

it("refuses a folder that is anyone else's, and leaves it as it was", async () => {
  await mkdir(folder.path('photos', 'data'), { recursive: true });
  await writeFile(folder.path('photos', 'data', 'only copy.png'), 'precious');
  const { code, stderr } = await wgadHere(['demo', '--out', folder.path('photos')]);
  expect(stderr).toMatch(/E_CONFIG .*photos: is not empty, and not of an earlier demo.*\n +fix: .*--out/);
  expect(code).toBe(2);
  expect(await readdir(folder.path('photos'))).toEqual(['data']);
  expect(await readFile(folder.path('photos', 'data', 'only copy.png'), 'utf8')).toBe('precious');
});

it('refuses a file', async () => {
  await writeFile(folder.path('file'), 'precious');
  const { code, stderr } = await wgadHere(['demo', '--out', folder.path('file')]);
  expect(stderr).toMatch(/E_FILE .*file: cannot be made a folder/);
  expect(code).toBe(1);
});

it('goes on in the folder of a demo that was killed while it drew', async () => {
  const out = folder.path('killed');
  const untilDrawing = async (signal: NodeJS.Signals) => {
    const { child, done } = start(['demo', '--out', out, '--train', '2000']);
    child.stderr!.on('data', (text: Buffer) => {
      if (text.toString().includes('drawing')) child.kill(signal);
    });
    return done;
  };
  await untilDrawing('SIGKILL');
  expect((await readdir(out)).some((name) => name.startsWith('data.'))).toBe(true);
  const { code, stderr } = await untilDrawing('SIGINT');
  expect(stderr).not.toContain('wgad: E_');
  expect(code).toBe(130);
  expect(await readdir(out)).toEqual(['demo.txt']);
});

it('empties the folder of a finished demo, but for what others put there', async () => {
  const out = folder.path('done');
  await clearDemoFolder(out);
  await mkdir(folder.path('done', 'data', 'circuit'), { recursive: true });
  await mkdir(folder.path('done', 'my maps'));
  for (const name of ['config.json', 'weights.safetensors', 'report.html', '.log.jsonl.1.tmp', 'notes.md']) {
    await writeFile(folder.path('done', name), '');
  }
  await clearDemoFolder(out);
  expect((await readdir(out)).sort()).toEqual(['demo.txt', 'my maps', 'notes.md']);
});
