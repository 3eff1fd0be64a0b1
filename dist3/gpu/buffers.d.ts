/** Bytes and buffers in use; what `engine.memory()` reports. */
export interface MemoryCounters {
    live: number;
    peak: number;
    buffers: number;
}
/** Makes labelled buffers and counts them. No pool: the plan owns placement, so nothing is made per step. */
export interface BufferMaker {
    readonly counters: Readonly<MemoryCounters>;
    /** @throws LimitError where the device cannot hold it; says what was asked and what is allowed. */
    create(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer;
    destroy(buffer: GPUBuffer): void;
}
export declare function bufferMaker(device: GPUDevice): BufferMaker;
