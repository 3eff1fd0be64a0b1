/** What the process tells its caller; part of the public interface. */
export declare const EXIT: {
    readonly done: 0;
    readonly failed: 1;
    readonly usage: 2;
    readonly skipped: 3;
    readonly noAdapter: 4;
    readonly device: 5;
    readonly interrupted: 130;
};
export declare function exitCodeOf(error: unknown): number;
