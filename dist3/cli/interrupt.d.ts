/** First Ctrl-C or SIGTERM: finish the step, save, exit 130. Second: exit at once; files are whole anyway. */
export declare function watchInterrupts(): {
    signal: AbortSignal;
    release(): void;
};
