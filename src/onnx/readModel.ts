import { fromBinary } from '@bufbuild/protobuf';
import { FileError } from '../errors.ts';
import { type ModelProto, ModelProtoSchema } from './schema/onnx_pb.ts';

/** Whether a domain is the operator set that ONNX itself defines. */
export const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

/** @throws FileError for bytes that are no ONNX model. @returns opset of ONNX's own operators, 0 where it uses none. */
export function readModel(bytes: Uint8Array): { model: ModelProto; opset: number } {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new FileError(`fromOnnx: the bytes are no ONNX model: ${(cause as Error).message}`, { cause });
  }
  const opset = Number(model.opsetImport.find(({ domain }) => isStandard(domain))?.version ?? 0);
  if (!model.graph) throw new FileError('fromOnnx: the bytes are no ONNX model: it has no graph');
  return { model, opset };
}

/** An operator's name with its domain, where that is another than ONNX's own. */
export const fullName = (domain: string, name: string): string =>
  isStandard(domain) ? name : `${domain}.${name}`;
