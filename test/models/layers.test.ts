import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  avgPool1d,
  avgPool3d,
  declare,
  Engine,
  initialize,
  input,
  type Layers,
  layersOf,
  maxPool1d,
  maxPool3d,
  mean,
  mul,
  parseSafetensors,
  type Shape,
  sigmoid,
  splitState,
  sum,
  type Tensor,
  tanh,
  type Value,
  valueAndGrad,
} from '../../src/index.ts';
import * as nn from '../../src/nn/index.ts';

/** The layers of wgad/nn against PyTorch's (tools/layer_goldens.py). */

const folder = new URL('../goldens/layers/', import.meta.url);
type Network = (layers: Layers, ...inputs: Value[]) => Value;

/** As tools/layer_goldens.py has them. */
const NETWORKS: Readonly<Record<string, Network>> = {
  signals(layers, x) {
    const options = { stride: 2, padding: 2, dilation: 2, groups: 2 };
    const first = tanh(nn.batchNorm(layers, 'bn', nn.conv1d(layers, 'conv', x!, 6, 3, options)));
    const up = { stride: 2, padding: 1, outputPadding: 1, groups: 2 };
    const wide = nn.groupNorm(layers, 'gn', nn.convTranspose1d(layers, 'up', first, 4, 4, up), 2);
    const window = { kernel: 3, stride: 2, padding: 1 };
    const pooled = mean(add(avgPool1d(wide, window), maxPool1d(wide, window)), { axes: [2] });
    return nn.batchNorm(layers, 'bn2', nn.linear(layers, 'fc', pooled, 3), { eps: 1e-3 });
  },
  images(layers, x) {
    const options = { stride: [2, 1], padding: [1, 0], bias: false } as const;
    const first = tanh(nn.batchNorm(layers, 'bn', nn.conv2d(layers, 'conv', x!, 6, [3, 2], options)));
    const up = { stride: 2, padding: 1, outputPadding: [1, 0] } as const;
    const wide = nn.convTranspose2d(layers, 'up', first, 4, 3, up);
    const scaled = sigmoid(nn.instanceNorm(layers, 'norm', wide, { affine: true }));
    return nn.layerNorm(layers, 'ln', nn.instanceNorm(layers, 'plain', scaled), { axes: 2 });
  },
  volumes(layers, x) {
    const options = { stride: [1, 2, 1], padding: 1, dilation: [1, 1, 2], groups: 2 } as const;
    const first = tanh(nn.batchNorm(layers, 'bn', nn.conv3d(layers, 'conv', x!, 4, [3, 2, 3], options)));
    const up = { stride: 2, padding: 1, outputPadding: 1, dilation: [2, 1, 1], groups: 2 } as const;
    const wide = nn.convTranspose3d(layers, 'up', first, 2, 3, up);
    const window = { kernel: [3, 2, 2], stride: 2, padding: 1 } as const;
    return add(avgPool3d(wide, window), maxPool3d(wide, window));
  },
  tokens(layers, at, keys, values) {
    let x = nn.embedding(layers, 'table', at!, 7, 8, { paddingIndex: 2 });
    x = add(x, nn.multiHeadAttention(layers, 'own', x, x, x, { heads: 2, causal: true }));
    x = add(x, nn.multiHeadAttention(layers, 'other', x, keys!, values!, { heads: 4 }));
    x = add(x, nn.multiHeadAttention(layers, 'bare', x, x, x, { heads: 2, bias: false }));
    return nn.linear(layers, 'fc', nn.layerNorm(layers, 'norm', x), 3, { bias: false });
  },
};

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
afterAll(() => engine?.dispose());

type Host = { shape: Shape; data: Float32Array };

async function expectClose(got: Tensor, want: Host, what: string): Promise<void> {
  expect(got.shape, what).toEqual(want.shape);
  const data = await got.data();
  // Some gradients are sums that cancel: zeros but for the rounding of numbers about 1.
  const size = Math.max(1, ...want.data.map(Math.abs));
  const far = want.data.findIndex((each, i) => !(Math.abs(data[i]! - each) <= 2e-5 * size));
  expect(far < 0, `${what}: element ${far} is ${data[far]}, PyTorch has ${want.data[far]}`).toBe(true);
}

