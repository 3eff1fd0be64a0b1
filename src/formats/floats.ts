import { WeightsError } from '../errors.ts';
import { halfToFloat } from '../float16.ts';

/** Element types that weights can have, by safetensors' names. */
export const isFloat = (dtype: string): boolean => ['F32', 'F16', 'BF16', 'F64'].includes(dtype);

/** Little-endian bytes as float32 numbers; undefined for what is no float. */
export function floatsOf(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array | undefined {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    default:
      return undefined;
  }
}

export function refuseDtype(path: string, name: string, dtype: string): never {
  throw new WeightsError(`${path}: ${name} is ${dtype}; expected F32, F16, BF16 or F64`);
}
