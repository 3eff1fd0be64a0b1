import { SingleBar } from 'cli-progress';
const LINE_EVERY_MS = 5000;
/** See `Progress`. */
export function progressTo(stream, label, quiet) {
    if (quiet)
        return { update() { }, finish() { } };
    return stream.isTTY ? bar(stream, label) : lines(stream, label);
}
function bar(stream, label) {
    const format = `${label} [{bar}] {value}/{total} {note} ETA {eta_formatted}`;
    const single = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: false });
    let started = false;
    return {
        update(done, total, note = '') {
            if (!started)
                single.start(total, 0, { note });
            started = true;
            single.update(done, { note });
        },
        finish: () => single.stop(),
    };
}
function lines(stream, label) {
    const start = performance.now();
    let last = Number.NEGATIVE_INFINITY;
    return {
        update(done, total, note = '') {
            const now = performance.now();
            if (now - last < LINE_EVERY_MS && done !== total)
                return;
            last = now;
            const left = done > 0 ? Math.round(((now - start) / 1000 / done) * (total - done)) : 0;
            stream.write(`${label} ${done}/${total} ${note} ${left} s left\n`);
        },
        finish() { },
    };
}
//# sourceMappingURL=progress.js.map