import { type DeviceFacts, type Kernel } from '../kernel.ts';
import { type GemmProblem, type GemmVariant } from './problem.ts';
/** All variants, in the order in which they are asked for a guess. Tests and tuning walk this list. */
export declare const GEMM_VARIANTS: {
    readonly plain: GemmVariant<import("./plain.ts").PlainTile>;
    readonly subgroupRows: GemmVariant<import("./subgroupRows.ts").SubgroupRowsTile>;
    readonly blocked: GemmVariant<import("./blocked.ts").BlockedTile>;
};
/** A variant and its tile: serialisable, so that a tuning table can hold it. */
export interface GemmChoice {
    readonly variant: keyof typeof GEMM_VARIANTS;
    readonly tile: object;
}
/** The rule that chooses where nothing was measured. */
export declare function chooseGemm(problem: GemmProblem, device: DeviceFacts): GemmChoice;
export declare function buildGemm(problem: GemmProblem, device: DeviceFacts, choice?: GemmChoice): Kernel;
/** Into how many parts a long sum is cut so that the adapter has work for all its cores. 1: not at all. */
export declare function splitsFor(problem: GemmProblem, device: DeviceFacts): number;
/**
 * The problem with its sum cut into `splits` parts, each stored in a row of its own of a scratch array, and the
 * kernel that adds the rows in order (so the result does not depend on timing) and applies the epilogue.
 */
export declare function splitK(problem: GemmProblem, splits: number): {
    partial: GemmProblem;
    total: Kernel;
    words: number;
};
