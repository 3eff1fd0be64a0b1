import type { Graph } from '../graph/graph.ts';
import type { StateDict } from '../nn/init.ts';
import { type OptimiserConfig } from '../nn/optimiser.ts';
import type { NetworkLayout } from '../nn/trainable.ts';
import { type Executable } from '../runtime/executable.ts';
import { type Gpu } from '../runtime/gpu.ts';
import { type StateStore } from '../runtime/state.ts';
/** A device with the state of one model on it: networks are loaded, plans compiled, weights read back. */
export interface Session {
    readonly gpu: Gpu;
    readonly state: StateStore;
    compile(label: string, graph: Graph): Promise<Executable>;
    /** Puts a network's tensors on the device. @throws WeightsError listing all that do not fit. */
    load(layout: NetworkLayout, tensors: StateDict, where?: string): void;
    /** Zeroes the optimiser's slabs for a network. */
    startOptimiser(layout: NetworkLayout, optimiser: OptimiserConfig): void;
    /** A network's tensors as they are on the device now. */
    save(layout: NetworkLayout): Promise<StateDict>;
    /** The raw slabs by name, for a checkpoint. */
    readSlabs(names: readonly string[]): Promise<Map<string, Float32Array>>;
    close(): void;
}
export declare function openSession(adapter?: string): Promise<Session>;
/** Names of everything an interrupted training of `layout` needs to go on. */
export declare const trainingSlabs: (layout: NetworkLayout, optimiser: OptimiserConfig) => string[];
