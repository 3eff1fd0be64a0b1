/** First Ctrl-C or SIGTERM: finish the step, save, exit 130. Second: exit at once; files are whole anyway. */
export function watchInterrupts() {
    const controller = new AbortController();
    const onSignal = () => {
        if (controller.signal.aborted)
            process.exit(130);
        process.stderr.write('wgad: stopping after this step; once more to stop at once\n');
        controller.abort();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    return {
        signal: controller.signal,
        release() {
            process.off('SIGINT', onSignal);
            process.off('SIGTERM', onSignal);
        },
    };
}
//# sourceMappingURL=interrupt.js.map