import { type GemmVariant } from './problem.ts';
export interface PlainTile {
    readonly rows: number;
}
export declare const plain: GemmVariant<PlainTile>;
