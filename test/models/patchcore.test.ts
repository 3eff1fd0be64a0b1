import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/doctor/runCheck.ts';
import { countMacs } from '../../src/graph/count.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { nearestRows } from '../../src/graph/ops/nearest.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { partRows, pickRows } from '../../src/methods/patchcore.ts';
import { patchVectors } from '../../src/models/patchVectors.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { chunksOf, coresetStart, greedyCoreset } from '../../src/train/coreset.ts';
import type { DetectorInputs } from '../../src/train/detectorInputs.ts';
import { memoryPlan } from '../../src/train/detectorPlans.ts';
import { memoryRows } from '../../src/train/memory.ts';
import { hashed, hashedWeights, sampled } from './hashed.ts';

/** By tools/patchcore_goldens.py. */
interface Variant {
  width: number;
  features: number[];
  picked: number[];
  places: number[][];
  map: number[];
  scores: number[];
}
const goldens: {
  size: number;
  train: number;
  test: number;
  starts: number[];
  variants: Record<'published' | 'anomalib', Variant>;
  wide: number[];
  odd: number[];
} = JSON.parse(readFileSync(new URL('../goldens/models/patchcore.json', import.meta.url), 'utf8'));

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const worst = (got: ArrayLike<number>, want: readonly number[]): number => {
  const scale = Math.max(...want.map(Math.abs));
  expect(got.length).toBe(want.length);
  return want.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0) / scale;
};

const imagesOf = (name: string, count: number): Float32Array =>
  hashed(name, count * 3 * goldens.size ** 2).map((value) => value * 2);

const configOf = (variant: string, batch: number, memoryRows: number): RunConfig =>
  ({
    method: 'patchcore',
    ...(variant === 'published' ? {} : { preset: variant }),
    encoder: 'resnet18_w16',
    size: goldens.size,
    batch,
    memoryRows,
    smoothing: 'none',
    scoreFraction: null,
    seed: 0,
  }) as RunConfig;

describe.each(['published', 'anomalib'] as const)('PatchCore as %s', (variant) => {
  const { width, features, picked, scores, map, places } = goldens.variants[variant];
  const config = configOf(variant, 4, picked.length);
  const layouts = runLayouts(config, 1);
  const train = imagesOf('train', goldens.train);
  const inputs: DetectorInputs = {
    source: 'images',
    at: async (indices) => {
      const each = train.length / goldens.train;
      const images = new Float32Array(indices.length * each);
      for (const [at, i] of indices.entries()) {
        images.set(train.subarray(i * each, (i + 1) * each), at * each);
      }
      return { images };
    },
    close: async () => {},
  };
  const start = {
    projection: hashed(`projection ${variant}`, 128 * width).map((value) => value / Math.sqrt(width)),
    starts: goldens.starts,
  };

  beforeAll(() => {
    const encoder = layouts.parts.find(({ name }) => name === 'encoder')!;
    session.load(encoder, hashedWeights([...encoder.parameters.specs, ...encoder.buffers.specs]));
  });

  it('PatchCore has PyTorch’s features, coreset, scores and maps', { timeout: SLOW }, async () => {
    const all = { ...config, batch: goldens.train };
    const graph = memoryPlan(all, runLayouts(all, 1));
    const got = await evaluate(session, 'features', graph.outputs, { images: train });
    expect(worst(sampled(got.get('rows') as Float32Array, features.length), features)).toBeLessThan(1e-4);

    const seen: number[] = [];
    const coreset = await greedyCoreset(session, config, layouts, {
      inputs,
      images: goldens.train,
      rows: picked.length,
      start,
      onProgress: (done, of) => seen.push(done / of),
    });
    expect([...coreset!.picked]).toEqual(picked);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));

    const part = layouts.parts.find(({ name }) => name === 'memory1')!;
    session.load(part, new Map([['memory1.rows', { shape: [picked.length, width], data: coreset!.rows }]]));
    const scoring = { ...config, batch: goldens.test };
    const scored = await evaluate(session, 'scores', scorePlan(scoring, layouts, ['none'], 1).outputs, {
      images: imagesOf('test', goldens.test),
    });
    expect(worst(scored.get('score.none')!, scores)).toBeLessThan(1e-4);
    expect(worst(sampled(scored.get('map.none') as Float32Array, map.length), map)).toBeLessThan(1e-4);
    // Interpolation keeps a map below its highest place.
    const highest = Math.max(...places.flat());
    expect(Math.max(...(scored.get('map.none') as Float32Array))).toBeLessThanOrEqual(highest * 1.0001);
  });

  it('PatchCore stops between batches when it is told to', async () => {
    const signal = AbortSignal.abort();
    const options = { inputs, images: goldens.train, rows: 3, signal };
    expect(await greedyCoreset(session, config, layouts, options)).toBeNull();
  });
});

