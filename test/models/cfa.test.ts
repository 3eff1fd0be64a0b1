import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import { constant, input, type Value } from '../../src/graph/value.ts';
import { CFA_DEFAULTS, hypersphereLoss, hypersphereScores } from '../../src/methods/cfa.ts';
import { encode } from '../../src/methods/revdist.ts';
import { patchFeatures } from '../../src/models/patchDescriptor.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import { bindNetwork } from '../../src/nn/trainable.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { detectorStep, memoryPlan, stepInputs } from '../../src/train/detectorPlans.ts';
import { hashed, hashedWeights, sampled } from './hashed.ts';
import { expectTap, norm, type Tap } from './taps.ts';

interface Run {
  r: number;
  losses: number[];
  /** The same training in float64. */
  float64: number[];
  weights: Record<string, number[]>;
}
/** By tools/cfa_goldens.py. */
const goldens: Record<'features' | 'described' | 'centres' | 'map', Tap> &
  Record<'start' | 'both', Run> &
  Record<'size' | 'batch' | 'cycle', number> = JSON.parse(
  readFileSync(new URL('../goldens/models/cfa.json', import.meta.url), 'utf8'),
);
const { size, batch, cycle } = goldens;
const [rows, channels] = goldens.centres.shape as [number, number];
const { optimiser } = CFA_DEFAULTS;

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;

const config = {
  method: 'cfa',
  encoder: 'resnet18_w16',
  size,
  batch,
  memoryRows: rows,
  iterations: 50,
  lr: optimiser.lr,
  seed: 0,
} as const;
const layouts = runLayouts(config, 2);
const [encoder, detector, memory] = layouts.parts as [
  (typeof layouts.parts)[0],
  (typeof layouts.parts)[0],
  (typeof layouts.parts)[0],
];

const imagesOf = (name: string): Float32Array => hashed(name, batch * 3 * size * size).map((v) => v * 2);

let session: Session;
/** As the method makes them: the mean over all training images, with the descriptor as it starts. */
let centres: Float32Array;

/** What `graph` gives under `name` for each of the batches. */
async function outputs(graph: Graph, name: string, batches: readonly string[]): Promise<Float32Array[]> {
  const executable = await session.compile(name, graph);
  const found: Float32Array[] = [];
  for (const each of batches) {
    executable.run({ images: imagesOf(each) });
    found.push((await executable.read([name])).get(name) as Float32Array);
  }
  executable.destroy();
  return found;
}

function loadDescriptor(r: number): void {
  const tensors = hashedWeights(detector.parameters.specs);
  session.load(detector, tensors.set('descriptor.r', { shape: [1], data: Float32Array.of(r) }));
}

beforeAll(async () => {
  session = await openSession();
  session.load(encoder, hashedWeights([...encoder.parameters.specs, ...encoder.buffers.specs]));
  loadDescriptor(1);
  const made = await outputs(
    memoryPlan(config, layouts),
    'rows',
    Array.from({ length: cycle }, (_, i) => `batch ${i}`),
  );
  centres = Float32Array.from({ length: rows * channels }, (_, j) => {
    let sum = 0;
    for (const each of made)
      for (let image = 0; image < batch; image++) sum += each[image * rows * channels + j]!;
    return sum / (batch * cycle);
  });
  session.load(memory, new Map([['memory.centres', { shape: [rows, channels], data: centres }]]));
}, SLOW);
afterAll(() => session.close());

describe('against PyTorch', () => {
  it(
    'CFA’s features, descriptor, centres and map are PyTorch’s within 1e-4',
    async () => {
      loadDescriptor(1);
      const { layers } = bindNetwork(encoder, { training: false });
      const features = patchFeatures(
        encode(layers, input('images', [batch, 3, size, size]), RESNETS.resnet18_w16),
      );
      expect(features.shape).toEqual(goldens.features.shape);
      const graph: Graph = { outputs: new Map([['features', features]]), effects: [] };
      expectTap((await outputs(graph, 'features', ['images']))[0]!, goldens.features, 'features');
      const described = await outputs(memoryPlan(config, layouts), 'rows', ['images']);
      expectTap(described[0]!, goldens.described, 'descriptor');
      expectTap(centres, goldens.centres, 'centres');
      const unsmoothed = { ...config, smoothing: 'none', scoreFraction: 0 } as const;
      const maps = await outputs(scorePlan(unsmoothed, layouts, ['none'], 2), 'map.none', ['images']);
      expect(maps[0]).toHaveLength(batch * size * size);
      expectTap(maps[0]!, goldens.map, 'map');
    },
    SLOW,
  );

  it.each(['start', 'both'] as const)(
    'CFA’s 50 steps of the training “%s” have PyTorch’s losses within 1e-3 of themselves',
    async (which) => {
      const run = goldens[which];
      loadDescriptor(run.r);
      session.startOptimiser(detector, optimiser);
      const executable = await session.compile('golden step', detectorStep(config, layouts));
      let [worst, gap] = [0, 0];
      for (const [step, want] of run.losses.entries()) {
        const images = imagesOf(`batch ${step % cycle}`);
        executable.run({ images, ...stepInputs(config, optimiser, step) });
        const got = (await executable.read(['loss'])).get('loss')![0]!;
        worst = Math.max(worst, Math.abs(got / want - 1));
        gap = Math.max(gap, Math.abs(run.float64[step]! / want - 1));
        expect(Math.abs(got / want - 1), `step ${step}: ${got} against ${want}`).toBeLessThan(1e-3);
      }
      console.log(
        `${which}: losses differ by ${worst.toExponential(1)} at most, PyTorch's own two by ${gap.toExponential(1)}`,
      );
      // A bound that the reference itself does not keep would say nothing.
      expect(gap).toBeLessThan(1e-4);
      const after = await session.save(detector);
      for (const [name, sample] of Object.entries(run.weights)) {
        const { data } = after.get(name)!;
        const got = data.length === 1 ? [...data] : sampled(data, sample.length);
        expect(norm(sample.map((v, i) => v - got[i]!)) / norm(sample), name).toBeLessThan(1e-3);
      }
      executable.destroy();
    },
    SLOW,
  );
});

describe('the hyperspheres', () => {
  const numbersOf = async (value: Value): Promise<number[]> => {
    const executable = await session.compile('value', { outputs: new Map([['value', value]]), effects: [] });
    executable.run();
    return [...(await executable.read()).get('value')!];
  };

  it('CFA’s hyperspheres draw in what lies outside of the nearest three, and push out the next three within or just outside', async () => {
    // r² = 4. Attraction: 0, 0, 1 and 5, 6, 7; repulsion: 0.9 at 3, nothing at 4 and 9, nothing further out.
    const squared = constant([1, 4, 5, 3, 4, 9, 9, 10, 11, 12, 13, 14], [2, 6]);
    const [loss] = await numbersOf(hypersphereLoss(squared, constant([2], [1])));
    expect(loss! / 1000).toBeCloseTo((1 + 5 + 6 + 7) / 6 + 0.9 / 6, 4);
  });

  it('CFA scores a distance by how much nearer it is than the next two; below 0 counts as 0', async () => {
    const squared = constant([4, 4, 4, 4, 10_000, 10_000, 0, 1, 1, -1e-6, 1, 1], [4, 3]);
    const [between, alone, at, below] = await numbersOf(hypersphereScores(squared));
    expect(between).toBeCloseTo(2 / 3, 5);
    expect(alone).toBeCloseTo(2, 5);
    expect([at, below]).toEqual([0, 0]);
  });
});
