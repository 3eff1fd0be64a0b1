/**
 * A program is a chain of pointwise functions as data: what the elementwise pass fuses, what epilogues splice
 * into a matmul's store and prologues into a reduction's load.
 */
import { type PointwiseName } from './pointwiseTable.ts';
import { type Wgsl } from './wgsl.ts';
/** One function call. Arguments 0..inputs-1 are the program's inputs, inputs+i is the result of step i. */
export interface Step {
    readonly fn: PointwiseName;
    readonly args: readonly number[];
    /** Literal parameters of the function, in its table's order (clamp: low, high). */
    readonly params: readonly number[];
}
/** Its result is the last step's. */
export interface Program {
    readonly inputs: number;
    readonly steps: readonly Step[];
}
/** Shorter than the text of the steps, and enough to tell two programs apart in a profile. */
export declare const programLabel: (program: Program) => string;
export declare const programFlops: (program: Program) => number;
/**
 * The program as statements over `inputs` (WGSL expressions of type f32), and the name of its result.
 * `prefix` keeps the names of two programs in one shader apart.
 */
export declare function programText(program: Program, inputs: readonly string[], prefix?: string): {
    statements: Wgsl;
    result: string;
};
