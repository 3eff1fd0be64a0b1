import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { joinCounts } from '../../src/parts/countsFile.ts';
import { listHash, type Manifest } from '../../src/parts/manifest.ts';
import { readParts } from '../../src/parts/readParts.ts';
import { newTally } from '../../src/score/tally.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-parts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const MANIFEST: Manifest = {
  ...{ kind: 'predict', version: '0', part: 1, of: 1, inputs: 2, list: listHash(['a', 'b']), weights: '' },
  ...{ settings: {}, adapter: '', batch: 1, skipped: 0, files: {} },
  own: ['a', 'b'].map((name) => ({ name, sha256: null })),
};

/** The parts that a manifest with this change tells of. */
async function read(change: object) {
  const part = join(folder, '1-of-1');
  await mkdir(part, { recursive: true });
  await writeFile(join(part, 'manifest.json'), JSON.stringify({ ...MANIFEST, ...change }));
  return readParts([part]);
}

it('a manifest is taken as it was written', async () => {
  expect((await read({})).whole.inputs).toBe(2);
});

it.each([
  [{ of: 1e12 }, 'is part 1 of 1000000000000'],
  [{ of: 2.5 }, 'of expects a whole number from 0, got 2.5'],
  [{ part: 0 }, 'is part 0 of 1'],
  [{ inputs: 1e15 }, 'has 2 inputs, expected 1000000000000000'],
  [{ inputs: -1 }, 'inputs expects a whole number from 0, got -1'],
  [{ inputs: null }, 'inputs expects a whole number from 0, got null'],
  [{ batch: '4' }, 'batch expects a whole number from 0, got "4"'],
  [{ own: [null] }, 'own[0] expects an object, got null'],
  [{ files: { '../elsewhere': 1 } }, 'files.../elsewhere expects a text, got 1'],
])('a manifest that says %j is refused by name at once', async (change, message) => {
  await expect(read(change)).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining(message),
  });
});

it.each([
  ['', 'its first line is not JSON'],
  ['{}\n', 'its first line expects a list, got'],
  ['[null]\n', 'its first line[0] expects an object, got null'],
  [
    '[{"alignment":"none","className":"a","measure":"pAuroc","gathered":{},"keys":-1,"droppedBits":0}]\n',
    '-1',
  ],
  [
    '[{"alignment":"none","className":"a","measure":"pAuroc","gathered":{},"keys":9,"droppedBits":0}]\n',
    '216',
  ],
  [
    '[{"alignment":"none","className":"b","measure":"pAuroc","gathered":{},"keys":null,"droppedBits":0}]\n',
    'none of b is not of this test',
  ],
])('counts of %j are refused by name', async (text, message) => {
  const path = join(folder, 'counts.bin');
  await writeFile(path, text);
  await expect(joinCounts(path, newTally(['none'], ['a'], []))).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringContaining(message),
  });
});
