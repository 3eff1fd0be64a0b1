import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input, type Value } from '../../src/graph/value.ts';
import { EFFICIENTNETS, efficientnetFeatures } from '../../src/models/efficientnet.ts';
import { RESNETS, resnetFeatures } from '../../src/models/resnet.ts';
import { declare, type Layers, within } from '../../src/nn/layers.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { hashed, hashedWeights } from './hashed.ts';
import { expectTap, type Tap } from './taps.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;

const goldens: Record<string, Tap[]> = JSON.parse(
  readFileSync(new URL('../goldens/models/encoders.json', import.meta.url), 'utf8'),
);

const resnet = (name: 'resnet18' | 'resnet34' | 'resnet50' | 'wide_resnet50_2') => ({
  size: 256,
  taps: (layers: Layers, images: Value): readonly Value[] =>
    within(layers, 'encoder', (inner) => resnetFeatures(inner, images, RESNETS[name])),
});
const efficientnet = (name: keyof typeof EFFICIENTNETS) => ({
  size: 224,
  taps: (layers: Layers, images: Value): readonly Value[] =>
    efficientnetFeatures(layers, images, EFFICIENTNETS[name]),
});
const encoders: Record<string, ReturnType<typeof resnet>> = {
  resnet18: resnet('resnet18'),
  resnet34: resnet('resnet34'),
  resnet50: resnet('resnet50'),
  wide_resnet50_2: resnet('wide_resnet50_2'),
  efficientnet_b4: efficientnet('efficientnet_b4'),
  efficientnet_b4_same380: efficientnet('efficientnet_b4_same380'),
  efficientnet_b4_same: efficientnet('efficientnet_b4_same'),
};

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

describe('full-size features against torchvision', () => {
  it.each(Object.keys(encoders))(
    'the features of full-size %s are torchvision’s within 1e-4',
    async (name) => {
      const { size, taps } = encoders[name]!;
      const images = input('images', [1, 3, size, size]);
      const specs = declare((layers) => taps(layers, images));
      const layout = networkLayout(name, specs);
      session.load(layout, hashedWeights(specs));
      const values = taps(bindNetwork(layout, { training: false }).layers, images);
      const outputs = new Map(values.map((value, i) => [String(i), value]));
      const executable = await session.compile(name, { outputs, effects: [] });
      executable.run({ images: hashed('images', 3 * size * size).map((v) => v * 2) });
      const out = await executable.read();
      expect(values).toHaveLength(goldens[name]!.length);
      for (const [i, tap] of goldens[name]!.entries()) {
        expect(values[i]!.shape).toEqual(tap.shape);
        expectTap(out.get(String(i)) as Float32Array, tap, `tap ${i}`);
      }
      executable.destroy();
      for (const slab of [layout.parameters, layout.buffers]) session.state.delete(slab.name);
    },
    SLOW,
  );
});
