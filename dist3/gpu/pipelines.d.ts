/** What a pipeline needs to know of a binding. */
export interface BindingUse {
    readonly access: 'read' | 'write' | 'readWrite';
}
/** Compute pipelines by the text of their shader, and by nothing else: the text is all that they depend on. */
export interface PipelineCache {
    readonly size: number;
    /** Compiled asynchronously; two calls with one text share one compilation. Entry point `main`. */
    get(label: string, wgsl: string, bindings: readonly BindingUse[]): Promise<GPUComputePipeline>;
}
export declare function pipelineCache(device: GPUDevice): PipelineCache;
