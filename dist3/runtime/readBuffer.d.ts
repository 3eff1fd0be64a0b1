import type { Dtype } from '../graph/value.ts';
import type { Gpu } from './gpu.ts';
import { type NumberArray } from './state.ts';
/** The first `length` elements of a buffer, through a read-back buffer of its own: for results, not for steps. */
export declare function readBuffer(gpu: Gpu, from: GPUBuffer, length: number, dtype?: Dtype): Promise<NumberArray>;
