import { type Protocol } from '../train/testRun.ts';
/** The part of results.json that the tables show. */
interface TableSource {
    readonly protocols: {
        readonly 'absolute-unified': Readonly<Record<string, Four>>;
        readonly 'model-unified': Readonly<Record<string, {
            readonly mean: Four;
            readonly classes: Readonly<Record<string, Four>>;
        }>>;
    };
}
interface Four {
    readonly iAuroc: number | null;
    readonly iAp: number | null;
    readonly pAuroc: number | null;
    readonly pAp: number | null;
}
export type TableRow = readonly string[];
/** The paper's Table 1: a column per alignment, AUROC / AP in percent; the first row is the heading. */
export declare function tableRows({ protocols }: TableSource, shown?: readonly Protocol[]): TableRow[];
/** Each class by itself: a row per class, two columns per alignment. */
export declare function classTableRows({ protocols }: TableSource): TableRow[];
/** Rows as aligned text for a terminal. */
export declare function formatTable(rows: readonly TableRow[]): string;
export {};