describe.each(Object.entries(NETWORKS))('the layers of %s', (name, network) => {
  it('load a state dict of PyTorch’s and compute, differentiate and average as there', async () => {
    const file = await parseSafetensors(await readFile(new URL(`${name}.safetensors`, folder)));
    const golden = (of: string): [string, Host][] =>
      [...file]
        .filter(([key]) => key.startsWith(`golden.${of}.`))
        .map(([key, each]) => [key.slice(8 + of.length), each]);
    const one = (of: string): Host => file.get(`golden.${of}`)!;
    const floats = golden('input').filter(([key]) => !(name === 'tokens' && key === '0'));
    const words = golden('input').filter((each) => !floats.some(([key]) => key === each[0]));
    const inputs = { ...engine.load(floats) };
    for (const [key, { shape, data }] of words) inputs[key] = engine.tensor(Int32Array.from(data), shape);
    const listed = (each: Readonly<Record<string, Value>>): Value[] =>
      Object.keys(inputs).map((_, i) => each[i]!);

    const specs = declare((layers) =>
      network(
        layers,
        ...listed(Object.fromEntries(Object.entries(inputs).map(([key, { value }]) => [key, value]))),
      ),
    );
    const state = new Map([...file].filter(([key]) => !key.startsWith('golden.')));
    const { parameters, buffers } = splitState(specs, state);
    const [weights, running] = [engine.load(parameters), engine.load(buffers)];

    const asked = Object.fromEntries(floats.map(([key]) => [key, inputs[key]!]));
    const step = engine.compile(
      valueAndGrad(
        (
          p: { weights: Readonly<Record<string, Value>>; inputs: Readonly<Record<string, Value>> },
          statistics: Readonly<Record<string, Value>>,
          all: Readonly<Record<string, Value>>,
          factors: Value,
        ) => {
          const layers = layersOf({ ...p.weights, ...statistics }, { training: true });
          const out = network(layers, ...listed({ ...all, ...p.inputs }));
          return { loss: sum(mul(out, factors)), aux: { out, after: layers.runningStatistics(statistics) } };
        },
        { aux: true },
      ),
    );
    const factors = engine.tensor(one('weights').data, one('weights').shape);
    const { aux, grads } = await step({ weights, inputs: asked }, running, inputs, factors);
    await expectClose(aux.out, one('training'), 'training');
    for (const [key, want] of golden('grad')) {
      const found = key.startsWith('input.') ? grads.inputs[key.slice(6)] : grads.weights[key];
      await expectClose(found!, want, `gradient by ${key}`);
    }
    const after = golden('after');
    expect(Object.keys(aux.after).sort()).toEqual(after.map(([key]) => key).sort());
    for (const [key, want] of after) await expectClose(aux.after[key]!, want, key);

    const judge = engine.compile((p: Readonly<Record<string, Value>>, all: Readonly<Record<string, Value>>) =>
      network(layersOf(p), ...listed(all)),
    );
    await expectClose(await judge({ ...weights, ...aux.after }, inputs), one('evaluated'), 'evaluation');
  });
});

const at = (...shape: number[]): Value => input('x', shape);
/** The layers of LARGE in tools/layer_goldens.py. */
const LARGE: Readonly<Record<string, (layers: Layers) => Value>> = {
  linear: (layers) => nn.linear(layers, '', at(2, 200), 300),
  conv1d: (layers) => nn.conv1d(layers, '', at(1, 64, 9), 96, 5, { groups: 2 }),
  conv2d: (layers) => nn.conv2d(layers, '', at(1, 32, 9, 9), 48, 3),
  conv3d: (layers) => nn.conv3d(layers, '', at(1, 16, 3, 3, 3), 48, 3),
  convTranspose1d: (layers) => nn.convTranspose1d(layers, '', at(1, 96, 9), 64, 5, { groups: 2 }),
  convTranspose2d: (layers) => nn.convTranspose2d(layers, '', at(1, 32, 9, 9), 48, 3),
  convTranspose3d: (layers) => nn.convTranspose3d(layers, '', at(1, 16, 3, 3, 3), 48, 3),
  embedding: (layers) => nn.embedding(layers, '', input('at', [4], 'i32'), 300, 64, { paddingIndex: 3 }),
  multiHeadAttention: (layers) =>
    nn.multiHeadAttention(layers, '', at(1, 2, 128), at(1, 2, 128), at(1, 2, 128), { heads: 4 }),
  multiHeadAttentionOfOthers: (layers) =>
    nn.multiHeadAttention(layers, '', at(1, 2, 128), at(1, 2, 64), at(1, 2, 96), { heads: 4 }),
  batchNorm: (layers) => nn.batchNorm(layers, '', at(1, 40, 2, 2)),
  groupNorm: (layers) => nn.groupNorm(layers, '', at(1, 40, 2, 2), 4),
  layerNorm: (layers) => nn.layerNorm(layers, '', at(1, 40)),
};

