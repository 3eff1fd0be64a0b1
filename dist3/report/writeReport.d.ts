export interface ReportOptions {
    readonly run: string;
    /** Another data set than the one tested on; its image paths must be those of scores.csv. */
    readonly data?: string;
    readonly adapter?: string;
}
/** Writes `report.html` of a tested run; one file that needs nothing else. @returns its path. */
export declare function writeReport({ run, data, adapter }: ReportOptions): Promise<string>;
