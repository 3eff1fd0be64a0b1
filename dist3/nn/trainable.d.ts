import type { Value } from '../graph/value.ts';
import { type Layers, type ParameterSpec } from './layers.ts';
import { type SlabLayout, type SlabValues } from './slab.ts';
/** The two slabs of a network: what an optimiser updates, and the running statistics. */
export interface NetworkLayout {
    readonly parameters: SlabLayout;
    readonly buffers: SlabLayout;
}
export declare function networkLayout(name: string, specs: readonly ParameterSpec[]): NetworkLayout;
/** A network's tensors as state values, and its layers reading from them. */
export interface BoundNetwork {
    readonly layers: Layers;
    readonly parameters: SlabValues;
    /** The trained tensors in slab order, to differentiate with respect to. */
    readonly trained: readonly Value[];
    /** The effect that averages this step's batch statistics in; call after the forward pass was traced. */
    statisticsUpdate(): Value[];
}
export declare function bindNetwork(layout: NetworkLayout, options: {
    training: boolean;
    key?: Value;
}): BoundNetwork;
