import { describe, expect, it } from 'vitest';
import { countMacs } from '../../src/graph/count.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { head, headSpecs } from '../../src/methods/cada.ts';
import { cfa } from '../../src/methods/cfa.ts';
import { recontrast } from '../../src/methods/recontrast.ts';
import { encode, rebuild, revdistSpecs, type Scales } from '../../src/methods/revdist.ts';
import { uniad } from '../../src/methods/uniad.ts';
import { EFFICIENTNETS, efficientnetFeatures } from '../../src/models/efficientnet.ts';
import { pretrained } from '../../src/models/encoders/index.ts';
import { patchDescriptor, patchFeatures } from '../../src/models/patchDescriptor.ts';
import { RESNETS, type ResNetName, resnetClassifier, resnetFeatures } from '../../src/models/resnet.ts';
import { discriminativeNet, reconstructiveNet } from '../../src/models/unet.ts';
import { declare, type Layers, layersFrom } from '../../src/nn/layers.ts';
import type { ParameterSpec } from '../../src/nn/parameterSpec.ts';
import { product } from '../../src/shape.ts';
import { uniadShapes } from './uniadShapes.ts';

/** Layers in evaluation, every tensor an input: enough to count. */
const layers: Layers = layersFrom({ training: false, tensor: ({ name, shape }) => input(name, shape) });
const parameters = (specs: readonly ParameterSpec[], prefix = ''): number =>
  specs
    .filter(({ kind, name }) => kind === 'parameter' && name.startsWith(prefix))
    .reduce((sum, { shape }) => sum + product(shape), 0);
const macs = (...values: Value[]): number =>
  countMacs({ outputs: new Map(values.map((value, i) => [String(i), value])), effects: [] });

/** Encoder, bottleneck, decoder at 256 px (methods.md 3.1, 3.2, 4.2, 4.3). */
const PARAMETERS: Partial<Record<ResNetName, [number, number, number]>> = {
  resnet18: [2_782_784, 11_680_000, 3_703_168],
  resnet34: [8_170_304, 16_400_640, 5_770_624],
  resnet50: [8_543_296, 30_829_568, 15_821_824],
  wide_resnet50_2: [24_862_528, 58_885_120, 24_917_504],
};
/** GMAC as the tables round them. */
const GMAC: Partial<Record<ResNetName, [string, string, string]>> = {
  resnet18: ['1.832', '0.931', '1.560'],
  resnet34: ['3.946', '1.233', '3.674'],
  resnet50: ['4.281', '5.218', '4.815'],
  wide_resnet50_2: ['11.999', '7.315', '11.140'],
};

function revdistMacs(name: ResNetName): [number, number, number] {
  const config = RESNETS[name];
  const features = encode(layers, input('images', [1, 3, 256, 256]), config);
  // From inputs of the features' shapes, so that the encoder is not counted again.
  const cut = features.map(({ shape }, i) => input(`f${i}`, shape)) as unknown as Scales;
  const { embedding, rebuilt } = rebuild(layers, cut, config);
  return [macs(...features), macs(embedding), macs(...rebuilt) - macs(embedding)];
}

describe.each(Object.keys(PARAMETERS) as ResNetName[])('%s', (name) => {
  it('a network has the parameters of the tables', () => {
    const { frozen, trained } = revdistSpecs(RESNETS[name]);
    const all = [...frozen, ...trained];
    expect(['encoder.', 'bottleneck.', 'decoder.'].map((prefix) => parameters(all, prefix))).toEqual(
      PARAMETERS[name],
    );
  });

  it('a network has the multiply-accumulates of the tables', () => {
    expect(revdistMacs(name).map((count) => (count / 1e9).toFixed(3))).toEqual(GMAC[name]);
  });
});

it('wide_resnet50_2 agrees to the unit', () => {
  expect(revdistMacs('wide_resnet50_2')).toEqual([11_998_855_168, 7_314_866_176, 11_140_071_424]);
});

