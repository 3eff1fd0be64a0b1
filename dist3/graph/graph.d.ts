import { type Value } from './value.ts';
/** What a plan must compute: named results, then in-place updates of state, in this order. */
export interface Graph {
    readonly outputs: ReadonlyMap<string, Value>;
    /** Values of ops that update state; they run after every other value. */
    readonly effects: readonly Value[];
}
export declare const rootsOf: (graph: Graph) => Value[];
export declare const valuesOf: (graph: Graph) => Value[];
/** How many users each value has; being an output counts as one. */
export declare function useCounts(graph: Graph): Map<Value, number>;
/** The users of each value, in order. */
export declare function usersOf(graph: Graph): Map<Value, Value[]>;
/** `value` over other inputs. Leaves keep their identity, everything else gets a new id, so order is kept. */
export declare function remake(value: Value, inputs: readonly Value[], attrs?: Readonly<Record<string, unknown>>): Value;
/**
 * A graph in which each value is what `visit` made of it. `visit` gets the old value and its new inputs and
 * returns a value of the same shape; values are visited inputs first.
 */
export declare function rewrite(graph: Graph, visit: (value: Value, inputs: readonly Value[]) => Value): Graph;
