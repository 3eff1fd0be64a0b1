import { type DatasetProblem, type Layout } from './dataset.ts';
export interface ClassCounts {
    readonly name: string;
    readonly train: number;
    readonly testNormal: number;
    readonly testAnomalous: number;
    /** Images per defect folder. */
    readonly defects: Readonly<Record<string, number>>;
    /** Native sizes, `900x900`, and how many images have each. */
    readonly sizes: Readonly<Record<string, number>>;
}
export interface CheckProblem {
    readonly kind: DatasetProblem['kind'] | 'duplicate' | 'empty-mask';
    readonly path: string;
    readonly message: string;
}
/** What `wgad data check` reports. */
export interface DatasetReport {
    readonly root: string;
    readonly layout: Layout;
    readonly classes: readonly ClassCounts[];
    readonly images: number;
    /** What keeps the set from being trained on and tested. */
    readonly problems: readonly CheckProblem[];
    /** What is odd but usable: duplicates across train and test, masks without a single anomalous pixel. */
    readonly warnings: readonly CheckProblem[];
}
/**
 * Reads every image and mask of a data set and lists all that is wrong with it. A folder of images without a
 * known layout is checked too, as `predict` would read it; its missing layout is one of the problems.
 * @throws DatasetError only where there is no such folder.
 */
export declare function checkDataset(root: string, onProgress?: (done: number, total: number) => void): Promise<DatasetReport>;
/** The report as plain text, for people. */
export declare function formatReport(report: DatasetReport): string;
