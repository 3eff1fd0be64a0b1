import { describe, expect, it } from 'vitest';
import { randomTensors } from '../../src/bench/randomNetwork.ts';
import { input } from '../../src/graph/value.ts';
import { revdistSpecs } from '../../src/methods/revdist.ts';
import { RESNETS, resnetClassifier } from '../../src/models/resnet.ts';
import { declare } from '../../src/nn/layers.ts';
import type { ParameterSpec } from '../../src/nn/parameterSpec.ts';
import { treeDistance } from '../duels/training.ts';
import { foldNorm } from '../peers/fold.ts';
import { permute } from '../peers/layout.ts';
import { classifierTrunk, encoderFeatures, type RevdistOps, rebuiltFeatures } from '../peers/networks.ts';

/** Shapes [channels, side] in place of tensors, and the tensors that the network asks for. */
function walker(specs: readonly ParameterSpec[]) {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const asked = new Set<string>();
  type Size = readonly [channels: number, side: number];
  const shapeOf = (name: string) => {
    asked.add(name);
    return shapes.get(name)!;
  };
  const ops: RevdistOps<Size> = {
    convNorm([channels, side], { conv, norm, stride, up }) {
      const weight = shapeOf(`${conv}.weight`);
      const [out, into] = up ? [weight[1]!, weight[0]!] : [weight[0]!, weight[1]!];
      expect(into, conv).toBe(channels);
      expect(up ?? false, conv).toBe(weight[2] === 2);
      for (const each of ['weight', 'bias', 'running_mean', 'running_var']) {
        expect(shapeOf(`${norm}.${each}`), norm).toEqual([out]);
      }
      return [out, up ? 2 * side : side / stride];
    },
    join(a, b) {
      expect(a).toEqual(b);
      return a;
    },
    maxPool: ([channels, side]) => [channels, side / 2],
    concat: (parts) => [parts.reduce((sum, [channels]) => sum + channels, 0), parts[0]![1]],
  };
  return { ops, asked };
}

describe.each(['resnet18', 'resnet34', 'resnet50', 'wide_resnet50_2'] as const)('%s for a peer', (name) => {
  const config = RESNETS[name];

  it('the peer’s classifier asks for every tensor of ours, in fitting shapes', () => {
    const specs = declare((layers) => resnetClassifier(layers, input('images', [1, 3, 64, 64]), config));
    const { ops, asked } = walker(specs);
    expect(classifierTrunk(ops, [3, 64], config)).toEqual([512 * config.expansion, 2]);
    expect([...asked, 'fc.weight', 'fc.bias'].sort()).toEqual(specs.map((spec) => spec.name).sort());
  });

  it('the peer’s RevDist asks for every tensor of ours, and rebuilds features of the same shapes', () => {
    const { frozen, trained } = revdistSpecs(config);
    const { ops, asked } = walker([...frozen, ...trained]);
    const features = encoderFeatures(ops, [3, 64], config);
    expect(features.map(([, side]) => side)).toEqual([16, 8, 4]);
    expect(rebuiltFeatures(ops, features, config)).toEqual(features);
    expect([...asked].sort()).toEqual([...frozen, ...trained].map((spec) => spec.name).sort());
  });
});

it('folds a norm so that filter and bias compute the same', () => {
  const specs = declare((layers) =>
    resnetClassifier(layers, input('images', [1, 3, 64, 64]), RESNETS.resnet18_w16),
  );
  const tensors = randomTensors(specs, 3);
  const of = (each: string): Float32Array => tensors.get(each)!.data;
  const { weight, bias } = foldNorm(tensors, 'conv1', 'bn1');
  // One pixel under the filter, for the last channel.
  const [channel, taps] = [15, 3 * 7 * 7];
  const pixel = Array.from({ length: taps }, (_, i) => Math.sin(i));
  const dot = (data: Float32Array): number =>
    pixel.reduce((sum, value, i) => sum + value * data[channel * taps + i]!, 0);
  const raw = dot(of('conv1.weight'));
  const at = (each: string): number => of(`bn1.${each}`)[channel]!;
  const normed =
    ((raw - at('running_mean')) / Math.sqrt(at('running_var') + 1e-5)) * at('weight') + at('bias');
  expect(dot(weight.data) + bias.data[channel]!).toBeCloseTo(normed, 5);
});

describe('permute', () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i);

  it('permute moves axes as NumPy does', () => {
    // np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).ravel()[:8]
    expect([...permute(data, [2, 3, 4], [2, 0, 1])].slice(0, 8)).toEqual([0, 4, 8, 12, 16, 20, 1, 5]);
  });

  it('permute undoes itself with the inverse order', () => {
    const there = permute(data, [2, 3, 4, 1], [2, 3, 1, 0]);
    expect(permute(there, [4, 1, 3, 2], [3, 2, 0, 1])).toEqual(data);
  });
});

it('measures the distance of all tensors together, and refuses others', () => {
  const tree = (...values: number[]) =>
    new Map(values.map((value, i) => [`t${i}`, { shape: [1], data: Float32Array.of(value) }]));
  expect(treeDistance(tree(3, 5), tree(3, 4))).toBeCloseTo(0.2, 12);
  expect(treeDistance(tree(3), tree(3, 4))).toBe(Infinity);
  expect(treeDistance(tree(NaN, 4), tree(3, 4))).toBeNaN();
});
