import { describe, expect, it } from 'vitest';
import { randomTensors } from '../../src/bench/randomNetwork.ts';
import { input } from '../../src/graph/value.ts';
import { RESNETS, resnetClassifier } from '../../src/models/resnet.ts';
import { declare } from '../../src/nn/layers.ts';
import { fc } from '../../test/property.ts';
import { encodeOnnx } from '../onnx/model.ts';
import { onnxResnet } from '../onnx/resnet.ts';
import { encodeMessage } from '../onnx/wire.ts';
import { type Decoded, decodeMessage, messages, texts } from './wire.ts';

/** Small relatives of the two kinds: basic blocks, and bottlenecks twice as wide. */
const CONFIGS = {
  basic: RESNETS.resnet18_w16,
  bottleneck: { base: 4, blocks: [3, 4, 6, 3], expansion: 4, widen: 2 },
} as const;

function model(kind: keyof typeof CONFIGS) {
  const config = CONFIGS[kind];
  const images = input('images', [2, 3, 64, 64]);
  const tensors = randomTensors(
    declare((layers) => resnetClassifier(layers, images, config)),
    0,
  );
  const bytes = encodeOnnx(onnxResnet(config, tensors, { batch: 2, size: 64 }));
  const file = decodeMessage(bytes);
  const [graph] = messages(file, 7);
  return { tensors, file, graph: graph! };
}

const shapeOf = (value: Map<number, Decoded[]>): unknown => {
  const [type] = messages(messages(value, 2)[0]!, 1);
  return [
    type!.get(1),
    messages(type!, 2).flatMap((shape) => messages(shape, 1).map((dim) => dim.get(1)![0])),
  ];
};

describe.each(['basic', 'bottleneck'] as const)('the ONNX file of a %s network', (kind) => {
  const { tensors, file, graph } = model(kind);
  const nodes = messages(graph, 1);

  it('the ONNX file says its format and operator set, its input and output', () => {
    expect(file.get(1)).toEqual([8]);
    expect(messages(file, 8).map((set) => set.get(2))).toEqual([[17]]);
    expect(
      [11, 12].map((field) => messages(graph, field).map((value) => [texts(value, 1), shapeOf(value)])),
    ).toEqual([[[['images'], [[1], [2, 3, 64, 64]]]], [[['logits'], [[1], [2, 1000]]]]]);
  });

  it('the ONNX file holds every tensor of the network, bit by bit', () => {
    const held = new Map(messages(graph, 5).map((tensor) => [texts(tensor, 8)[0]!, tensor]));
    expect([...held.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { shape, data }] of tensors) {
      const tensor = held.get(name)!;
      expect(tensor.get(1), name).toEqual(shape);
      expect(tensor.get(2)).toEqual([1]);
      const raw = Buffer.from(tensor.get(9)![0] as Uint8Array);
      expect(raw.equals(Buffer.from(data.buffer, data.byteOffset, data.byteLength)), name).toBe(true);
    }
  });

  it('ONNX nodes read only what is there already, and everything is used', () => {
    const known = new Set(['images', ...tensors.keys()]);
    const read = new Set<string>();
    for (const node of nodes) {
      for (const name of texts(node, 1)) {
        expect(known.has(name), name).toBe(true);
        read.add(name);
      }
      const [output] = texts(node, 2);
      expect(known.has(output!), output).toBe(false);
      known.add(output!);
    }
    expect([...known].filter((name) => !read.has(name))).toEqual(['logits']);
  });

  it('the ONNX file has the layers of the network', () => {
    const counts: Record<string, number> = {};
    for (const node of nodes) counts[texts(node, 4)[0]!] = (counts[texts(node, 4)[0]!] ?? 0) + 1;
    const own = { basic: [20, 17, 8], bottleneck: [53, 49, 16] }[kind];
    expect(counts).toEqual({
      Conv: own[0],
      BatchNormalization: own[0],
      Relu: own[1],
      Add: own[2],
      MaxPool: 1,
      GlobalAveragePool: 1,
      Flatten: 1,
      Gemm: 1,
    });
  });

  it('ONNX bottlenecks stride in the first 3x3 of stages 2 to 4 and in their shortcuts', () => {
    const strided = nodes.flatMap((node) => {
      const strides = messages(node, 5).find((attribute) => texts(attribute, 1)[0] === 'strides');
      expect(strides === undefined || strides.get(20)?.[0] === 7).toBe(true);
      return strides?.get(8)?.[0] === 2 ? texts(node, 3) : [];
    });
    const where = kind === 'basic' ? 'conv1' : 'conv2';
    expect(strided.sort()).toEqual(
      [
        'conv1',
        'maxpool',
        ...[2, 3, 4].flatMap((i) => [`layer${i}.0.${where}`, `layer${i}.0.downsample.0`]),
      ].sort(),
    );
  });
});

it('refuses tensors that are not the network’s', () => {
  const { tensors } = model('basic');
  const write = () => onnxResnet(CONFIGS.basic, tensors, { batch: 1, size: 64 });
  tensors.set('layer5.weight', tensors.get('fc.weight')!);
  expect(write).toThrow('unused tensors layer5.weight');
  tensors.delete('layer5.weight');
  tensors.delete('layer1.0.bn1.bias');
  expect(write).toThrow('no tensor layer1.0.bn1.bias');
});

it('writes what a reader of the wire format gets back', () => {
  const value = fc.oneof(
    fc.nat(),
    fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    fc.float({ noNaN: true }).map((float) => ({ float })),
    fc.uint8Array({ maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), value)), (fields) => {
      const nested = decodeMessage(encodeMessage([[7, fields]])).get(7)![0] as Uint8Array;
      const expected = new Map<number, Decoded[]>();
      for (const [field, each] of fields) expected.set(field, [...(expected.get(field) ?? []), each]);
      expect(decodeMessage(nested)).toEqual(expected);
    }),
  );
});
