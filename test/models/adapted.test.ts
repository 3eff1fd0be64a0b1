import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { input } from '../../src/graph/value.ts';
import { encoderSpecs, encoderTaps, pretrained } from '../../src/models/encoders/index.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { openSession } from '../../src/runtime/session.ts';
import { product } from '../../src/shape.ts';
import { hashed, hashedWeights } from './hashed.ts';
import { expectTap, type Tap } from './taps.ts';

const golden: { parameters: number; taps: Tap[] } = JSON.parse(
  readFileSync(new URL('../goldens/models/adapted.json', import.meta.url), 'utf8'),
);

const encoder = pretrained('resnet18_w32_distilled');
const specs = encoderSpecs(encoder);

it('a ResNet with adapters has as many parameters as in PyTorch', () => {
  const parameters = specs.filter(({ kind }) => kind === 'parameter');
  expect(parameters.reduce((sum, { shape }) => sum + product(shape), 0)).toBe(golden.parameters);
});

it('the features of a ResNet with adapters are PyTorch’s within 1e-4', async () => {
  const session = await openSession();
  try {
    const images = input('images', [1, 3, 64, 64]);
    const layout = networkLayout('encoder', specs);
    session.load(layout, hashedWeights(specs));
    const taps = encoderTaps(bindNetwork(layout, { training: false }).layers, images, encoder);
    const outputs = new Map(taps.map((tap, i) => [String(i), tap]));
    const executable = await session.compile('features', { outputs, effects: [] });
    executable.run({ images: hashed('images', 3 * 64 * 64).map((value) => value * 2) });
    const out = await executable.read();
    expect(taps.map(({ shape }) => shape)).toEqual(golden.taps.map(({ shape }) => shape));
    for (const [i, tap] of golden.taps.entries()) {
      expectTap(out.get(String(i)) as Float32Array, tap, `tap ${i + 1}`);
    }
  } finally {
    session.close();
  }
});

it('the shipped weights are those of the distilled encoder', async () => {
  const shipped = await openWeights('weights/resnet18_w32_distilled.safetensors');
  const shapes = new Map([...shipped.tensors].map(([name, { shape }]) => [`encoder.${name}`, shape]));
  expect(shapes).toEqual(new Map(specs.map(({ name, shape }) => [name, shape])));
  expect(shipped.metadata.get('encoder')).toBe('resnet18_w32_distilled');
  await shipped.close();
});

it('refuses a trunk that is no ResNet, and unknown names', () => {
  const config = { trunk: 'resnet18_w32', channels: [1, 2, 3] } as const;
  expect(() =>
    encoderTaps({} as never, {} as never, {
      family: 'adapted',
      config: { ...config, trunk: 'vgg' } as never,
    }),
  ).toThrow('trunk expects');
  expect(() =>
    encoderTaps({} as never, {} as never, { family: 'adapted', config: { ...config, more: 1 } as never }),
  ).toThrow('more');
});
