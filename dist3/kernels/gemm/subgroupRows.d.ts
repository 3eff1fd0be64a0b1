import { type GemmVariant } from './problem.ts';
export interface SubgroupRowsTile {
    /** Rows of the result per workgroup, a multiple of 4 (or 1 or 2). */
    readonly rows: number;
    /** Columns per lane. */
    readonly columns: 1 | 2 | 4;
}
export declare const subgroupRows: GemmVariant<SubgroupRowsTile>;
