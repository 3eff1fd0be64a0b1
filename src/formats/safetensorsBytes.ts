import { ConfigError, gotText, WeightsError } from '../errors.ts';
import { refuseExtra, requireNamed } from '../options.ts';
import { product, type Shape, shapeText } from '../shape.ts';
import type { Bytes } from './bytes.ts';

/** A tensor to be written. */
export interface WritableTensor {
  readonly shape: Shape;
  /** Its numbers, or how to get them when their turn has come: so a large file is never in memory at once. */
  readonly data: Float32Array | Int32Array | (() => Promise<Float32Array>);
}

/** Element type of the floats in a file. */
export type FloatDtype = 'F32' | 'F16';

/** What stands before the data in a safetensors file, and the names of the tensors in the order of their data. */
export function leadOf(
  where: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>>,
  floats: FloatDtype,
): { lead: Bytes; names: string[] } {
  const names = [...tensors.keys()].sort();
  // JSON of its own members: an object takes a tensor called `__proto__` for its prototype.
  const header: string[] = [];
  const add = (name: string, value: unknown): void => {
    header.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  };
  if (Object.keys(metadata).length > 0) add('__metadata__', metadata);
  let offset = 0;
  for (const name of names) {
    if (name === '__metadata__') throw new WeightsError(`${where}: a tensor cannot be called ${name} there`);
    const { shape, data } = tensors.get(name)!;
    if (typeof data !== 'function') checkLength(name, shape, data.length);
    const dtype = data instanceof Int32Array ? 'I32' : floats;
    const bytes = product(shape) * (dtype === 'F16' ? 2 : 4);
    add(name, { dtype, shape, data_offsets: [offset, offset + bytes] });
    offset += bytes;
  }
  const text = new TextEncoder().encode(`{${header.join(',')}}`);
  // Readers that map the file want the data at a multiple of 8.
  const padded = Math.ceil(text.length / 8) * 8;
  const lead = new Uint8Array(8 + padded).fill(0x20);
  new DataView(lead.buffer).setBigUint64(0, BigInt(padded), true);
  lead.set(text, 8);
  return { lead, names };
}

/**
 * A state dict as the bytes of a safetensors file, in name order: same tensors, same bytes. `parseSafetensors` reads them.
 * @param metadata texts by name. @throws WeightsError where a tensor's data do not fill its shape.
 */
export function toSafetensors(
  tensors: ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>,
  metadata: Readonly<Record<string, string>> = {},
  ...extra: never[]
): Bytes {
  refuseExtra('toSafetensors', extra);
  if (!(tensors instanceof Map)) {
    throw new ConfigError(`toSafetensors: tensors expects a Map of tensors by name, got ${gotText(tensors)}`);
  }
  requireNamed('toSafetensors', 'metadata', metadata);
  const { lead, names } = leadOf('toSafetensors', tensors, metadata, 'F32');
  const parts = [lead, ...names.map((name) => bytesOf(tensors.get(name)!.data as Float32Array))];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** @throws WeightsError where the data do not fill the shape. */
export function checkLength(name: string, shape: Shape, length: number): void {
  if (product(shape) === length) return;
  throw new WeightsError(`${name}: shape ${shapeText(shape)} does not hold ${length} numbers`);
}
