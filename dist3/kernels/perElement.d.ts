import { type Binding, type Kernel } from './kernel.ts';
import { type Wgsl } from './wgsl.ts';
/** One invocation per index `i` below `total`, running `body`: the frame of every kernel without a loop plan. */
export declare function perElement(spec: {
    label: string;
    bindings: readonly Binding[];
    total: number;
    flops?: number;
    /** The layout comment. */
    layout: string;
    body: Wgsl;
}): Kernel;
