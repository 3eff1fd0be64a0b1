import { type Graph } from './graph.ts';
import type { Value } from './value.ts';
export declare const bytesOf: (value: Value) => number;
/** Whose memory a value is, and where in it. */
export interface Location {
    /** A leaf, a computed value, or a pack. */
    readonly root: Value;
    /** Bytes. */
    readonly offset: number;
}
/**
 * Resolves views and packs: most values own their memory; a view lies in its input's; an input of a pack is
 * computed straight into the pack's memory where it can be.
 */
export declare function resolveStorage(graph: Graph): {
    locate: (value: Value) => Location;
    /** Pack inputs that could not be placed: they must be copied. */
    copies: readonly {
        from: Value;
        to: Value;
        offset: number;
    }[];
};