it('ReContrast agrees to the unit', () => {
  const model = { encoder: pretrained('wide_resnet50_2'), size: 256, memoryRows: 0, width: 0 };
  const parts = recontrast.parts(model);
  expect(parameters(parts.encoder.specs)).toBe(24_862_528);
  expect(parameters(parts.encoder_freeze.specs, 'encoder_freeze.')).toBe(24_862_528);
  expect(parameters(parts.detector.specs, 'bottleneck.')).toBe(58_885_120);
  expect(parameters(parts.detector.specs, 'decoder.')).toBe(27_673_600);
  const images = input('images', [1, 3, 256, 256]);
  const made = recontrast.trace(
    { encoder: layers, encoder_freeze: layers, detector: layers },
    { images },
    model,
  );
  expect(macs(made.map())).toBe(62_518_198_272);
  expect(made.embedding.shape).toEqual([1, 2048, 8, 8]);
});

/** torchvision's own figures for its classifiers, at 224 px. */
it.each([
  ['resnet18', 11_689_512, '1.814'],
  ['resnet34', 21_797_672, '3.664'],
  ['resnet50', 25_557_032, '4.089'],
  ['wide_resnet50_2', 68_883_240, '11.398'],
] as const)('the %s classifier has torchvision’s parameters and work', (name, count, gmac) => {
  const images = input('images', [1, 3, 224, 224]);
  expect(parameters(declare((inner) => resnetClassifier(inner, images, RESNETS[name])))).toBe(count);
  const logits = resnetClassifier(layers, images, RESNETS[name]);
  expect(logits.shape).toEqual([1, 1000]);
  expect((macs(logits) / 1e9).toFixed(3)).toBe(gmac);
});

it('efficientnet_b4 agrees to the unit', () => {
  const images = input('images', [1, 3, 224, 224]);
  for (const config of Object.values(EFFICIENTNETS)) {
    expect(parameters(declare((inner) => efficientnetFeatures(inner, images, config)))).toBe(3_635_984);
    const taps = efficientnetFeatures(layers, images, config);
    expect(macs(...taps)).toBe(920_040_864);
    expect(taps.map(({ shape }) => shape.slice(1))).toEqual([
      [24, 112, 112],
      [32, 56, 56],
      [56, 28, 28],
      [160, 14, 14],
    ]);
  }
});

it('DRAEM’s networks agree to the unit', () => {
  const images = input('images', [1, 3, 256, 256]);
  const pair = input('pair', [1, 6, 256, 256]);
  expect(parameters(declare((inner) => reconstructiveNet(inner, images, 128)))).toBe(69_048_579);
  expect(parameters(declare((inner) => discriminativeNet(inner, pair, 64)))).toBe(28_374_146);
  const { out, bottleneck } = reconstructiveNet(layers, images, 128);
  const logits = discriminativeNet(layers, pair, 64);
  expect(out.shape).toEqual([1, 3, 256, 256]);
  expect(bottleneck.shape).toEqual([1, 1024, 16, 16]);
  expect(logits.shape).toEqual([1, 2, 256, 256]);
  const work = [macs(bottleneck), macs(out) - macs(bottleneck), macs(logits)];
  expect(work.map((count) => (count / 1e9).toFixed(3))).toEqual(['58.209', '101.695', '38.051']);
});

/** Table 3's heads on the wide network's feature (methods.md 7.5). */
it.each([
  [{ structure: '1-linear' }, 4_098],
  [{ structure: '2-linear' }, 525_058],
  [{ structure: '3-linear' }, 590_850],
  [{ structure: '1-conv-2-linear' }, 4_723_458],
  [{ structure: '1-conv-2-linear', kernel: 3 }, 38_277_890],
  [{ structure: '2-conv-2-linear' }, 8_921_858],
  [{ structure: '2-conv-2-linear', kernel: 3 }, 76_030_722],
] as const)('the head %o has the parameters of the table', (options, count) => {
  expect(parameters(headSpecs('head', [2048, 8, 8], 2, options))).toBe(count);
});

it.each([
  [[2048, 8, 8], 2, 4_723_458, 268_960_256],
  [[512, 8, 8], 2, 395_010, 16_908_800],
  [[256, 14, 14], 2, 132_354, 12_911_104],
  [[2048, 8, 8], 15, 4_726_799, 268_963_584],
])('the head of a %s feature with %i outputs agrees to the unit', (feature, outputs, count, work) => {
  expect(parameters(headSpecs('head', feature, outputs))).toBe(count);
  expect(macs(head(layers, 'head', input('feature', [1, ...feature]), outputs))).toBe(work);
});

