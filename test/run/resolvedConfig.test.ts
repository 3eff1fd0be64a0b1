import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { DETECTOR_NAMES, DETECTORS } from '../../src/methods/detectors.ts';
import { resolvedConfig } from '../../src/run/config.ts';
import { configHash, differences } from '../../src/run/configHash.ts';
import { isTrained } from '../../src/run/finished.ts';
import { runFiles } from '../../src/run/folder.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { smallRuns } from '../train/smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const DEFAULTS = {
  resize: 64,
  resample: 'pil',
  precision: 'f32',
  alignHead: '1-conv-2-linear',
  alignDropout: 0.25,
  alignKernel: 1,
  adamEps: 1e-8,
  amsgrad: false,
  lrSchedule: 'method',
  alignLr: 0.05,
  alignAlpha: 0.1,
  alignBase: 'evaluation',
  calibration: 'before',
  classTable: 'maximum',
};

const runs = smallRuns('revdist', { align: ['cada'], iterations: 3, alignIterations: 3 }, SLOW);
const written = async (run: string): Promise<RunConfig> =>
  JSON.parse(await readFile(runFiles(runs.folder(run)).config, 'utf8'));

describe('choices at their defaults', () => {
  it.each(DETECTOR_NAMES)(
    'the defaults of %s are written out, and change neither the hash nor what was chosen',
    (method) => {
      for (const preset of [undefined, ...Object.keys(DETECTORS[method].presets ?? {})]) {
        const bare: RunConfig = { ...runs.config, method, preset };
        const full = resolvedConfig(bare);
        expect(full).toMatchObject(JSON.parse(JSON.stringify(bare)));
        for (const [name, value] of Object.entries(DEFAULTS)) {
          if (!(name in full)) continue;
          expect(full[name as keyof RunConfig], name).toBeDefined();
          const odd = typeof value === 'number' ? 0.125 : 'odd';
          expect(resolvedConfig({ ...bare, [name]: odd })).toEqual({ ...full, [name]: odd });
        }
        expect(resolvedConfig(full)).toEqual(full);
        expect(configHash(full)).toBe(configHash(bare));
        expect(differences(bare, full)).toEqual([]);
      }
    },
  );

  it(
    'choices at their defaults are in config.json of a run, which then goes on as the run it is',
    async () => {
      expect(await runs.train('whole', { resume: false })).toBe(true);
      expect(await written('whole')).toMatchObject({
        ...runs.config,
        adapter: expect.any(String),
        ...DEFAULTS,
      });
      expect(await isTrained(runs.folder('whole'), runs.config)).toBe(true);
      expect(await isTrained(runs.folder('whole'), { ...runs.config, alignDropout: 0.5 })).toBe(false);
    },
    SLOW,
  );

  it(
    'runs begun before choices were written out go on with the file they have, to the same bytes',
    async () => {
      const run = runs.folder('early');
      const { weights, config, checkpoint } = runFiles(run);
      expect(await runs.train('early', { resume: false, stop: { stage: 'detector', step: 1 } })).toBe(false);
      // As it was written then: what was chosen, and a hash of that text.
      const early = { ...runs.config, adapter: 'another' };
      await writeFile(config, JSON.stringify(early));
      const earlyHash = createHash('sha256')
        .update(JSON.stringify({ ...early, adapter: undefined }))
        .digest('hex')
        .slice(0, 16);
      const { tensors, metadata } = await readWeights(checkpoint);
      await writeSafetensors(checkpoint, tensors, { ...Object.fromEntries(metadata), configHash: earlyHash });
      expect(await runs.train('early', { resume: true })).toBe(true);
      const { adapter } = await written('whole');
      expect(await written('early')).toEqual({ ...runs.config, adapter });
      expect((await readFile(weights)).equals(await runs.weights('whole'))).toBe(true);
      expect(await isTrained(run, runs.config)).toBe(true);
    },
    SLOW,
  );
});
