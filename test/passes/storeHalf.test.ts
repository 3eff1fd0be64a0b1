import { describe, expect, it } from 'vitest';
import { networkPlans, scoringConfig } from '../../src/bench/networks.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { valuesOf } from '../../src/graph/graph.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { concat, reshape } from '../../src/graph/ops/movement.ts';
import { nearestRows } from '../../src/graph/ops/nearest.ts';
import { add, cast, mul, relu, rsqrt, scale } from '../../src/graph/ops/pointwise.ts';
import { mean } from '../../src/graph/ops/reduce.ts';
import { cosineMap } from '../../src/graph/ops/similarity.ts';
import { storeHalf } from '../../src/graph/passes/storeHalf.ts';
import { input, state, type Value } from '../../src/graph/value.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../../src/kernels/kernel.ts';
import { DETECTOR_NAMES, DETECTORS } from '../../src/methods/detectors.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';

const GPU: DeviceFacts = { ...BASELINE_DEVICE, f16: true, maxBindingBytes: 2 ** 31 };

/** The ops stored as f16, in order. */
const stored = (graph: Graph): string[] =>
  valuesOf(graph)
    .filter(({ dtype }) => dtype === 'f16')
    .map(({ op, shape }) => `${op} ${shape.join('x')}`);

const graphOf = (outputs: Record<string, Value>): Graph => ({
  outputs: new Map(Object.entries(outputs)),
  effects: [],
});

describe('storeHalf', () => {
  const x = input('x', [1, 3, 8, 8]);
  const w = state('w', [4, 3, 3, 3]);
  const w2 = state('w2', [4, 8, 1, 1]);
  const variance = state('variance', [1, 4, 1, 1]);
  const y = relu(mul(conv2d(x, w, { padding: 1 }), rsqrt(variance)));
  const joined = concat([y, scale(y, 2)], 1);
  const z = conv2d(joined, w2);

  it('storeHalf stores what leads to products and distances; inputs, weights, what follows from them and results stay', () => {
    const distance = cosineMap(y, z);
    const graph = storeHalf(graphOf({ distance, u: mean(distance, { axes: [1, 2] }) }), [distance]);
    expect(stored(graph)).toEqual([
      'conv2d 1x4x8x8',
      'pointwise 1x4x8x8',
      'pointwise 1x4x8x8',
      'pointwise 1x4x8x8',
      'concat 1x8x8x8',
      'conv2d 1x4x8x8',
    ]);
    const kept = valuesOf(graph).filter(({ dtype }) => dtype === 'f32');
    expect(kept.map(({ op }) => op)).toEqual(
      expect.arrayContaining(['input', 'state', 'pointwise', 'cosineMap', 'reduce']),
    );
  });

  it('storeHalf keeps exact what is exact and all that is computed from it, products included', () => {
    const smooth = conv2d(reshape(z, [4, 1, 8, 8]), state('taps', [1, 1, 3, 1]), { padding: [1, 0] });
    expect(stored(storeHalf(graphOf({ smooth }), [z]))).toEqual([
      'conv2d 1x4x8x8',
      'pointwise 1x4x8x8',
      'pointwise 1x4x8x8',
      'pointwise 1x4x8x8',
      'concat 1x8x8x8',
    ]);
    // Else the view has its operand's type.
    expect(stored(storeHalf(graphOf({ smooth }), [])).slice(-2)).toEqual([
      'conv2d 1x4x8x8',
      'reshape 4x1x8x8',
    ]);
  });

  it('storeHalf keeps what is broadcast, and takes casts for what they say of memory', () => {
    const gate = relu(mean(y, { axes: [2, 3], keepDims: true }));
    const gated = graphOf({ z: conv2d(mul(y, gate), state('w3', [4, 4, 1, 1])) });
    expect(stored(storeHalf(gated, []))).not.toContain('pointwise 1x4x1x1');
    const tap = cast(cast(scale(x, 2), 'f16'), 'f32');
    const graph = storeHalf(graphOf({ z: conv2d(tap, w), tap: cast(scale(x, 3), 'f16') }), []);
    expect(stored(graph)).toEqual(['pointwise 1x3x8x8', 'pointwise 1x3x8x8']);
    expect(valuesOf(graph).some(({ op }) => op === 'cast')).toBe(false);
    expect(storeHalf(graphOf({ tap }), []).outputs.get('tap')!.dtype).toBe('f32');
  });

  it('storeHalf leaves a result that is also an operand as it is, seen through a view too', () => {
    const view = reshape(y, [1, 4, 64]);
    expect(stored(storeHalf(graphOf({ view, z: add(z, 1) }), []))).not.toContain('reshape 1x4x64');
    expect(storeHalf(graphOf({ y, z }), []).outputs.get('y')!.dtype).toBe('f32');
    expect(storeHalf(graphOf({ view, z }), []).outputs.get('view')!.dtype).toBe('f32');
  });
});

