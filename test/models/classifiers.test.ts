import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { input, type Value } from '../../src/graph/value.ts';
import { RESNETS, resnetClassifier } from '../../src/models/resnet.ts';
import { declare, type Layers, within } from '../../src/nn/layers.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { openSession } from '../../src/runtime/session.ts';
import { hashed, hashedWeights, sampled } from './hashed.ts';

const goldens: Record<string, { norm: number; sample: number[] }> = JSON.parse(
  readFileSync(new URL('../goldens/models/classifiers.json', import.meta.url), 'utf8'),
);

it.each(['resnet18'] as const)(
  'logits of the %s classifier agree with torchvision within 1e-4',
  async (name) => {
    const images = input('images', [2, 3, 64, 64]);
    const network = (layers: Layers): Value =>
      within(layers, 'classifier', (inner) => resnetClassifier(inner, images, RESNETS[name]));
    const specs = declare(network);
    const layout = networkLayout(name, specs);
    const session = await openSession();
    session.load(layout, hashedWeights(specs));
    const logits = network(bindNetwork(layout, { training: false }).layers);
    const executable = await session.compile(name, { outputs: new Map([['logits', logits]]), effects: [] });
    executable.run({ images: hashed('images', 2 * 3 * 64 * 64).map((v) => v * 2) });
    const got = (await executable.read()).get('logits') as Float32Array;
    session.close();
    const { norm, sample } = goldens[name]!;
    expect(got).toHaveLength(2000);
    expect(Math.abs(Math.hypot(...got) / norm - 1)).toBeLessThan(1e-4);
    const error = Math.hypot(...sampled(got, sample.length).map((v, i) => v - sample[i]!));
    expect(error / Math.hypot(...sample)).toBeLessThan(1e-4);
  },
  400_000,
);