interface Drawn {
  readonly shape: Shape;
  readonly mean: number;
  readonly deviation: number;
  readonly largest: number;
}

describe('new tensors', () => {
  const drawn = JSON.parse(readFileSync(new URL('initialisation.json', folder), 'utf8')) as Readonly<
    Record<string, Readonly<Record<string, Drawn>>>
  >;

  it('new tensors are tried of every layer in the file', () => {
    expect(Object.keys(LARGE)).toEqual(Object.keys(drawn));
  });

  it.each(Object.entries(LARGE))('new tensors of %s are drawn as PyTorch draws them', (layer, network) => {
    const made = initialize(declare(network), 3);
    const names = Object.keys(drawn[layer]!);
    expect([...made.keys()].sort()).toEqual([...names].sort());
    for (const [name, want] of Object.entries(drawn[layer]!)) {
      const { shape, data } = made.get(name)!;
      expect(shape, name).toEqual(want.shape);
      const average = data.reduce((total, each) => total + each, 0) / data.length;
      const deviation = Math.sqrt(
        data.reduce((total, each) => total + (each - average) ** 2, 0) / data.length,
      );
      const largest = Math.max(...data.map(Math.abs));
      // Two samples of one distribution: their figures differ by a few standard errors.
      const spread = want.deviation / Math.sqrt(data.length);
      expect(Math.abs(average - want.mean), `${name}: mean`).toBeLessThanOrEqual(6 * spread);
      expect(Math.abs(deviation - want.deviation), `${name}: deviation`).toBeLessThanOrEqual(6 * spread);
      if (data.length > 5000) {
        expect(Math.abs(largest / want.largest - 1), `${name}: largest`).toBeLessThan(0.2);
      }
    }
  });
});

describe('a layer', () => {
  const layers = (options = {}): Layers => layersOf({ 'fc.weight': at(4, 3), 'fc.bias': at(4) }, options);
  it.each<[string, () => unknown]>([
    ['x expects rank 4, got [2, 3]', () => nn.conv2d(layers(), 'conv', at(2, 3), 4, 3)],
    [
      'conv1d: groups expects a divisor of 4 and 6 channels, got 4',
      () => nn.conv1d(layers(), 'conv', at(2, 4, 6), 6, 3, { groups: 4 }),
    ],
    [
      'embedding: paddingIndex expects 0 to 4, got 5',
      () => nn.embedding(layers(), 't', at(2), 5, 2, { paddingIndex: 5 }),
    ],
    ['linear: out expects a whole number of at least 1, got 0', () => nn.linear(layers(), 'fc', at(2, 3), 0)],
    [
      'layerNorm: axes expects at most 2 of [2, 3], got 3',
      () => nn.layerNorm(layers(), 'ln', at(2, 3), { axes: 3 }),
    ],
    ['training with dropout expects a random key', () => nn.dropout(layers({ training: true }), at(2), 0.5)],
    [
      'splitState: state does not fit the network: missing fc.weight [4, 3]; missing fc.bias [4]; unexpected w [1]',
      () =>
        splitState(
          declare((inner) => nn.linear(inner, 'fc', at(2, 3), 4)),
          new Map([['w', { shape: [1], data: new Float32Array(1) }]]),
        ),
    ],
  ])('a layer refuses: %s', (message, call) => {
    expect(call).toThrow(message);
  });

  it('a layer drops nothing outside training', () => {
    const x = at(2, 3);
    expect(nn.dropout(layers(), x, 0.5)).toBe(x);
  });
});
