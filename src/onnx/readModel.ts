import { fromBinary } from '@bufbuild/protobuf';
import { FileError } from '../errors.ts';
import { type ModelProto, ModelProtoSchema } from './schema/onnx_pb.ts';

/** Names of the operator set that ONNX itself defines. */
export const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

/** The oldest operator set that is read. */
export const OLDEST_OPSET = 13;

/** @throws FileError for bytes that are no ONNX model, or one older than operator set 13. */
export function readModel(bytes: Uint8Array): { model: ModelProto; opset: number } {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new FileError(`fromOnnx: the bytes are no ONNX model: ${(cause as Error).message}`, { cause });
  }
  const opset = Number(model.opsetImport.find(({ domain }) => isStandard(domain))?.version ?? 0);
  if (!model.graph) throw new FileError('fromOnnx: the bytes are no ONNX model: it has no graph');
  if (opset >= OLDEST_OPSET) return { model, opset };
  throw new FileError(`fromOnnx: expects operator set ${OLDEST_OPSET} or newer, got ${opset || 'none'}`, {
    fix: 'export it anew, or convert it (onnx.version_converter)',
  });
}
