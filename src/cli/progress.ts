import { SingleBar } from 'cli-progress';
import type { Progress } from './context.ts';

const LINE_EVERY_MS = 5000;

/** See `Progress`. */
export function progressTo(stream: NodeJS.WriteStream, label: string, quiet: boolean): Progress {
  if (quiet) return { update() {}, finish() {} };
  return stream.isTTY ? bar(stream, label) : lines(stream, label);
}

function bar(stream: NodeJS.WriteStream, label: string): Progress {
  const format = `${label} [{bar}] {value}/{total} {note} {rate} ETA {eta_formatted}`;
  const single = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: false });
  let began: number | undefined;
  return {
    update(done, total, note = '') {
      if (began === undefined) single.start(total, 0, { note, rate: '' });
      began ??= performance.now();
      const seconds = (performance.now() - began) / 1000;
      single.update(done, { note, rate: seconds > 0 ? `${(done / seconds).toPrecision(2)}/s` : '' });
    },
    finish: () => single.stop(),
  };
}

function lines(stream: NodeJS.WriteStream, label: string): Progress {
  const start = performance.now();
  let last = Number.NEGATIVE_INFINITY;
  return {
    update(done, total, note = '') {
      const now = performance.now();
      if (now - last < LINE_EVERY_MS && done !== total) return;
      last = now;
      const left = done > 0 ? Math.round(((now - start) / 1000 / done) * (total - done)) : 0;
      stream.write(`${label} ${done}/${total} ${note} ${left} s left\n`);
    },
    finish() {},
  };
}
