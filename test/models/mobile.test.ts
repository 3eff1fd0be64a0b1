import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input, type Value } from '../../src/graph/value.ts';
import { rebuild, type Scales } from '../../src/methods/revdist.ts';
import { type EfficientNetNaming, torchvisionName } from '../../src/models/efficientnetNames.ts';
import { pretrained } from '../../src/models/encoders/index.ts';
import { lineagesOf } from '../../src/models/encoders/lineages.ts';
import { mobile } from '../../src/models/encoders/mobile.ts';
import { MOBILE_NETWORKS, MOBILES, type MobileName, mobileFeatures } from '../../src/models/mobile.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { declare, type Layers } from '../../src/nn/layers.ts';
import type { ParameterSpec } from '../../src/nn/parameterSpec.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { product } from '../../src/shape.ts';
import { publishedEncoder } from '../../src/weights/publishedEncoder.ts';
import { hashed, hashedWeights } from './hashed.ts';
import { expectTap, type Tap } from './taps.ts';

interface Golden {
  publisher: EfficientNetNaming;
  /** Of all that detectors read. */
  parameters: number;
  /** The publisher's names of its convolutions, norms and layers, as far as detectors read them. */
  layers: string[];
  taps: Tap[];
}

const { decoder, ...encoders }: { decoder: Pick<Golden, 'parameters' | 'taps'>; [encoder: string]: unknown } =
  JSON.parse(readFileSync(new URL('../goldens/models/mobile.json', import.meta.url), 'utf8'));
const goldens = Object.entries(encoders) as [string, Golden][];
const memberOf = (title: string): MobileName => title.split(' ')[0] as MobileName;
const images = input('images', [1, 3, 64, 64]);

/** Each own tensor with its publisher's name, by the names of layers. */
function named(name: MobileName, { publisher, layers }: Golden): [theirs: string, own: ParameterSpec][] {
  const config = MOBILES[name];
  const specs = declare((each) => mobileFeatures(each, images, config));
  return specs.map((own) => {
    const [layer, tensor] = [own.name.replace(/\.\w+$/, ''), own.name.replace(/^.*\./, '')];
    const theirs = layers.find(
      (each) =>
        torchvisionName(`${each}.weight`, publisher, MOBILE_NETWORKS[config.network]) === `${layer}.weight`,
    );
    return [`${theirs}.${tensor}`, own];
  });
}

/** The values of a network in evaluation, with these tensors, of these inputs. */
async function run(
  title: string,
  specs: readonly ParameterSpec[],
  weights: StateDict,
  network: (layers: Layers) => readonly Value[],
  inputs: Readonly<Record<string, Float32Array>>,
): Promise<{ shape: readonly number[]; data: Float32Array }[]> {
  const layout = networkLayout(title, specs);
  session.load(layout, weights);
  const values = network(bindNetwork(layout, { training: false }).layers);
  const outputs = new Map(values.map((value, i) => [String(i), value]));
  const executable = await session.compile(title, { outputs, effects: [] });
  executable.run(inputs);
  const out = await executable.read();
  executable.destroy();
  for (const slab of [layout.parameters, layout.buffers]) session.state.delete(slab.name);
  return values.map(({ shape }, i) => ({ shape, data: out.get(String(i)) as Float32Array }));
}

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

describe.each(goldens)('%s', (title, golden) => {
  const name = memberOf(title);
  const tensors = named(name, golden);

  it('a small encoder has the layers and the parameters of its publisher’s', () => {
    const layers = new Set(tensors.map(([theirs]) => theirs.replace(/\.\w+$/, '')));
    expect([...layers].sort()).toEqual([...golden.layers].sort());
    const parameters = tensors.filter(([, { kind }]) => kind === 'parameter');
    expect(parameters.reduce((sum, [, { shape }]) => sum + product(shape), 0)).toBe(golden.parameters);
  });

  it('a small encoder is recognised in its publisher’s file, and its arithmetic where names tell it', () => {
    const file = new Map(tensors.map(([theirs, { shape }]) => [theirs, { shape }]));
    const found = publishedEncoder(file);
    expect(found).toMatchObject({ publisher: golden.publisher, fits: true });
    expect(lineagesOf(mobile, golden.publisher, new Map(), found!.name as MobileName)).toContain(name);
    const note = new Map(Object.entries(mobile.published!.lineageNote(MOBILES[name])));
    expect(lineagesOf(mobile, golden.publisher, note, found!.name as MobileName)).toEqual([name]);
  });

  it('the features of a small encoder are its publisher’s within 1e-4', async () => {
    // Filled by the publisher's names, in the order of the network here.
    const renamed = tensors.map(([theirs, own]) => ({ ...own, name: `${golden.publisher}.${theirs}` }));
    const weights = hashedWeights(renamed);
    const own: StateDict = new Map(tensors.map(([, spec], i) => [spec.name, weights.get(renamed[i]!.name)!]));
    const found = await run(
      title,
      tensors.map(([, spec]) => spec),
      own,
      (layers) => mobileFeatures(layers, images, MOBILES[name]),
      { images: hashed('images', 3 * 64 * 64).map((v) => v * 2) },
    );
    for (const [i, tap] of golden.taps.entries()) {
      expect(found[i]!.shape).toEqual(tap.shape);
      expectTap(found[i]!.data, tap, `tap ${i}`);
    }
  }, 400_000);
});

it('the bottleneck and decoder after an encoder that is no ResNet are PyTorch’s for its channels', async () => {
  const shapes = [
    [2, 24, 16, 16],
    [2, 40, 8, 8],
    [2, 112, 4, 4],
  ];
  const features = shapes.map((shape, i) => input(`f${i + 1}`, shape)) as Scales;
  const network = (layers: Layers): Value[] => {
    const { embedding, rebuilt } = rebuild(layers, features, pretrained('tf_efficientnet_lite0'));
    return [embedding, ...[...rebuilt].reverse()];
  };
  const specs = declare(network);
  const parameters = specs.filter(({ kind }) => kind === 'parameter');
  expect(parameters.reduce((sum, { shape }) => sum + product(shape), 0)).toBe(decoder.parameters);
  const inputs = Object.fromEntries(
    shapes.map((shape, i) => [`f${i + 1}`, hashed(`f${i + 1}`, product(shape))]),
  );
  const found = await run('decoder', specs, hashedWeights(specs), network, inputs);
  for (const [i, tap] of decoder.taps.entries()) {
    expect(found[i]!.shape).toEqual(tap.shape);
    expectTap(found[i]!.data, tap, `tap ${i}`);
  }
}, 400_000);
