import { describe, expect, it } from 'vitest';
import { countMacs } from '../../src/graph/count.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../../src/kernels/kernel.ts';
import type { Alignment } from '../../src/methods/alignments/index.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { planDifference, planPart } from '../turns/planPart.ts';

const config = {
  method: 'revdist',
  encoder: 'resnet18_w16',
  batch: 1,
  size: 64,
  smoothing: 'author',
  scoreFraction: 0.01,
} as const;
const layouts = runLayouts(config, 1);
const graph = (alignment: Alignment) => scorePlan(config, layouts, [alignment], 1, { maps: false });
const devices: [string, DeviceFacts][] = [
  ['a GPU', BASELINE_DEVICE],
  [
    'a software adapter',
    { ...BASELINE_DEVICE, software: true, subgroupSize: 8, maxImageSide: 16_384, maxImageLayers: 2048 },
  ],
];

describe.each(devices)('what CADA adds to scoring on %s', (_, device) => {
  const none = buildPlan(graph('none'), device);
  const cada = buildPlan(graph('cada'), device);
  const { onlyA, onlyB } = planDifference(none, cada);
  const flops = (dispatches: typeof onlyB): number =>
    dispatches.reduce((sum, { kernel }) => sum + kernel.flops, 0);

  it('what CADA adds to scoring is all that its plan has more', () => {
    expect(onlyA).toEqual([]);
    const count = (plan: typeof none): number => plan.dispatches.length - plan.prelude;
    expect(onlyB.length).toBe(count(cada) - count(none));
    // The regressor's products, and calibration beside.
    const products = 2 * (countMacs(graph('cada')) - countMacs(graph('none')));
    expect(flops(onlyB)).toBeGreaterThan(products);
    expect(flops(onlyB)).toBeLessThan(1.5 * products);
    expect(onlyB.some(({ kernel }) => kernel.label.startsWith('regressor'))).toBe(true);
  });

  it('what CADA adds becomes a plan whose prelude does the same', () => {
    const part = planPart(cada, 'part', onlyB);
    expect(part.prelude).toBe(cada.prelude);
    expect(part.dispatches).toHaveLength(cada.prelude + onlyB.length);
    expect(part.dispatches.slice(part.prelude)).toEqual(onlyB);
  });
});
