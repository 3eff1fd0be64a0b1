import type { RunConfig } from './config.ts';
/** The files of a run; names are part of the public interface. */
export declare const runFiles: (run: string) => {
    config: string;
    weights: string;
    checkpoint: string;
    log: string;
    results: string;
    scores: string;
    report: string;
};
/** Identifies what a checkpoint belongs to: everything but where the run happens to be computed. */
export declare const configHash: ({ adapter: _, ...config }: RunConfig) => string;
/** Makes the folder and writes the resolved configuration. @throws ConfigError where another run lies there. */
export declare function startRun(run: string, config: RunConfig, resume: boolean): Promise<void>;
export declare function readRunConfig(run: string): Promise<RunConfig>;
export declare const logLine: (run: string, entry: object) => Promise<void>;
