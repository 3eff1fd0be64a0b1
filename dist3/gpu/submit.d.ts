/** One compute dispatch, ready to be encoded. */
export interface Dispatch {
    readonly label: string;
    readonly pipeline: GPUComputePipeline;
    readonly bindGroup: GPUBindGroup;
    readonly grid: readonly [number, number, number];
    /** Relative cost, for splitting a long step into several submits. */
    readonly cost: number;
}
export interface BufferCopy {
    readonly from: GPUBuffer;
    readonly fromOffset: number;
    readonly to: GPUBuffer;
    readonly toOffset: number;
    readonly bytes: number;
}
/** A dispatch list in pieces, each of which should keep the device busy for at most `budget` cost. */
export declare function chunkDispatches(dispatches: readonly Dispatch[], budget: number): Dispatch[][];
/** One encoder, one compute pass, one submit: the dispatches in order, then the copies. */
export declare function submit(device: GPUDevice, label: string, dispatches: readonly Dispatch[], copies?: readonly BufferCopy[]): void;
