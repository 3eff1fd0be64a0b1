/** What every verb gets beside its own arguments. */
export interface Context {
    readonly gpu: string | undefined;
    readonly seed: number;
    readonly json: boolean;
    readonly quiet: boolean;
    readonly verbose: boolean;
    /** Aborted at the first Ctrl-C. */
    readonly signal: AbortSignal;
    /** Machine-readable results, on stdout only with --json. */
    result(value: unknown, text: string): void;
    /** Talk, on stderr. */
    say(text: string): void;
    progress(label: string): Progress;
}
/** A bar on a terminal, a plain line at most every 5 s elsewhere, nothing with --quiet. */
export interface Progress {
    update(done: number, total: number, note?: string): void;
    finish(): void;
}