describe('patch vectors', () => {
  it.each([
    ['wide', 'fine', 512, 6, 'coarse', 1024, 3],
    ['odd', 'odd fine', 48, 5, 'odd coarse', 96, 3],
  ] as const)(
    'the patch vectors of %s taps are those of unfolded patches',
    async (which, fine, c1, h1, coarse, c2, h2) => {
      const out = patchVectors([input('fine', [1, c1, h1, h1]), input('coarse', [1, c2, h2, h2])]);
      const got = await evaluate(session, 'vectors', new Map([['out', out]]), {
        fine: hashed(fine, c1 * h1 * h1),
        coarse: hashed(coarse, c2 * h2 * h2),
      });
      // The golden's rows are places, [h w, 1024].
      const data = got.get('out')!;
      const rows = Float32Array.from(data, (_, i) => data[(i % 1024) * h1 * h1 + Math.floor(i / 1024)]!);
      expect(worst(sampled(rows, 512), goldens[which])).toBeLessThan(1e-5);
    },
  );
});

describe('a memory in parts', () => {
  it('a memory in parts holds all rows, no part more than a binding', () => {
    expect(partRows(284_513, 1024)).toEqual([...new Array(8).fill(32_768), 284_513 - 8 * 32_768]);
    expect(partRows(0, 1024)).toEqual([1]);
  });

  it('a memory has the rows and the multiply-accumulates of methods.md for MVTec AD’s training images', () => {
    const wide = { method: 'patchcore', encoder: 'wide_resnet50_2', size: 224 } as const;
    const rows = memoryRows(wide, 3629)!;
    expect(rows).toBe(284_513);
    const of = (banks: Value[]): Graph => ({
      outputs: new Map([['found', nearestRows(input('x', [784, 1024]), banks, 1).distances]]),
      effects: [],
    });
    const banks = partRows(rows, 1024).map((each, i) => input(`bank ${i}`, [each, 1024]));
    expect((countMacs(of(banks)) / 1e9).toFixed(0)).toBe('228');
    // Beside the encoder's 9.187 GMAC the patches' pooling is counted: it is done by convolutions.
    const pooling = 512 * 9 * 784 + 512 * 18 * 196;
    const graph = memoryPlan({ ...wide, batch: 1 }, runLayouts(wide, 1));
    expect(((countMacs(graph) - pooling) / 1e9).toFixed(3)).toBe('9.187');
  });

  it('a memory in parts gives rows by their numbers among all', async () => {
    const parts = [input('a', [3, 2]), input('b', [2, 2])];
    const rows = pickRows(parts, input('numbers', [4]));
    const got = await evaluate(session, 'rows', new Map([['rows', rows]]), {
      a: Float32Array.of(0, 1, 2, 3, 4, 5),
      b: Float32Array.of(6, 7, 8, 9),
      numbers: Float32Array.of(4, 0, 2, 3),
    });
    expect([...got.get('rows')!]).toEqual([8, 9, 0, 1, 4, 5, 6, 7]);
  });
});

describe('a coreset', () => {
  it('a coreset starts the same for the same seed', () => {
    const [a, b, other] = [coresetStart(3, 96, 384), coresetStart(3, 96, 384), coresetStart(4, 96, 384)];
    expect(a).toEqual(b);
    expect(a.starts).not.toEqual(other.starts);
    expect(new Set(a.starts).size).toBe(10);
    expect(coresetStart(3, 96, 4).starts.toSorted((x, y) => x - y)).toEqual([0, 1, 2, 3]);
    expect(Math.max(...a.projection)).toBeLessThan(1 / Math.sqrt(96));
  });

  it('a coreset lies in as few chunks as bindings allow', () => {
    expect(chunksOf(384, 2 ** 27)).toEqual({ size: 262_144, chunks: [384] });
    expect(chunksOf(2_845_136, 2 ** 27).chunks).toHaveLength(11);
    expect(chunksOf(3000, 2 ** 20)).toEqual({ size: 2048, chunks: [2048, 952] });
  });
});
