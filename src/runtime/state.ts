import { ShapeError, WgadError } from '../errors.ts';
import { halfToFloat } from '../float16.ts';
import type { BufferMaker } from '../gpu/buffers.ts';
import type { GPUBuffer, GPUDevice } from '../gpu/webgpuTypes.ts';
import type { Dtype } from '../graph/value.ts';
import { alignBytes } from '../plan/plan.ts';
import { product, type Shape } from '../shape.ts';

export type NumberArray = Float32Array | Int32Array | Uint32Array;

/** Persistent device buffers by name: weights, optimiser moments, running statistics. */
export interface StateStore {
  /**
   * Makes (or overwrites) the buffer `name`. @throws ShapeError where data and shape differ; LimitError, and where the
   * host's memory is the device's OutOfMemoryError, where memory is too small.
   */
  set(name: string, data: NumberArray, shape: Shape): void;
  /** Makes the buffer `name` for so many numbers, to be filled by `write`; one of that size stays as it is. */
  reserve(name: string, length: number): void;
  /** Holds so many numbers in a buffer that stays the caller's. */
  adopt(name: string, buffer: GPUBuffer, length: number): void;
  /** Overwrites numbers of `name` from number `offset` on. */
  write(name: string, offset: number, data: NumberArray): void;
  buffer(name: string): GPUBuffer;
  /** How many numbers `name` was last set to hold; its buffer may be longer. */
  length(name: string): number;
  /** Changes whenever `name` does, by `set` or by plans that update it; 0 if there is no such buffer. */
  version(name: string): number;
  /** A plan has changed `name`. */
  touch(name: string): void;
  has(name: string): boolean;
  delete(name: string): void;
  clear(): void;
}

export function stateStore(device: GPUDevice, buffers: BufferMaker): StateStore {
  const held = new Map<string, GPUBuffer>();
  const foreign = new Set<string>();
  const lengths = new Map<string, number>();
  // Counted over all names: a deleted name leaves no entry and never gets an old number again.
  const versions = new Map<string, number>();
  let changes = 0;
  const touch = (name: string): void => {
    if (held.has(name)) versions.set(name, ++changes);
  };
  const known = <T>(found: T | undefined, name: string): T => {
    if (found === undefined) throw new WgadError('E_CONFIG', `state ${name} has not been set`);
    return found;
  };
  const remove = (name: string): void => {
    const buffer = held.get(name);
    if (buffer && !foreign.delete(name)) buffers.destroy(buffer);
    held.delete(name);
    lengths.delete(name);
    versions.delete(name);
  };
  const reserve = (name: string, length: number): void => {
    const bytes = alignBytes(4 * length);
    if (held.get(name)?.size !== bytes) {
      remove(name);
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
      held.set(name, buffers.create(`state ${name}`, bytes, usage));
    }
    lengths.set(name, length);
    touch(name);
  };
  const write = (name: string, offset: number, data: NumberArray): void => {
    const buffer = known(held.get(name), name);
    device.queue.writeBuffer(buffer, 4 * offset, data as NumberArray & ArrayBufferView<ArrayBuffer>);
    touch(name);
  };
  return {
    set(name, data, shape) {
      if (data.length !== product(shape)) {
        throw new ShapeError(`state ${name}: expects ${product(shape)} numbers, got ${data.length}`);
      }
      // Written data is copied into staging memory until the device has it.
      buffers.room.require(`state ${name} and its upload`, 2 * data.byteLength);
      reserve(name, data.length);
      write(name, 0, data);
    },
    reserve,
    adopt(name, buffer, length) {
      held.set(name, buffer);
      foreign.add(name);
      lengths.set(name, length);
      touch(name);
    },
    write,
    buffer: (name) => known(held.get(name), name),
    length: (name) => known(lengths.get(name), name),
    version: (name) => versions.get(name) ?? 0,
    touch,
    has: (name) => held.has(name),
    delete: remove,
    clear() {
      for (const name of [...held.keys()]) remove(name);
    },
  };
}

/** Bytes on the device as numbers of `dtype`. */
export function numbersFrom(bytes: ArrayBuffer, dtype: Dtype): NumberArray {
  if (dtype === 'i32') return new Int32Array(bytes);
  if (dtype === 'u32') return new Uint32Array(bytes);
  if (dtype === 'f16') return Float32Array.from(new Uint16Array(bytes), halfToFloat);
  return new Float32Array(bytes);
}
