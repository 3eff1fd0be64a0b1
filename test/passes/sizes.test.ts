import { describe, expect, it } from 'vitest';
import { revdistConfig } from '../../src/bench/networks.ts';
import { BASELINE_DEVICE, type DeviceFacts, layoutOf, makeKernel, write } from '../../src/kernels/kernel.ts';
import { wgsl } from '../../src/kernels/wgsl.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { printPlan } from '../../src/plan/print.ts';
import { sizeBlocks } from '../../src/plan/sizeBlocks.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';

const filled = (sizes: Record<string, number>) =>
  makeKernel({
    label: 'fill',
    bindings: [write('out', 4)],
    sizes,
    grid: [1, 1, 1],
    flops: 0,
    wgsl: wgsl`@compute @workgroup_size(1) fn main() { out[sizes.at] = f32(sizes.value); }`,
  });

describe('sizes that kernels read', () => {
  it('a kernel’s sizes are those that its text names, bound after the bindings, and in no text', () => {
    const [one, other] = [filled({ unused: 9, value: 2, at: 1 }), filled({ at: 3, value: 4 })];
    expect(one.sizes).toEqual({ at: 1, value: 2 });
    expect(one.wgsl).toContain(
      'struct Sizes { at: u32, value: u32 }\n@group(0) @binding(1) var<uniform> sizes: Sizes;',
    );
    expect(other.wgsl).toBe(one.wgsl);
    expect(layoutOf(one).map(({ access }) => access)).toEqual(['write', 'uniform']);
  });

  it('wrong sizes of a kernel are refused with what is wrong', () => {
    expect(() => filled({ at: 1 })).toThrow('fill: its text reads sizes.value, which is not given');
    expect(() => filled({ at: 2 ** 32, value: 1 })).toThrow(
      /fill: at is 4294967296, kernels count to 4294967295/,
    );
    expect(() => filled({ at: 0.5, value: 1 })).toThrow(/at is 0.5/);
  });

  it('kernels’ sizes lie in one buffer, each list of values once', () => {
    const kernels = [filled({ at: 1, value: 2 }), filled({ at: 3, value: 4 }), filled({ at: 1, value: 2 })];
    const blocks = sizeBlocks({ dispatches: kernels.map((kernel) => ({ kernel, scope: '', ranges: [] })) });
    expect(kernels.map((kernel) => blocks.rangeOf(kernel))).toEqual(
      [0, 256, 0].map((offset) => ({ offset, size: 8 })),
    );
    expect([...blocks.data.slice(0, 2), ...blocks.data.slice(64, 66)]).toEqual([1, 2, 3, 4]);
    expect(blocks.data.length).toBe(128);
  });
});

const GPU: DeviceFacts = { ...BASELINE_DEVICE, maxBindingBytes: 2 ** 31 };
const CPU: DeviceFacts = {
  ...GPU,
  software: true,
  subgroupSize: 8,
  maxImageSide: 16_384,
  maxImageLayers: 2048,
};

function scoring(batch: number, facts: DeviceFacts): Plan {
  const config = { ...revdistConfig('resnet18', { batch, size: 128 }), precision: 'f32' as const };
  return buildPlan(scorePlan(config, runLayouts(config, 1, 'f32'), ['none'], 1, { maps: false }), facts);
}

/** Texts are new where the rule takes another tile or algorithm for the other batch, not because a number is another. */
it.each([
  ['a CPU adapter', 2, 4, 0.06, CPU],
  ['a CPU adapter', 4, 8, 0.06, CPU],
  ['a CPU adapter', 8, 16, 0.06, CPU],
  // From 4 images on the rule takes Winograd on a GPU, and other tiles now and then.
  ['a GPU', 8, 16, 0.3, GPU],
] as const)(
  'another batch size has hardly a new text on %s: %i, then %i',
  (_, first, second, most, facts) => {
    const known = new Set(scoring(first, facts).dispatches.map(({ kernel }) => kernel.wgsl));
    const plan = scoring(second, facts);
    const fresh = new Set(
      plan.dispatches.map(({ kernel }) => kernel.wgsl).filter((text) => !known.has(text)),
    );
    expect(fresh.size / known.size).toBeLessThan(most);
    expect(printPlan(plan)).toMatch(/ {2}total \d+/);
  },
);
