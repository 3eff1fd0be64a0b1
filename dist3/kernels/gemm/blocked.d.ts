import { type GemmVariant } from './problem.ts';
export interface BlockedTile {
    /** Rows and columns of the result per workgroup; multiples of 16. */
    readonly m: number;
    readonly n: number;
    /** Depth of the tiles in workgroup memory. */
    readonly k: 8 | 16;
}
export declare const blocked: GemmVariant<BlockedTile>;
