import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { newConfig } from '../../src/run/config.ts';
import { configHash } from '../../src/run/configHash.ts';
import { runFiles } from '../../src/run/folder.ts';
import { exportWeb } from '../../src/score/exportWeb.ts';
import { webMetadata, webRunIn } from '../../src/score/webRun.ts';

const config = newConfig({ version: '0', data: 'd', adapter: 'a', seed: 0 });
const data = Float32Array.from({ length: 6 }, (_, i) => i / 8);
let run: string;
let file: string;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'wgad-web-'));
  file = join(run, 'out.wgad');
  const tensors = new Map([['decoder.x', { shape: [2, 3], data }]]);
  await writeSafetensors(runFiles(run).weights, tensors, {
    configHash: configHash(config),
    classes: '["a"]',
  });
  await writeFile(runFiles(run).config, JSON.stringify(config));
});
afterAll(() => rm(run, { recursive: true, force: true }));

it.each(['F32', 'F16'] as const)(
  'a run in one file has its weights as %s, its metadata and its configuration',
  async (floats) => {
    expect(await exportWeb(run, file, floats)).toEqual({ threshold: null, tested: false });
    const { tensors, metadata } = await readWeights(file);
    expect(tensors).toEqual(new Map([['decoder.x', { shape: [2, 3], data }]]));
    expect(metadata.get('classes')).toBe('["a"]');
    expect(webRunIn(file, metadata)).toEqual({ config: JSON.parse(JSON.stringify(config)), scale: null });
  },
);

it('a run in one file is not made of an edited run, and says what was edited in itself', async () => {
  await writeFile(runFiles(run).config, JSON.stringify({ ...config, iterations: 1 }));
  await expect(exportWeb(run, file)).rejects.toThrow('is not the configuration');
  const good = new Map(Object.entries(webMetadata({ config, scale: { low: 0, high: 2 } })));
  expect(webRunIn('x', good)?.scale).toEqual({ low: 0, high: 2 });
  const edited = (name: string, value: string) => () => webRunIn('x', new Map([...good, [name, value]]));
  expect(edited('web', 'wgad web 9')).toThrow('x: is of format wgad web 9, expected wgad web 1');
  expect(edited('config', '[]')).toThrow('x: config expects an object, got');
  expect(edited('config', '{"colour":1}')).toThrow('expects no colour');
  expect(edited('scale', '{"low":"0"}')).toThrow('x: scale.low expects a number');
  expect(webRunIn('x', new Map())).toBeNull();
});
