import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { readScoreRows } from '../../src/report/scoreRows.ts';
import { newConfig } from '../../src/run/config.ts';
import { readRunConfig, runFiles } from '../../src/run/folder.ts';
import type { ChosenSettings } from '../../src/run/settings.ts';
import { readResults } from '../../src/score/testRun.ts';
import { readThreshold } from '../../src/score/thresholdRun.ts';

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

/** What `wgad test` writes, in short. */
const METRICS = { iAuroc: 0.5, iAp: null, pAuroc: 1, pAp: 0, reasons: { iAp: 'one kind' } };
const CLASSES = { mean: METRICS, classes: { a: METRICS, b: METRICS } };
const RESULTS = {
  version: '1',
  adapter: 'x',
  config: newConfig({ data: 'd', seed: 0 } as ChosenSettings),
  protocols: {
    'absolute-unified': { none: METRICS, cada: METRICS },
    'model-unified': { none: CLASSES, cada: CLASSES },
  },
  latency: { msPerImage: 1, batch: 1, alignShare: 0 },
  mapScale: { none: { low: 0, high: 1 } },
  floored: { cada: 0 },
};
/** With the value at a place of it changed; undefined: left out. */
function changed(place: string, value: unknown): string {
  const copy = JSON.parse(JSON.stringify(RESULTS)) as Record<string, unknown>;
  const names = place.split('.');
  const last = names.pop()!;
  const inner = names.reduce((at, name) => at[name] as Record<string, unknown>, copy);
  inner[last] = value;
  return JSON.stringify(copy);
}

describe('results.json', () => {
  it('results as they were written are read, also of early versions', async () => {
    for (const text of [
      JSON.stringify(RESULTS),
      changed('latency', undefined),
      changed('mapScale', undefined),
    ]) {
      await writeFile(runFiles(run).results, text);
      expect(await readResults(run)).toEqual(JSON.parse(text));
    }
  });

  it.each<[string, string]>([
    ...NO_OBJECT.map((text): [string, string] => [text, 'expects one JSON object, got ']),
    ['{}', 'config expects an object, got undefined'],
    [changed('config', null), 'config expects an object, got null'],
    [changed('config', {}), 'config: '],
    [changed('config.align', 'cada'), 'config: '],
    [changed('protocols', []), 'protocols expects an object, got []'],
    [changed('protocols', {}), 'protocols.absolute-unified expects an object, got undefined'],
    [changed('protocols.absolute-unified', null), 'protocols.absolute-unified expects an object, got null'],
    [
      changed('protocols.absolute-unified.cada.pAp', '1'),
      'protocols.absolute-unified.cada.pAp expects a number or null',
    ],
    [changed('protocols.model-unified', {}), 'protocols.model-unified lacks none, cada'],
    [changed('protocols.model-unified.cada', null), 'protocols.model-unified.cada expects an object'],
    [changed('protocols.model-unified.cada.classes', {}), 'its protocols are of other classes each'],
    [
      changed('protocols.class-separated', { cada: { mean: METRICS } }),
      'protocols.class-separated.cada.classes expects',
    ],
    [changed('mapScale', null), 'mapScale expects an object, got null'],
    [changed('mapScale.none', null), 'mapScale.none expects an object, got null'],
    [changed('latency', {}), 'latency.msPerImage expects a number, got undefined'],
    [changed('adapter', null), 'adapter expects a text, got null'],
  ])('a results.json is refused with its path: %#', async (text, message) => {
    await writeFile(runFiles(run).results, text);
    await expect(readResults(run)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${runFiles(run).results}: ${message}`),
    });
  });
});

describe('the metadata of weights.safetensors', () => {
  const THRESHOLD = {
    ...{ value: 1, alignment: 'cada', target: 0.1, rate: 0.1, images: 9, source: 'given images', list: 'x' },
    ...{
      interval: { low: 0, high: 1, level: 0.9, resamples: 9 },
      classes: { a: { value: 1, rate: 1, images: 1 } },
    },
  };
  const store = (metadata: Record<string, string>): Promise<void> =>
    writeSafetensors(
      runFiles(run).weights,
      new Map([['x', { shape: [1], data: Float32Array.of(1) }]]),
      metadata,
    );

  it('a threshold is read as it was stored', async () => {
    await store({});
    expect(await readThreshold(run)).toBeNull();
    await store({ threshold: JSON.stringify(THRESHOLD) });
    expect(await readThreshold(run)).toEqual(THRESHOLD);
  });

  it.each([
    ['[', 'threshold is not JSON: '],
    ['null', 'threshold expects an object, got null'],
    ['{"value":1}', 'threshold.rate expects a number, got undefined'],
    [
      JSON.stringify({ ...THRESHOLD, alignment: 'constructor' }),
      'threshold.alignment expects one of none, cada',
    ],
    [JSON.stringify({ ...THRESHOLD, classes: [] }), 'threshold.classes expects an object, got []'],
  ])('a threshold that is %s is refused with its path', async (text, message) => {
    await store({ threshold: text });
    await expect(readThreshold(run)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${runFiles(run).weights}: ${message}`),
    });
  });
});

describe('scores.csv', () => {
  const HEAD = 'path,class,label,score,calibrated,u_hat,gamma_hat,unfamiliar,ms\n';
  it('scores are read as they were written', async () => {
    await writeFile(runFiles(run).scores, `${HEAD}"a,b",c,1,0.5,0.25,,,0,1\n`);
    expect(await readScoreRows(runFiles(run).scores)).toEqual([
      { path: 'a,b', className: 'c', anomalous: true, raw: 0.5, calibrated: 0.25, unfamiliar: false },
    ]);
  });

  it.each([
    ['a,b,1,0.5\n', 'line 2 has 4 cells, expected 9'],
    ['a,b,1,0.5,0.5,,,,1\n"a,b,1,0.5,0.5,,,,1\n', 'line 3: '],
    ['a,b,1,x,0.5,,,,1\n', 'line 2: score expects a number, got "x"'],
    ['a,b,1,0.5,,,,,1\n', 'line 2: calibrated expects a number, got ""'],
  ])('a scores.csv that is %j is refused with its path', async (text, message) => {
    await writeFile(runFiles(run).scores, `${HEAD}${text}`);
    await expect(readScoreRows(runFiles(run).scores)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${runFiles(run).scores}: ${message}`),
    });
  });
});
