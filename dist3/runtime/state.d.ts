import type { BufferMaker } from '../gpu/buffers.ts';
import type { Dtype } from '../graph/value.ts';
import { type Shape } from '../shape.ts';
export type NumberArray = Float32Array | Int32Array | Uint32Array;
/** Persistent device buffers by name: weights, optimiser moments, running statistics. */
export interface StateStore {
    /** Makes (or overwrites) the buffer `name`. Data shorter than the shape is an error. */
    set(name: string, data: NumberArray, shape: Shape): void;
    buffer(name: string): GPUBuffer;
    /** How many numbers `name` was last set to hold; its buffer may be longer. */
    length(name: string): number;
    has(name: string): boolean;
    delete(name: string): void;
    clear(): void;
}
export declare function stateStore(device: GPUDevice, buffers: BufferMaker): StateStore;
/** Bytes on the device as numbers of `dtype`. */
export declare function numbersFrom(bytes: ArrayBuffer, dtype: Dtype): NumberArray;
