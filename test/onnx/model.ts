import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../../src/onnx/schema/onnx_pb.ts';

/** A tensor of floats (1) or int64 (7), by its fields. */
export interface TestTensor {
  readonly dims: readonly number[];
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
}

export interface TestNode {
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[] | string>>;
}

export interface TestModel {
  readonly opset?: number;
  readonly nodes: readonly TestNode[];
  /** Floats, sizes or names of sizes. */
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly tensors?: Readonly<Record<string, TestTensor>>;
}

function attribute(name: string, value: number | readonly number[] | string): AttributeProto {
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: Kind.STRING, s: new TextEncoder().encode(value) });
  }
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
  return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
}

export const graphAttribute = (name: string, g: GraphProto): AttributeProto =>
  create(AttributeProtoSchema, { name, type: Kind.GRAPH, g });

export const tensorProto = (name: string, { dims, floats, ints }: TestTensor) =>
  create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: floats ? 1 : 7,
    floatData: [...(floats ?? [])],
    int64Data: (ints ?? []).map(BigInt),
  });

export function modelProto({ opset = 17, nodes, inputs = {}, outputs, tensors = {} }: TestModel): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    graph: create(GraphProtoSchema, {
      node: nodes.map(
        ({ op, inputs: from = [], outputs: to = ['y'], name = '', domain = '', attributes = {} }) =>
          create(NodeProtoSchema, {
            opType: op,
            name,
            domain,
            input: [...from],
            output: [...to],
            attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
          }),
      ),
      input: Object.entries(inputs).map(([name, shape]) =>
        create(ValueInfoProtoSchema, {
          name,
          type: {
            value: {
              case: 'tensorType',
              value: {
                elemType: 1,
                shape: {
                  dim: shape.map((size) => ({
                    value:
                      typeof size === 'number'
                        ? { case: 'dimValue' as const, value: BigInt(size) }
                        : { case: 'dimParam' as const, value: size },
                  })),
                },
              },
            },
          },
        }),
      ),
      output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
      initializer: Object.entries(tensors).map(([name, tensor]) => tensorProto(name, tensor)),
    }),
  });
}

export const modelBytes = (model: TestModel): Uint8Array => toBinary(ModelProtoSchema, modelProto(model));
