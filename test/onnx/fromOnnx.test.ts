import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { DtypeError, FileError, ShapeError, WgadError } from '../../src/errors.ts';
import { constant, input, knownData } from '../../src/graph/value.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { ModelProtoSchema, TensorProto_DataLocation } from '../../src/onnx/schema/onnx_pb.ts';
import { fc } from '../property.ts';
import { graphAttribute, modelBytes, modelProto, type TestModel } from './model.ts';

/** y = (x reshaped by computed sizes) times a matrix, plus a bias. */
const NETWORK: TestModel = {
  inputs: { x: ['batch', 2, 3] },
  outputs: ['y'],
  tensors: {
    weight: { dims: [6, 4], floats: Array.from({ length: 24 }, (_, i) => i) },
    bias: { dims: [4], floats: [1, 2, 3, 4] },
    zero: { dims: [], ints: [0] },
    rest: { dims: [1], ints: [-1] },
    axis: { dims: [1], ints: [0] },
  },
  nodes: [
    { op: 'Shape', inputs: ['x'], outputs: ['sizes'] },
    { op: 'Gather', inputs: ['sizes', 'zero'], outputs: ['n'] },
    { op: 'Unsqueeze', inputs: ['n', 'axis'], outputs: ['first'] },
    { op: 'Concat', inputs: ['first', 'rest'], outputs: ['shape'], attributes: { axis: 0 } },
    { op: 'Reshape', inputs: ['x', 'shape'], outputs: ['rows'] },
    { op: 'MatMul', inputs: ['rows', 'weight'], outputs: ['product'] },
    { op: 'Add', inputs: ['product', 'bias'], outputs: ['y'] },
  ],
};

const stateOf = (network: ReturnType<typeof fromOnnx>) =>
  Object.fromEntries([...network.state].map(([name, { shape }]) => [name, input(name, shape)]));

describe('fromOnnx', () => {
  it('tells state from what is part of the function, and folds the arithmetic of shapes', () => {
    const network = fromOnnx(modelBytes(NETWORK));
    expect([...network.state.keys()]).toEqual(['weight', 'bias']);
    expect(network.state.get('bias')).toEqual({ shape: [4], data: Float32Array.of(1, 2, 3, 4) });
    expect(network.inputs).toEqual([{ name: 'x', type: 'float', shape: ['batch', 2, 3], kind: 'tensor' }]);
    for (const batch of [1, 5]) {
      const { y } = network.fn(stateOf(network), { x: input('x', [batch, 2, 3]) });
      expect(y!.shape).toEqual([batch, 4]);
      expect(y!.inputs.map(({ op }) => op)).toEqual(['matmul', 'input']);
    }
  });

  it('takes a mask for a part of the function', () => {
    const bytes = modelBytes({
      inputs: { x: [2] },
      outputs: ['y'],
      tensors: {
        mask: { dims: [2], floats: [0, Number.NEGATIVE_INFINITY] },
        bias: { dims: [2], floats: [0, -5] },
      },
      nodes: [
        { op: 'Add', inputs: ['x', 'mask'], outputs: ['hidden'] },
        { op: 'Add', inputs: ['hidden', 'bias'], outputs: ['y'] },
      ],
    });
    expect([...fromOnnx(bytes).state.keys()]).toEqual(['bias']);
  });

  it('computes what is known in JavaScript', () => {
    const bytes = modelBytes({
      outputs: ['y'],
      tensors: { a: { dims: [3], ints: [7, -7, 8] }, b: { dims: [], ints: [2] } },
      nodes: [
        { op: 'Div', inputs: ['a', 'b'], outputs: ['quotient'] },
        { op: 'Mul', inputs: ['quotient', 'b'], outputs: ['even'] },
        { op: 'Equal', inputs: ['even', 'a'], outputs: ['same'] },
        { op: 'Where', inputs: ['same', 'a', 'quotient'], outputs: ['y'] },
      ],
    });
    expect(knownData(fromOnnx(bytes).fn({}, {}).y!)).toEqual([3, -3, 8]);
  });

  it('lists all that it does not know, with the nodes', () => {
    const bytes = modelBytes({
      outputs: ['y'],
      inputs: { x: [1] },
      nodes: [
        { op: 'Frobnicate', inputs: ['x'], outputs: ['a'], name: 'first' },
        { op: 'Frobnicate', inputs: ['a'], outputs: ['b'], name: 'second' },
        { op: 'Relu', inputs: ['b'], outputs: ['c'], name: 'third', attributes: { slope: 1 } },
        { op: 'Gelu', inputs: ['c'], outputs: ['y'], domain: 'com.microsoft' },
      ],
    });
    const message =
      'fromOnnx: not computed here: operator Frobnicate (Frobnicate first, Frobnicate second); ' +
      'attribute slope of Relu (Relu third); operator com.microsoft.Gelu (Gelu of y)';
    expect(() => fromOnnx(bytes)).toThrow(message);
    const old = modelBytes({
      opset: 9,
      outputs: ['y'],
      inputs: { x: [1] },
      nodes: [{ op: 'Softmax', inputs: ['x'] }],
    });
    expect(() => fromOnnx(old)).toThrow('Softmax of operator set 9, before 13 (Softmax of y)');
  });

  it('chooses the branch of a known condition', () => {
    const scaled = (factor: number) =>
      modelProto({
        outputs: ['out'],
        tensors: { factor: { dims: [], floats: [factor] } },
        nodes: [{ op: 'Mul', inputs: ['x', 'factor'], outputs: ['out'] }],
      }).graph!;
    for (const [condition, factor] of [
      [1, 3],
      [0, 4],
    ] as const) {
      const model = modelProto({
        outputs: ['y'],
        inputs: { x: [2] },
        tensors: { condition: { dims: [], ints: [condition] } },
        nodes: [{ op: 'If', inputs: ['condition'] }],
      });
      model.graph!.node[0]!.attribute.push(
        graphAttribute('then_branch', scaled(3)),
        graphAttribute('else_branch', scaled(4)),
      );
      const { y } = fromOnnx(toBinary(ModelProtoSchema, model)).fn({}, { x: input('x', [2]) });
      expect(knownData(y!.inputs[1]!)).toEqual([factor]);
    }
  });

  it('names the node and the reason where a shape is not known', () => {
    const bytes = modelBytes({
      inputs: { x: [6], shape: [2] },
      outputs: ['y'],
      nodes: [{ op: 'Reshape', name: 'fold', inputs: ['x', 'shape'], outputs: ['y'] }],
    });
    const { fn } = fromOnnx(bytes);
    const x = input('x', [6]);
    expect(() => fn({}, { x, shape: input('shape', [2]) })).toThrow(
      /Reshape fold: shape \[2\] expects numbers that are known/,
    );
    expect(fn({}, { x, shape: constant([2, 3], [2]) }).y!.shape).toEqual([2, 3]);
  });

  it('refuses inputs and state that do not fit, all at once', () => {
    const network = fromOnnx(modelBytes(NETWORK));
    const x = input('x', [2, 2, 3]);
    const state = stateOf(network);
    expect(() => network.fn({ weight: input('w', [4, 6]) }, { x })).toThrow(
      'onnx: state: weight expects [6, 4], got [4, 6]; bias expects [4], got none',
    );
    expect(() => network.fn(state, {})).toThrow(
      'input x expects a tensor of float [batch, 2, 3], got nothing',
    );
    expect(() => network.fn(state, { x: input('x', [2, 3]) })).toThrow(ShapeError);
    expect(() => network.fn(state, { x: input('x', [2, 2, 3], 'i32') })).toThrow(DtypeError);
    expect(() => network.fn(state, { x, z: x })).toThrow('expects the inputs x, got z');
  });
});

