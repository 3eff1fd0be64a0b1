import { type Value } from '../graph/value.ts';
import type { Shape } from '../shape.ts';
import { type Array64 } from './float64.ts';
/** One op on numbers of its own, and the same in float64. */
export interface OpCheck {
    readonly name: string;
    readonly inputs: readonly Shape[];
    readonly run: (...inputs: Value[]) => Value;
    readonly reference: (...inputs: Array64[]) => Float64Array;
}
/** One of each kind of kernel, at sizes that are no multiple of a tile. */
export declare const OP_CHECKS: readonly OpCheck[];
/** The inputs of a check as values, named by place. */
export declare const checkInputs: ({ inputs }: OpCheck) => Value[];
