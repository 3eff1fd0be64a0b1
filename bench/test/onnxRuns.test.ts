import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alignment } from '../../src/methods/alignments/index.ts';
import { DETECTOR_NAMES } from '../../src/methods/detectors.ts';
import { openSession } from '../../src/runtime/session.ts';
import { onnxModel } from '../../src/score/onnxModel.ts';
import type { ScoredImage } from '../../src/score/scoredImage.ts';
import { type Scorer, scorerOn } from '../../src/score/scorerOn.ts';
import { drawnRun } from '../../test/onnx/drawnRun.ts';
import { seeded } from '../../test/seed.ts';
import { findPackage, PEERS_FOLDER } from '../peers/install.ts';
import { type OnnxRuntime, openModel } from '../peers/onnxRuntime.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;
const there = existsSync(join(PEERS_FOLDER, 'node_modules', 'onnxruntime-node'));
const ALIGNED: readonly Alignment[] = ['none', 'cada', 'class'];
const PLANE = 64 * 64;
const LABELS = [2, 0];

describe.skipIf(!there).each(DETECTOR_NAMES)(
  '%s in ONNX Runtime (skipped where it is not installed)',
  (method) => {
    const { config, source } = drawnRun(method);
    const random = seeded('pixels of exported runs');
    const images = LABELS.map(() => Uint8Array.from({ length: 3 * PLANE }, () => random.integer(256)));
    let scorer: Scorer;
    let scored: ScoredImage[];

    beforeAll(async () => {
      scorer = await scorerOn(await openSession(), source, { ...config, batch: 2 }, ALIGNED);
      scored = await scorer.score(images, LABELS);
    }, SLOW);
    afterAll(() => scorer?.close());

    it.each(ALIGNED)('gives the scores, verdicts and maps of the scorer under %s', async (alignment) => {
      const scores = scored.map((each) => each.scores.get(alignment)!);
      // Between the two, where they differ.
      const threshold = (scores[0]! + scores[1]!) / 2;
      const runtime = findPackage('ort-cpu', 'onnxruntime-node').load() as OnnxRuntime;
      const bytes = await onnxModel(config, source, { alignment, threshold, batch: 2 });
      const model = await openModel(runtime, 'ort-cpu', bytes);
      const pixels = new Uint8Array(2 * 3 * PLANE);
      images.forEach((image, i) => void pixels.set(image, i * 3 * PLANE));
      const labels = alignment === 'class' ? [{ data: Int32Array.from(LABELS), shape: [2] }] : [];
      const found = await model.run([{ data: pixels, shape: [2, 3, 64, 64] }, ...labels]);
      await model.close();
      const [score, verdict, map] = found.map(({ data }) => Array.from(data, Number));
      expect(furthest(score!, scores)).toBeLessThan(1e-4);
      expect(verdict).toEqual(score!.map((each) => Number(each >= threshold)));
      const maps = scored.flatMap((each) => Array.from(each.maps.get(alignment)!));
      expect(furthest(map!, maps)).toBeLessThan(1e-4);
    });
  },
);

/** The largest distance, relative to the largest element. */
function furthest(got: readonly number[], expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  const distances = expected.map((value, i) => Math.abs(got[i]! - value) / largest);
  return Math.max(...distances.map((each) => (Number.isNaN(each) ? Number.POSITIVE_INFINITY : each)));
}
