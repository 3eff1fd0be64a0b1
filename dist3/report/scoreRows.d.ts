/** One test image as `scores.csv` has it. */
export interface ScoreRow {
    readonly path: string;
    readonly className: string;
    readonly anomalous: boolean;
    /** Uncalibrated score. */
    readonly raw: number;
    /** Score after the run's first alignment; equals `raw` where there is none. */
    readonly calibrated: number;
}
/** @throws FileError where the file is missing or lacks a column. */
export declare function readScoreRows(path: string): Promise<ScoreRow[]>;
