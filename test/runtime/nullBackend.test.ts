import { describe, expect, it } from 'vitest';
import { create, globals } from 'webgpu';
import { grad } from '../../src/autograd/reverse.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { attention } from '../../src/graph/ops/attention.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { nearestRows } from '../../src/graph/ops/nearest.ts';
import { cast } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../../src/kernels/kernel.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { openDevice } from '../../src/runtime/gpu.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { distancePlan, pickPlan } from '../../src/train/coresetPlans.ts';
import { collectPlan, detectorStep, headStep } from '../../src/train/detectorPlans.ts';

Object.assign(globalThis, globals);

/** Adapters whose kernels differ: what CI's own adapter cannot run is still compiled here. */
const FACTS: Record<string, DeviceFacts> = {
  'a GPU at the default limits': BASELINE_DEVICE,
  'a GPU with f16 and subgroups of 32': {
    ...BASELINE_DEVICE,
    f16: true,
    subgroupSize: 32,
  },
  'a CPU adapter without subgroups': { ...BASELINE_DEVICE, software: true },
  'a CPU adapter with subgroups of 4': { ...BASELINE_DEVICE, software: true, subgroupSize: 4 },
  'a CPU adapter with subgroups of 8': { ...BASELINE_DEVICE, software: true, subgroupSize: 8 },
  'a CPU adapter with f16 and subgroups of 8 that reads textures': {
    ...BASELINE_DEVICE,
    f16: true,
    software: true,
    subgroupSize: 8,
    maxImageSide: 8192,
    maxImageLayers: 256,
  },
  'a CPU adapter with subgroups of 4 that reads textures': {
    ...BASELINE_DEVICE,
    software: true,
    subgroupSize: 4,
    maxImageSide: 8192,
    maxImageLayers: 256,
  },
};

const config = {
  method: 'revdist',
  encoder: 'resnet18_w16',
  size: 64,
  batch: 4,
  scoreFraction: 0.01,
  smoothing: 'author',
} as RunConfig;

/** Forward and gradients, of channels that fill textures or not. */
function attentionGraph(channels: number): Graph {
  const [q, k, v] = ['q', 'k', 'v'].map((name) => input(name, [2, 30, channels])) as [Value, Value, Value];
  const dropout = { p: 0.1, key: input('key', [4], 'u32'), site: 1 };
  const out = attention(q, k, v, { heads: 2, neighbours: { height: 5, width: 6, window: 3 }, dropout });
  const grads = grad(sum(out), [q, k, v]);
  return {
    outputs: new Map([['out', out], ...grads.map((each, i) => [`${i}`, each] as const)]),
    effects: [],
  };
}

describe.each(Object.keys(FACTS))('every kernel for %s', (name) => {
  it('every kernel compiles on the Null backend', async () => {
    const gpu = create(['backend=null']);
    const adapter = await gpu.requestAdapter({});
    const device = await adapter!.requestDevice({ requiredFeatures: ['shader-f16', 'subgroups'] });
    const facts = FACTS[name]!;
    const layouts = runLayouts(config, 3);
    const contrast = { ...config, method: 'recontrast' } as const;
    const contrasting = runLayouts(contrast, 3);
    const rebuilding = { ...config, method: 'uniad' } as const;
    const authors = { ...rebuilding, preset: 'uniad', smoothing: 'none', scoreFraction: null } as const;
    const halves = () => [
      {
        outputs: new Map([['product', matmul(cast(input('a', [33, 17]), 'f16'), input('b', [17, 9]))]]),
        effects: [],
      },
      scorePlan(
        { ...config, precision: 'f16' },
        runLayouts(config, 3, 'f16'),
        ['none', 'cada', 'classifier'],
        3,
      ),
      scorePlan({ ...rebuilding, precision: 'f16' }, runLayouts(rebuilding, 3, 'f16'), ['none'], 3),
    ];
    const remembering = {
      ...config,
      ...({ method: 'patchcore', preset: 'anomalib', memoryRows: 500, scoreFraction: null } as const),
    };
    const graphs = [
      detectorStep(config, layouts),
      collectPlan(config, layouts),
      detectorStep(contrast, contrasting),
      detectorStep(rebuilding, runLayouts(rebuilding, 3)),
      scorePlan(authors, runLayouts(authors, 3), ['none', 'cada'], 3),
      headStep(config, layouts, 'regressor', 3),
      headStep(config, layouts, 'classifier', 3),
      scorePlan(config, layouts, ['none', 'cada', 'class', 'classifier'], 3),
      scorePlan({ ...config, smoothing: 'scipy' }, layouts, ['none'], 3),
      // Large enough for Winograd's transforms.
      {
        outputs: new Map([
          ['conv', conv2d(input('x', [1, 64, 64, 64]), input('w', [64, 64, 3, 3]), { padding: 1 })],
        ]),
        effects: [],
      },
      ...(['products', 'differences'] as const).map((by) => {
        const banks = [input('b', [900, 30]), input('c', [5, 30])];
        const { distances } = nearestRows(input('x', [70, 30]), banks, 9, by);
        return { outputs: new Map([['nearest', distances]]), effects: [] };
      }),
      scorePlan(remembering, runLayouts(remembering, 3), ['none', 'cada'], 3),
      pickPlan([2048, 1024], 1000, 128),
      distancePlan(0, 2048, 128),
      attentionGraph(64),
      attentionGraph(18),
      ...(facts.f16 ? halves() : []),
    ];
    const texts = new Map(
      graphs.flatMap((graph) =>
        buildPlan(graph, facts).dispatches.map(({ kernel }) => [kernel.wgsl, kernel] as const),
      ),
    );
    const failures: string[] = [];
    await Promise.all(
      [...texts.values()].map(async (kernel) => {
        const module = device.createShaderModule({ code: kernel.wgsl });
        await device
          .createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
          .catch((error: Error) => failures.push(`${kernel.label}: ${error.message}`));
      }),
    );
    expect(failures).toEqual([]);
    expect(texts.size).toBeGreaterThan(100);
    device.destroy();
  });
});

it('is refused as an adapter to compute on', async () => {
  await expect(openDevice({ nativeFlags: ['backend=null'] })).rejects.toThrow(
    'the Null adapter computes nothing',
  );
});
