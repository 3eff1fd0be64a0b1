import type { Scan } from '../dataset.ts';
/** VisA as released (evaluation.md 1.2): the split, labels and masks stand in `split_csv/1cls.csv`. */
export declare function scanVisa(root: string): Promise<Scan>;
