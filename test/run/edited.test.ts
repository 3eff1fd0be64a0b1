import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRunConfig, runFiles } from '../../src/run/folder.ts';
import { readResults } from '../../src/score/testRun.ts';

/** Files of a run that someone edited. */
let run = '';
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'wgad-edited-'));
});
afterEach(() => rm(run, { recursive: true, force: true }));

const NO_OBJECT = ['null', '[]', '5', '"x"', 'true'];

describe('config.json', () => {
  it.each(NO_OBJECT)('a config.json that is %s is refused with its path', async (text) => {
    await writeFile(runFiles(run).config, text);
    await expect(readRunConfig(run)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${runFiles(run).config}: expects one JSON object, got `),
    });
  });
});

describe('results.json', () => {
  it.each<[string, string]>([
    ...NO_OBJECT.map((text): [string, string] => [text, 'expects one JSON object, got ']),
    ['{}', 'config expects an object, got undefined'],
    ['{"config": null, "protocols": {}}', 'config expects an object, got null'],
    ['{"config": {}, "protocols": []}', 'protocols expects an object, got []'],
    ['{"config": {}, "protocols": {}, "mapScale": null}', 'mapScale expects an object, got null'],
  ])('a results.json that is %s is refused with its path', async (text, message) => {
    await writeFile(runFiles(run).results, text);
    await expect(readResults(run)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${runFiles(run).results}: ${message}`),
    });
  });
});
