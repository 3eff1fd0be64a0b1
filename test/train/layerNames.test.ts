import { describe, expect, it } from 'vitest';
import { scoringConfig } from '../../src/bench/networks.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { HEADS, type HeadName } from '../../src/methods/alignments/index.ts';
import { DETECTOR_NAMES, DETECTORS } from '../../src/methods/detectors.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import {
  collectPlan,
  detectorStep,
  headStep,
  memoryPlan,
  wholeHeadStep,
} from '../../src/train/detectorPlans.ts';

/** Profiles by layer and errors go by these names: what belongs to no layer is found by nobody. */
const namelessOf = (graph: Graph): string[] =>
  buildPlan(graph, BASELINE_DEVICE)
    .dispatches.filter(({ kernel, scope }) => scope === '' || !kernel.label.startsWith(`${scope} `))
    .map(({ kernel }) => kernel.label);

describe.each(DETECTOR_NAMES)('every dispatch of %s has a layer', (method) => {
  const encoder = method === 'draem' ? 'none' : 'resnet18';
  const config = scoringConfig(method, encoder, { batch: 2, size: 64, images: 4 });
  const layouts = runLayouts(config, 3);
  const { defaults, memory } = DETECTORS[method];

  it.skipIf(defaults.iterations === 0)('every dispatch of a training step has a layer, gradients too', () => {
    expect(namelessOf(detectorStep(config, layouts, defaults.optimiser))).toEqual([]);
  });

  it('every dispatch of scoring has a layer, under every alignment', () => {
    const graph = scorePlan(config, layouts, ['none', 'cada', 'cada-std', 'class', 'classifier'], 3);
    expect(namelessOf(graph)).toEqual([]);
  });

  it('every dispatch has a layer while the alignment collects what it learns from, and learns', () => {
    const heads = (Object.keys(HEADS) as HeadName[]).map((head) => headStep(config, layouts, head, 3));
    const whole = wholeHeadStep(config, layouts, 'regressor', 3, 'evaluation');
    for (const graph of [collectPlan(config, layouts), whole, ...heads]) {
      expect(namelessOf(graph)).toEqual([]);
    }
  });

  it.skipIf(!memory)('every dispatch has a layer while the memory is filled', () => {
    expect(namelessOf(memoryPlan(config, layouts))).toEqual([]);
  });
});
