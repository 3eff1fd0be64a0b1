import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanDataset, synthesize } from '../../src/data/index.ts';
import { configHash, differences, hashesOf, placelessHash } from '../../src/run/configHash.ts';
import { dataChecksum } from '../../src/run/dataChecksum.ts';
import { readFinishedRun } from '../../src/run/finished.ts';
import { readRunConfig, runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { ONE_DEVICE } from '../parking.ts';
import { SMALL_CONFIG } from './smallConfig.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
let root = '';
let config: RunConfig;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-moved-'));
  const data = join(root, 'data');
  await synthesize({ out: data, classes: 2, train: 4, test: 2, size: 64, seed: 3 });
  config = { ...SMALL_CONFIG, iterations: 3, alignIterations: 2, data };
});
afterAll(() => rm(root, { recursive: true, force: true }));

const known = async (own: RunConfig): Promise<RunConfig> => ({ ...own, dataSha256: await dataChecksum(own) });

/** Trains; with `until` it stops after so many steps of the detector. */
async function train(name: string, own: RunConfig, resume: boolean, until?: number): Promise<boolean> {
  const stop = new AbortController();
  return trainRun({
    run: join(root, name),
    config: own,
    resume,
    gpu: ONE_DEVICE,
    signal: stop.signal,
    onProgress: (stage, { step }) => {
      if (stage === 'detector' && until !== undefined && step >= until) stop.abort();
    },
  });
}

describe('a run whose data set was moved', () => {
  it(
    'a run whose data set was moved is resumed to the same bytes, and knows the new place',
    async () => {
      expect(await train('whole', await known(config), false)).toBe(true);
      expect(await train('parts', await known(config), false, 1)).toBe(false);
      const data = join(root, 'elsewhere');
      await rename(config.data, data);
      try {
        const moved = await known({ ...config, data });
        expect(await train('parts', moved, true)).toBe(true);
        const weights = await Promise.all(
          ['whole', 'parts'].map((name) => readFile(runFiles(join(root, name)).weights)),
        );
        expect(weights[0]!.equals(weights[1]!)).toBe(true);
        expect((await readRunConfig(join(root, 'parts'))).data).toBe(data);
        expect((await readFinishedRun(join(root, 'whole'))).data).toBe(config.data);
      } finally {
        await rename(data, config.data);
      }
    },
    SLOW,
  );

  it(
    'a run is not resumed on other images, nor by its data’s name alone where it is of an earlier version',
    async () => {
      const data = join(root, 'copy');
      await cp(config.data, data, { recursive: true });
      const before = await known(config);
      expect(differences(before, await known({ ...config, data }))).toEqual([]);
      const first = (await scanDataset(data)).train[0]!.path;
      const bytes = await readFile(first);
      bytes[bytes.length - 20]! ^= 1;
      await writeFile(first, bytes);
      const others = await known({ ...config, data });
      expect(differences(before, others)).toEqual([`the images to train on, in ${data}, are others`]);
      await mkdir(join(root, 'begun'));
      await writeFile(runFiles(join(root, 'begun')).config, JSON.stringify(before));
      await expect(train('begun', others, true)).rejects.toThrow(`in ${data}, are others`);
      expect(differences(config, { ...before, data })).toEqual([
        `data was ${JSON.stringify(config.data)}, not ${JSON.stringify(data)}`,
      ]);
      expect(differences(config, before)).toEqual([]);
    },
    SLOW,
  );
});

it('whatever a run is trained on may be moved: the encoder, a detector, textures', () => {
  const own: RunConfig = {
    ...config,
    weightsSha256: 'aa',
    detector: '/rd.pth',
    detectorSha256: 'bb',
    textures: '/dtd',
    dataSha256: 'cc',
  };
  const moved = { ...own, weights: '/w', detector: '/d', textures: '/t', data: '/x' };
  expect(differences(own, moved)).toEqual([]);
  expect(configHash(moved)).toBe(configHash(own));
  expect(differences(own, { ...moved, detectorSha256: 'dd' })).toEqual([
    'the file of the detector, /d, has changed',
  ]);
  const { textures: _, ...drawn } = moved;
  expect(differences(own, drawn)).toEqual(['textures was "", not undefined']);
});

it('files of earlier versions, whose hashes go by places, stay known where their data stayed', () => {
  const now: RunConfig = {
    version: '0.1.0',
    method: 'revdist',
    encoder: 'resnet18_w16',
    weights: '/weights/r18.safetensors',
    weightsSha256: 'aa',
    align: ['cada'],
    size: 64,
    batch: 4,
    iterations: 2,
    alignIterations: 3,
    lr: 0.002,
    seed: 0,
    data: '/photos',
    dataSha256: 'cc',
    smoothing: 'author',
    scoreFraction: 0.01,
    contaminate: { fraction: 0.5, images: ['b', 'a'] },
    adapter: 'llvmpipe',
  };
  // As the version before checksums of the data computed them.
  expect(hashesOf(now)).toContain('76abb45d05c420fe');
  expect(hashesOf({ ...now, data: '/moved' })).not.toContain('76abb45d05c420fe');
  expect(placelessHash({ ...now, data: '/moved' })).toBe('6bb217f2170c0daa');
});
