import { FileError } from '../errors.ts';
import { product, type Shape, shapeText } from '../shape.ts';
import { decodeFloat, type ElementType, elementTypeOf, factsOf, isFloat, typeText } from './elementType.ts';
import { type TensorProto, TensorProto_DataLocation } from './schema/onnx_pb.ts';

/** A tensor whose numbers are known. 64-bit integers are rounded to float64. */
export interface HostTensor {
  readonly type: ElementType;
  readonly shape: Shape;
  /** Row-major; truth as 0 and 1. */
  readonly data: ArrayLike<number>;
}

/** @throws FileError for data kept in another file, sizes that its bytes do not fill, or a type that is not computed with. */
export function hostTensor(proto: TensorProto, name = proto.name): HostTensor {
  const where = `tensor ${JSON.stringify(name)}`;
  const type = elementTypeOf(proto.dataType);
  if (!type) throw new FileError(`${where}: expects numbers, got ${typeText(proto.dataType)}`);
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL || proto.externalData.length > 0) {
    throw new FileError(`${where}: its data lie in another file`, {
      fix: 'save the model in one file (onnx.save_model without save_as_external_data)',
    });
  }
  const shape = sizesOf(where, proto.dims);
  const count = product(shape);
  const data = proto.rawData.length > 0 ? rawNumbers(proto.rawData, type) : fieldNumbers(proto, type);
  // A 4-bit tensor of odd size fills its last byte with a number that does not count.
  const spare = proto.rawData.length > 0 && factsOf(type).bits < 8 ? 8 / factsOf(type).bits - 1 : 0;
  if (data.length < count || data.length > count + spare) {
    throw new FileError(`${where}: ${shapeText(shape)} ${type} expects ${count} numbers, got ${data.length}`);
  }
  return { type, shape, data: data.length === count ? data : Array.from(data).slice(0, count) };
}

/** @throws FileError for a size that is negative or that no tensor can have. */
function sizesOf(where: string, dims: readonly bigint[]): number[] {
  const shape = dims.map(Number);
  if (
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    Number.isSafeInteger(product(shape))
  ) {
    return shape;
  }
  throw new FileError(`${where}: expects sizes of at least 0, got ${shapeText(shape)}`);
}

/** Little-endian bytes, as ONNX prescribes and every platform with WebGPU has. */
function rawNumbers(bytes: Uint8Array, type: ElementType): ArrayLike<number> {
  const { bits, format, kind } = factsOf(type);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bits < 8)
    return small(bytes, bits, kind === 'signed').map((code) => (format ? decodeFloat(code, format) : code));
  const length = Math.floor(bytes.length / (bits / 8));
  if (length * (bits / 8) !== bytes.length) return { length: -1 };
  if (type === 'float')
    return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + bytes.length));
  const read = (at: number): number => {
    if (format) return decodeFloat(bits === 8 ? view.getUint8(at) : view.getUint16(at, true), format);
    if (type === 'double') return view.getFloat64(at, true);
    if (bits === 64)
      return Number(kind === 'signed' ? view.getBigInt64(at, true) : view.getBigUint64(at, true));
    if (bits === 32) return kind === 'signed' ? view.getInt32(at, true) : view.getUint32(at, true);
    if (bits === 16) return kind === 'signed' ? view.getInt16(at, true) : view.getUint16(at, true);
    return kind === 'signed' ? view.getInt8(at) : view.getUint8(at);
  };
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) out[i] = read((i * bits) / 8);
  return out;
}

/** Several numbers a byte, the lowest bits first. */
function small(bytes: Uint8Array, bits: number, signed: boolean): number[] {
  const out: number[] = [];
  for (const byte of bytes) {
    for (let shift = 0; shift < 8; shift += bits) {
      const code = (byte >> shift) & (2 ** bits - 1);
      out.push(signed && code >= 2 ** (bits - 1) ? code - 2 ** bits : code);
    }
  }
  return out;
}

function fieldNumbers(proto: TensorProto, type: ElementType): ArrayLike<number> {
  const { bits, format, kind } = factsOf(type);
  if (type === 'float') return Float32Array.from(proto.floatData);
  if (type === 'double') return proto.doubleData;
  if (type === 'int64') return proto.int64Data.map(Number);
  if (type === 'uint64' || type === 'uint32') return proto.uint64Data.map(Number);
  // The rest, 16-bit floats by their bits, lies in int32_data.
  if (bits < 8) {
    const codes = small(Uint8Array.from(proto.int32Data), bits, kind === 'signed');
    const count = product(proto.dims.map(Number));
    const numbers = format ? codes.map((code) => decodeFloat(code, format)) : codes;
    return numbers.length - count < 8 / bits ? numbers.slice(0, count) : numbers;
  }
  return format ? proto.int32Data.map((code) => decodeFloat(code & 0xffff, format)) : proto.int32Data;
}

/** The same numbers as float32. */
export const float32Of = ({ data }: HostTensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);

export const holdsFloats = ({ type }: HostTensor): boolean => isFloat(type);