describe('damaged ONNX files', () => {
  const whole = modelBytes(NETWORK);

  it('refuses what is no model', () => {
    for (const bytes of [
      new Uint8Array(),
      new Uint8Array(100),
      new TextEncoder().encode('<html>not a model</html>'),
    ]) {
      expect(() => fromOnnx(bytes)).toThrow(FileError);
    }
    expect(() => fromOnnx('model.onnx' as never)).toThrow(DtypeError);
  });

  it('refuses data in other files, sizes that lie and sizes that nothing holds', () => {
    const broken = (change: (tensor: ReturnType<typeof modelProto>['graph']) => void) => {
      const model = modelProto(NETWORK);
      change(model.graph);
      return () => fromOnnx(toBinary(ModelProtoSchema, model));
    };
    const weight = (graph: ReturnType<typeof modelProto>['graph']) => graph!.initializer[0]!;
    expect(broken((graph) => void (weight(graph).dataLocation = TensorProto_DataLocation.EXTERNAL))).toThrow(
      'tensor "weight": its data lie in another file',
    );
    expect(broken((graph) => void (weight(graph).dims = [2n ** 40n, 2n ** 40n]))).toThrow(FileError);
    expect(broken((graph) => void (weight(graph).dims = [-1n, 4n]))).toThrow('expects sizes of at least 0');
    expect(broken((graph) => void (weight(graph).dims = [2n ** 31n]))).toThrow(
      'expects 2147483648 numbers, got 24',
    );
    expect(broken((graph) => void (weight(graph).dataType = 8))).toThrow('expects numbers, got string');
    expect(broken((graph) => void (graph!.initializer[1]!.name = 'weight'))).toThrow(
      'two tensors are called "weight"',
    );
    expect(broken((graph) => void (weight(graph).rawData = new Uint8Array(7)))).toThrow(FileError);
  });

  it('throws nothing but its own errors for files that are cut or changed anywhere', () => {
    const state = Object.fromEntries(
      ['weight', 'bias'].map((name) => [name, input(name, name === 'bias' ? [4] : [6, 4])]),
    );
    const x = input('x', [2, 2, 3]);
    const tried = (bytes: Uint8Array): void => {
      try {
        fromOnnx(bytes).fn(state, { x });
      } catch (error) {
        if (!(error instanceof WgadError)) throw error;
      }
    };
    for (let length = 0; length < whole.length; length += 3) tried(whole.slice(0, length));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const bytes = whole.slice();
          for (const [at, value] of changes) bytes[at] = value;
          tried(bytes);
        },
      ),
    );
  });

  it('refuses nodes that read what is not there', () => {
    const bytes = modelBytes({ outputs: ['y'], nodes: [{ op: 'Relu', inputs: ['nowhere'] }] });
    expect(() => fromOnnx(bytes).fn({}, {})).toThrow('Relu of y: nothing is called "nowhere"');
    const empty = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, { opsetImport: [{ domain: '', version: 17n }] }),
    );
    expect(() => fromOnnx(empty)).toThrow('it has no graph');
  });
});
