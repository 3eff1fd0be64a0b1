import { type Value } from '../graph/value.ts';
import type { StateDict } from './init.ts';
import type { ParameterSpec } from './layers.ts';
/** Many tensors side by side in one buffer, so that an optimiser updates them all in one dispatch. */
export interface SlabLayout {
    readonly name: string;
    readonly specs: readonly ParameterSpec[];
    readonly offsets: ReadonlyMap<string, number>;
    readonly length: number;
}
export declare function slabLayout(name: string, specs: readonly ParameterSpec[]): SlabLayout;
/** A slab as a state value, and its tensors as views of it; the same view for the same name. */
export interface SlabValues {
    readonly slab: Value;
    view(name: string): Value;
}
export declare function slabValues(layout: SlabLayout, stateName?: string): SlabValues;
/**
 * The slab's numbers from named tensors. @throws WeightsError listing everything missing or mis-shaped.
 * @param where what `tensors` came from, for the message.
 */
export declare function packSlab(layout: SlabLayout, tensors: StateDict, where?: string): Float32Array;
export declare function unpackSlab(layout: SlabLayout, data: Float32Array): StateDict;
