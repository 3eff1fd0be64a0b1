/** How the folders are named (evaluation.md 1); `folder` is images with no split, for `predict` alone. */
export type Layout = 'mvtec' | 'visa' | 'btad' | 'folder';
export interface Sample {
    /** Absolute. */
    readonly path: string;
    /** Relative to the data set's root, forward slashes. */
    readonly id: string;
    readonly className: string;
    /** The defect's folder; `good` where normal, whatever its folder is called. */
    readonly defect: string;
    readonly anomalous: boolean;
    /** Absolute; null where normal. */
    readonly maskPath: string | null;
}
export interface Dataset {
    readonly root: string;
    readonly layout: Layout;
    readonly classes: readonly string[];
    /** Normal images only. */
    readonly train: readonly Sample[];
    readonly test: readonly Sample[];
}
/** Something that keeps a data set from being used as it is. */
export interface DatasetProblem {
    readonly kind: 'layout' | 'no-train' | 'no-test' | 'missing-mask' | 'missing-file' | 'unreadable' | 'mask-size';
    readonly path: string;
    readonly message: string;
}
/** What a layout finds: as much as can be used, and all that is wrong. */
export interface Scan {
    readonly dataset: Dataset;
    readonly problems: readonly DatasetProblem[];
}
/**
 * Finds the layout of a data set from its folder names and lists its samples, classes and files sorted by
 * code point (evaluation.md 1.4).
 * @throws DatasetError for a folder that is missing or has no known layout, a class without normal training
 * or without test images, and an anomalous image without mask; all problems at once, up to ten.
 */
export declare function scanDataset(root: string): Promise<Dataset>;
/** The same, but problems inside a data set are returned. @throws DatasetError where there is no folder. */
export declare function scanForProblems(root: string): Promise<Scan>;