describe('a scoring plan in f16', () => {
  const config = {
    method: 'revdist',
    encoder: 'wide_resnet50_2',
    size: 256,
    batch: 16,
    smoothing: 'author',
    scoreFraction: 0.01,
  } as const;
  // The rule takes Winograd in f32 alone, which needs more memory.
  const direct = {
    variant: 'blocked',
    tile: { m: 64, n: 64, k: 16, rows: 4, columns: 4, buffers: 1 },
  } as const;
  const built = (precision: 'f32' | 'f16') => {
    const layouts = runLayouts(config, 1, precision);
    const graph = scorePlan({ ...config, precision }, layouts, ['none', 'cada'], 1);
    return { layouts, graph, plan: buildPlan(graph, GPU, { tuned: () => direct }) };
  };
  const [full, half] = [built('f32'), built('f16')];

  it('a scoring plan in f16 takes half the memory, weights and intermediate values alike', () => {
    expect(half.plan.memory.arenas / full.plan.memory.arenas).toBeLessThan(0.51);
    expect(half.plan.memory.arenas / half.plan.memory.lowerBound).toBeLessThanOrEqual(1.15);
    const bytes = ({ plan }: typeof full): number =>
      plan.slots.reduce((sum, slot) => sum + (slot.kind === 'state' ? slot.bytes : 0), 0);
    expect(bytes(half) / bytes(full)).toBeLessThan(0.51);
  });

  it('a scoring plan in f16 computes the maps, their statistics and scores in f32', () => {
    for (const [name, { dtype }] of half.plan.outputs) expect(dtype, name).toBe('f32');
    const after = half.plan.dispatches.findIndex(({ kernel }) => kernel.label.includes('cosineMap'));
    const halves = half.plan.dispatches
      .slice(after)
      .filter(({ kernel }) => !/regressor|cosineMap|decoder|bottleneck/.test(kernel.label))
      .filter(({ kernel }) => kernel.bindings.some(({ element }) => element === 'f16'));
    expect(halves.map(({ kernel }) => kernel.label)).toEqual([]);
  });

  it('a scoring plan in f16 has the dispatches that it has in f32', () => {
    const labels = ({ plan }: typeof full): string[] => plan.dispatches.map(({ kernel }) => kernel.label);
    expect(labels(half)).toEqual(labels(full));
  });

  it('a scoring plan in f16 goes through no transform that would take the memory back', () => {
    const labels = buildPlan(half.graph, GPU).dispatches.map(({ kernel }) => kernel.label);
    expect(labels.join()).not.toContain('winograd');
    expect(
      buildPlan(full.graph, GPU)
        .dispatches.map(({ kernel }) => kernel.label)
        .join(),
    ).toContain('winograd');
  });

  it('a scoring plan in f16 is refused where the adapter lacks f16', () => {
    const graph = scorePlan({ ...config, precision: 'f16' }, half.layouts, ['none'], 1);
    expect(() => buildPlan(graph, { ...GPU, f16: false }, { label: 'score' })).toThrow(
      "score stores f16, which needs WebGPU's shader-f16; this adapter lacks it",
    );
  });
});

describe.each(DETECTOR_NAMES)('%s in f16', (method) => {
  const encoder = method === 'draem' ? 'none' : 'resnet18_w16';
  const size = Math.min(128, DETECTORS[method].defaults.size);
  const model = scoringConfig(method, encoder, { batch: 2, size, images: 4 });
  const config = { ...model, precision: 'f16' } as const;

  it.each([
    ['a GPU', GPU],
    [
      'a CPU adapter',
      { ...GPU, software: true, subgroupSize: 8, maxImageSide: 16_384, maxImageLayers: 2048 },
    ],
  ])('a network in f16 is bound on %s as it is stored, and scores in f32', (_, facts) => {
    const layouts = runLayouts(config, 2, 'f16');
    const plan = buildPlan(scorePlan(config, layouts, ['none', 'cada'], 2), facts);
    expect(
      plan.dispatches.some(({ kernel }) => kernel.bindings.some(({ element }) => element === 'f16')),
    ).toBe(true);
    for (const [name, { dtype }] of plan.outputs) expect(dtype, name).toBe('f32');
  });
});

it('casts for an op whose kernels read f32 alone', () => {
  const x = input('x', [4, 8]);
  const weights = state('w', [8, 8], 'f16');
  const rows = matmul(x, weights);
  const { distances } = nearestRows(rows, [weights], 1);
  const graph = storeHalf(graphOf({ distances, y: matmul(rows, weights) }), []);
  const casts = valuesOf(graph).filter(({ op }) => op === 'cast');
  expect(casts.map(({ shape, dtype }) => `${dtype} ${shape}`).sort()).toEqual(['f32 4,8', 'f32 8,8']);
  buildPlan(graph, GPU);
});

it('plans that nobody asked to store f16 hold none', () => {
  for (const { graph } of networkPlans('resnet18_w16', { batch: 2, size: 64 }))
    expect(stored(graph)).toEqual([]);
});
