import { WeightsError } from '../errors.ts';
import { floatToHalf } from '../float16.ts';
import { product, type Shape, shapeText } from '../shape.ts';
import { atomicFile } from './atomicFile.ts';

/** A tensor to be written. */
export interface WritableTensor {
  readonly shape: Shape;
  /** Its numbers, or how to get them when their turn has come: so a large file is never in memory at once. */
  readonly data: Float32Array | Int32Array | (() => Promise<Float32Array>);
}

/** Element type of the floats in a file. */
export type FloatDtype = 'F32' | 'F16';

/**
 * Writes tensors in name order: same tensors, same bytes. Floats are written as `floats` (F16: to the nearest, ties
 * to even), integers as I32.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
  floats: FloatDtype = 'F32',
): Promise<void> {
  const names = [...tensors.keys()].sort();
  // JSON of its own members: an object takes a tensor called `__proto__` for its prototype.
  const header: string[] = [];
  const add = (name: string, value: unknown): void => {
    header.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  };
  if (Object.keys(metadata).length > 0) add('__metadata__', metadata);
  let offset = 0;
  for (const name of names) {
    if (name === '__metadata__') throw new WeightsError(`${path}: a tensor cannot be called ${name} there`);
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
  await atomicFile(path, async (write) => {
    await write(lead);
    for (const name of names) {
      const { shape, data } = tensors.get(name)!;
      const numbers = typeof data === 'function' ? await data() : data;
      checkLength(name, shape, numbers.length);
      const stored = floats === 'F16' && numbers instanceof Float32Array ? halvesOf(numbers) : numbers;
      await write(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    }
  });
}

/** A loop: `Uint16Array.from` would collect all values in a list of their own first. */
function halvesOf(numbers: Float32Array): Uint16Array {
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < halves.length; i++) halves[i] = floatToHalf(numbers[i]!);
  return halves;
}

function checkLength(name: string, shape: Shape, length: number): void {
  if (product(shape) === length) return;
  throw new WeightsError(`${name}: shape ${shapeText(shape)} does not hold ${length} numbers`);
}
