import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkPlans } from '../../src/bench/networks.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { relu } from '../../src/graph/ops/pointwise.ts';
import { input, state } from '../../src/graph/value.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import { type Gpu, openDevice } from '../../src/runtime/gpu.ts';
import { allocate } from '../../src/runtime/planBuffers.ts';
import { planBytes } from '../../src/runtime/planBytes.ts';
import { type StateStore, stateStore } from '../../src/runtime/state.ts';

let gpu: Gpu;
let store: StateStore;
beforeAll(async () => {
  gpu = await openDevice();
  store = stateStore(gpu.device, gpu.buffers);
});
afterAll(() => gpu.close());

/** CPU adapters read packed operands as textures, in kernels that no other adapter has. */
const factsOf = (device: 'CPU' | 'GPU') =>
  device === 'GPU'
    ? BASELINE_DEVICE
    : { ...BASELINE_DEVICE, software: true, subgroupSize: 8, maxImageSide: 8192, maxImageLayers: 256 };

function reserveState(plan: Plan): void {
  for (const slot of plan.slots) if (slot.kind === 'state') store.reserve(slot.name, slot.bytes / 4);
}

/** Two 3x3 convolutions of one shape with frozen weights: two textures of one size and binding, filled ahead. */
const twins = (): Graph => {
  const weights = (name: string) => state(name, [32, 32, 3, 3]);
  const x = relu(conv2d(input('x', [1, 32, 24, 24]), weights('w1'), { padding: 1 }));
  return { outputs: new Map([['y', conv2d(x, weights('w2'), { padding: 1 })]]), effects: [] };
};

it('a prelude has a texture for each of its results, also of one shape', () => {
  const { textures } = buildPlan(twins(), factsOf('CPU'));
  const ahead = textures.filter(({ key }) => key.includes(' at '));
  expect(ahead).toHaveLength(2);
  expect(ahead[0]!.shape).toEqual(ahead[1]!.shape);
});

describe('planBytes is what a plan takes on the device', () => {
  it.each([{ onDevice: false }, { onDevice: true }])(
    'planBytes is what a compiled plan takes on the device, with %j',
    async (use) => {
      const plan = buildPlan(twins(), gpu.facts);
      reserveState(plan);
      const before = gpu.buffers.counters.live;
      const executable = await compilePlan(gpu, plan, store, use);
      expect(gpu.buffers.counters.live - before).toBe(planBytes(plan, use));
      expect(executable.bytes).toBe(planBytes(plan, use));
      executable.destroy();
      expect(gpu.buffers.counters.live).toBe(before);
    },
  );

  it.each([
    ['resnet18_w16', ['CPU', 'GPU'], 'scoring and training'],
    ['resnet18', ['CPU'], 'scoring'],
    ['efficientnet_b4', ['CPU'], 'scoring'],
  ] as const)(
    'planBytes is what a plan of %s takes on the device, for %j, %s',
    async (encoder, devices, purposes) => {
      for (const device of devices) {
        for (const { purpose, graph } of networkPlans(encoder, { batch: 1, size: 64 })) {
          if (!purposes.includes(purpose)) continue;
          const plan = buildPlan(graph, factsOf(device));
          reserveState(plan);
          const before = gpu.buffers.counters.live;
          const { owned } = await allocate(gpu, plan, store, { onDevice: true });
          const taken = gpu.buffers.counters.live - before;
          for (const each of owned) gpu.buffers.destroy(each);
          expect(taken, `${purpose}, ${device}`).toBe(planBytes(plan, { onDevice: true }));
          expect(gpu.buffers.counters.live).toBe(before);
        }
      }
    },
  );
});
