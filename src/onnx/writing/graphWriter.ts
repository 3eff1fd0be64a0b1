import { create, toBinary } from '@bufbuild/protobuf';
import type { Dtype } from '../../graph/value.ts';
import type { Shape } from '../../shape.ts';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type TensorShapeProto_Dimension,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../schema/onnx_pb.ts';

/** Integers and lists of them are INT and INTS; a float is wrapped, for ONNX tells 1 from 1.0. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** Types that are written. */
export type WrittenType = Dtype | 'i64' | 'bool' | 'u8';

const CODES: Readonly<Record<WrittenType, TensorProto_DataType>> = {
  f32: TensorProto_DataType.FLOAT,
  f16: TensorProto_DataType.FLOAT16,
  i32: TensorProto_DataType.INT32,
  u32: TensorProto_DataType.UINT32,
  i64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
  u8: TensorProto_DataType.UINT8,
};

/** Operator set 20 in file format 9 (ONNX 1.15, of 2023): the first with Gelu and all modes of Pad. */
const WRITTEN_OPSET = 20;
const IR_VERSION = 9;

/** A file in the making. Names of nodes are those of their results. */
export class GraphWriter {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #constants = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** `name`, or with a number behind it where that is taken. */
  fresh(name: string): string {
    for (let i = 0; ; i++) {
      const tried = i === 0 ? name : `${name}.${i}`;
      if (this.#taken.has(tried)) continue;
      this.#taken.add(tried);
      return tried;
    }
  }

  /** A node; the names of its results. An empty input is one left out. */
  nodes(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): readonly string[] {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType,
        name: outputs[0]!,
        input: [...inputs],
        output: [...outputs],
        attribute,
      }),
    );
    return outputs;
  }

  /** A node with one result. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    name = opType,
  ): string {
    return this.nodes(opType, inputs, [this.fresh(name)], attributes)[0]!;
  }

  cast(name: string, to: WrittenType): string {
    return this.node('Cast', [name], { to: CODES[to] });
  }

  /** Numbers as a Constant node, one for all that are equal. */
  constant(data: ArrayLike<number>, shape: Shape, type: WrittenType = 'f32'): string {
    const key =
      data.length <= 64 ? `${type} ${shape.join('x')} ${Array.from(data, keyOf).join(',')}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh('Constant');
    const value = create(AttributeProtoSchema, {
      name: 'value',
      type: AttributeProto_AttributeType.TENSOR,
      t: tensorOf('', data, shape, type),
    });
    this.#nodes.push(
      create(NodeProtoSchema, { opType: 'Constant', name, output: [name], attribute: [value] }),
    );
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  scalar(value: number): string {
    return this.constant([value], []);
  }

  /** Sizes, places, axes. */
  integers(list: readonly number[]): string {
    return this.constant(list, [list.length], 'i64');
  }

  initializer(name: string, data: ArrayLike<number>, shape: Shape): void {
    this.#initializers.push(tensorOf(name, data, shape, 'f32'));
  }

  /** The file's bytes. */
  bytes(name: string, inputs: readonly ValueInfoProto[], outputs: readonly ValueInfoProto[]): Uint8Array {
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: BigInt(IR_VERSION),
        producerName: 'wgad',
        opsetImport: [{ domain: '', version: BigInt(WRITTEN_OPSET) }],
        graph: {
          name,
          node: this.#nodes,
          initializer: this.#initializers,
          input: [...inputs],
          output: [...outputs],
        },
      }),
    );
  }
}

/** -0 and 0 are two numbers. */
const keyOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  const { INT, INTS, FLOAT, STRING } = AttributeProto_AttributeType;
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return create(AttributeProtoSchema, { name, type: FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: INTS, ints: value.map(BigInt) });
}

/** Raw bytes, little-endian as ONNX prescribes and every platform with WebGPU is. */
function tensorOf(name: string, data: ArrayLike<number>, shape: Shape, type: WrittenType): TensorProto {
  const bytes = bytesOf(data, type);
  return create(TensorProtoSchema, { name, dataType: CODES[type], dims: shape.map(BigInt), rawData: bytes });
}

function bytesOf(data: ArrayLike<number>, type: WrittenType): Uint8Array {
  if (type === 'i64')
    return new Uint8Array(BigInt64Array.from(Array.from(data), (each) => BigInt(each)).buffer);
  if (type === 'i32') return new Uint8Array(Int32Array.from(data).buffer);
  if (type === 'u32') return new Uint8Array(Uint32Array.from(data).buffer);
  if (type === 'bool') return Uint8Array.from(data);
  return new Uint8Array(Float32Array.from(data).buffer);
}

export const portOf = (name: string, shape: Shape, type: WrittenType): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: CODES[type],
          shape: create(TensorShapeProtoSchema, { dim: shape.map(dimension) }),
        },
      },
    },
  });

const dimension = (size: number): TensorShapeProto_Dimension =>
  create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(size) } });
