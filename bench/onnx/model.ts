import type { NamedTensor } from '../../src/nn/init.ts';
import type { Shape } from '../../src/shape.ts';
import { encodeMessage, type WireField } from './wire.ts';

/** Integers, lists of integers; a float is wrapped, for ONNX tells 1 from 1.0. */
export type OnnxAttributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number }>
>;

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: OnnxAttributes;
}

/** A graph of float32 inputs and one float32 output. Nodes in topological order. */
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly output: { readonly name: string; readonly shape: Shape };
  readonly nodes: readonly OnnxNode[];
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

/** Operator set 17 in file format 8: the oldest that every peer of the last three years reads. */
const OPSET = 17;
const IR_VERSION = 8;
/** TensorProto.DataType. */
const FLOAT = 1;
/** AttributeProto.AttributeType. */
const [ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS] = [1, 2, 7];

/** The bytes of an ONNX file (ModelProto of onnx.proto; the numbers are its field numbers). */
export function encodeOnnx(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  return encodeMessage([
    [1, IR_VERSION],
    [2, 'wgad'],
    [8, [[2, OPSET]]],
    [
      7,
      [
        ...graph.nodes.map((node): WireField => [1, nodeFields(node)]),
        [2, graph.name],
        ...[...graph.tensors].map(([name, tensor]): WireField => [5, tensorFields(name, tensor)]),
        ...graph.inputs.map((each): WireField => [11, valueFields(each)]),
        [12, valueFields(graph.output)],
      ],
    ],
  ]);
}

const nodeFields = ({ op, inputs, output, attributes }: OnnxNode): WireField[] => [
  ...inputs.map((name): WireField => [1, name]),
  [2, output],
  [3, output],
  [4, op],
  ...Object.entries(attributes).map(([name, value]): WireField => [5, attributeFields(name, value)]),
];

function attributeFields(name: string, value: OnnxAttributes[string]): WireField[] {
  if (typeof value === 'number') {
    return [
      [1, name],
      [3, value],
      [20, ATTRIBUTE_INT],
    ];
  }
  if ('float' in value) {
    return [
      [1, name],
      [2, value],
      [20, ATTRIBUTE_FLOAT],
    ];
  }
  return [[1, name], ...value.map((each): WireField => [8, each]), [20, ATTRIBUTE_INTS]];
}

/** Little-endian raw data, as every platform with a WebGPU is. */
const tensorFields = (name: string, { shape, data }: NamedTensor): WireField[] => [
  ...shape.map((side): WireField => [1, side]),
  [2, FLOAT],
  [8, name],
  [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
];

const valueFields = ({ name, shape }: { name: string; shape: Shape }): WireField[] => [
  [1, name],
  [
    2,
    [
      [
        1,
        [
          [1, FLOAT],
          [2, shape.map((side): WireField => [1, [[1, side]]])],
        ],
      ],
    ],
  ],
];
