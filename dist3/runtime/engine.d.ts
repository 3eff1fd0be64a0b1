import type { AdapterDescription, OpenOptions } from '../gpu/open.ts';
import { type Dtype, type Value } from '../graph/value.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import { type Shape } from '../shape.ts';
import { type Gpu } from './gpu.ts';
import { type NumberArray } from './state.ts';
/** A tensor on the device. Ops take it wherever they take a value. */
export interface Tensor {
    readonly value: Value;
    readonly shape: Shape;
    readonly dtype: Dtype;
    /** Its numbers, row-major: waits for the device. */
    data(): Promise<NumberArray>;
    /** Frees its memory now instead of with the engine. */
    dispose(): void;
}
/** Opens a device and runs functions of values on it. */
export declare class Engine {
    #private;
    readonly gpu: Gpu;
    private constructor();
    /**
     * @param options `adapter`: part of a name or an index; `device`: bring your own (never destroyed here).
     * @throws GpuError E_NO_ADAPTER with what to do on this system.
     */
    static create(options?: OpenOptions): Promise<Engine>;
    get adapter(): AdapterDescription;
    get facts(): DeviceFacts;
    /** A device tensor from row-major numbers. dtype follows the array: Int32Array is i32, Uint32Array u32. */
    tensor(data: ArrayLike<number>, shape: Shape): Tensor;
    /**
     * `fn` traced once per set of argument shapes, planned, and replayed at every call.
     * @param fn a function of values; device tensors it captures are used in place.
     */
    compile<A extends readonly unknown[], R>(fn: (...args: A) => R, options?: {
        label?: string;
        fuse?: boolean;
    }): (...args: OnDevice<A>) => Promise<OnDevice<R>>;
    /** Bytes: in use now, the most so far; `buffers` counts them. Constant over repeated calls of one function. */
    memory(): {
        live: number;
        peak: number;
        buffers: number;
        pipelines: number;
    };
    /** Frees everything made here; a device that the caller brought stays open. */
    dispose(): void;
    [Symbol.dispose](): void;
}
/** The same structure with device tensors for values. */
export type OnDevice<T> = T extends Value ? Tensor : {
    [K in keyof T]: OnDevice<T[K]>;
};