/** UniAD with EfficientNet-B4 at 224 px (methods.md 6.2, 7.8). */
it('UniAD agrees to the unit', () => {
  const model = { encoder: pretrained('efficientnet_b4'), size: 224, memoryRows: 0, width: 0 };
  const { encoder, reconstruction } = uniad.parts(model);
  expect(parameters(encoder.specs)).toBe(3_635_984);
  expect(parameters(reconstruction.specs)).toBe(7_717_392);
  const images = input('images', [1, 3, 224, 224]);
  const parts = { encoder: layers, reconstruction: layers };
  const [features] = uniad.frozen!(parts, images, model) as [Value];
  expect(features.shape).toEqual([1, 272, 14, 14]);
  const traced = uniad.trace(parts, { frozen: [input('features', features.shape)] }, model);
  expect(macs(traced.map())).toBe(1_701_969_920);
  expect(traced.map().shape).toEqual([1, 1, 224, 224]);
  expect(traced.embedding.shape).toEqual([1, 256, 14, 14]);
  const whole = macs(uniad.trace(parts, { images }, model).map());
  expect((whole / 1e9).toFixed(3)).toBe('2.622');
  const aligned = whole + macs(head(layers, 'head', input('feature', traced.embedding.shape), 2));
  expect((aligned / 1e9).toFixed(3)).toBe('2.635');
});

it('UniAD’s transformer has the tensors of its authors’ checkpoints', () => {
  const model = { encoder: pretrained('efficientnet_b4'), size: 224, memoryRows: 0, width: 0 };
  const own = uniad.parts(model).reconstruction.specs.map(({ name, shape }) => [name, [...shape]]);
  const published = [...uniadShapes()].map(([name, shape]) => [name, [...shape]]);
  expect(own.toSorted()).toEqual(published.toSorted());
});

it('CFA agrees to the unit', () => {
  const model = { encoder: pretrained('wide_resnet50_2'), size: 224, memoryRows: 56 * 56, width: 0 };
  const { encoder, detector, memory } = cfa.parts(model);
  expect(parameters(encoder.specs)).toBe(24_862_528);
  expect(parameters(detector.specs)).toBe(3_216_641);
  expect(memory.specs.map(({ shape }) => shape)).toEqual([[3136, 1792]]);
  expect(cfa.memory?.kind === 'mean' && cfa.memory.rows(model, 999)).toBe(3136);
  const source = { images: input('images', [1, 3, 224, 224]) };
  const parts = { encoder: layers, detector: layers, memory: layers };
  const traced = cfa.trace(parts, source, model);
  const [described, search] = [1794 * 1792 * 3136, 3136 ** 2 * 1792];
  expect(macs(traced.map())).toBe(macs(traced.embedding) + described + search);
  expect((macs(traced.map()) / 1e9).toFixed(2)).toBe('36.89');
  // Drawing near and pushing away take one search.
  expect(macs(traced.loss!())).toBe(macs(traced.map()));
  expect(traced.embedding.shape).toEqual([1, 1024, 14, 14]);
  expect(traced.map().shape).toEqual([1, 1, 224, 224]);
});

/** CFA's descriptor at 224 px (methods.md 8.2); the other encoders' by the same arithmetic. */
it.each([
  ['wide_resnet50_2', 3_216_640, 1792],
  ['resnet50', 3_216_640, 1792],
  ['resnet34', 202_048, 448],
  ['resnet18', 202_048, 448],
] as const)(
  'CFA’s descriptor on %s has %i parameters and their work at each of 56 x 56 places',
  (name, count, channels) => {
    const taps = resnetFeatures(layers, input('images', [1, 3, 224, 224]), RESNETS[name]);
    const features = patchFeatures(taps.map(({ shape }, i) => input(`f${i}`, shape)));
    expect(features.shape).toEqual([1, channels, 56, 56]);
    expect(parameters(declare((inner) => patchDescriptor(inner, features)))).toBe(count);
    const described = patchDescriptor(layers, features);
    expect(described.shape).toEqual(features.shape);
    expect(macs(described)).toBe((channels + 2) * channels * 56 * 56);
  },
);
