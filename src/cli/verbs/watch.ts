import { basename } from 'node:path';
import { type Arrived, arrivalsIn } from '../../data/arrivals.ts';
import { ImageLoader } from '../../data/index.ts';
import { FileError, harmless, ImageError, WgadError } from '../../errors.ts';
import { whileLocked } from '../../formats/fileLock.ts';
import { isThere, makeFolder } from '../../formats/regularFile.ts';
import { openRowLog, type RowLog } from '../../formats/rowLog.ts';
import { openWeights } from '../../formats/weightsFile.ts';
import { writeMaps } from '../../report/maps.ts';
import { frameIn } from '../../run/config.ts';
import { runFiles } from '../../run/folder.ts';
import { finiteMaps } from '../../score/finiteMaps.ts';
import { type Judgement, openJudge, verdictOn } from '../../score/judge.ts';
import { type SteadyScorer, steadyScorer } from '../../score/steadyScorer.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';

export interface WatchOptions {
  readonly folder: string;
  /** File that rows are appended to, and that says what was judged before. */
  readonly rows: string;
  /** Milliseconds that a file has to stay the same. */
  readonly settleMs: number;
  readonly out?: string | undefined;
  readonly saveMaps: boolean;
}

/** Least milliseconds between two scans of the folder; scanning takes at most a tenth of the time. */
const PAUSE_MS = 500;

/** Judges what arrives in a folder until a signal ends it. @returns the exit code. */
export function watchFolder(context: Context, judgement: Judgement, options: WatchOptions): Promise<number> {
  const words = { done: 'written', wait: 'end the other one, or name another --rows' };
  return whileLocked(options.rows, words, () => watch(context, judgement, options));
}

async function watch(context: Context, judgement: Judgement, options: WatchOptions): Promise<number> {
  const { folder, rows, settleMs, out } = options;
  const { signal } = context;
  const arrivals = arrivalsIn(folder, settleMs);
  let known = 0;
  const log = await openRowLog(rows, (line) => {
    arrivals.taken(fileOf(line, rows));
    known += 1;
  });
  if (out !== undefined) await makeFolder(out);
  // Held open, so that a device that is opened again judges by the same weights, whatever is in the folder then.
  const weights = await openWeights(runFiles(judgement.run).weights);
  const scorer = await steadyScorer(() => openJudge(judgement, context.gpu, weights), {
    failed: ({ message }) => context.say(`the device failed: ${message}`),
    reopened: () => context.say('the device is open again'),
  }).catch(async (error: unknown) => {
    await weights.close();
    throw error;
  });
  const loader = new ImageLoader({ ...frameIn(judgement.config), cacheBytes: 0, signal });
  const most = scorer.now!.atOnce;
  context.say(`watching ${folder}: ${known} images were judged before`);
  try {
    while (!signal.aborted) {
      const began = performance.now();
      const files = await arrivals.look(most);
      const looked = performance.now() - began;
      if (files.length > 0) {
        const job: Job = { context, judgement, options, scorer, loader, log };
        known += await judgeArrived(job, files, known);
      }
      if (files.length < most) await pause(Math.max(PAUSE_MS, 10 * looked), signal);
    }
    return EXIT.interrupted;
  } finally {
    scorer.close();
    await weights.close();
    await loader.close();
    await log.close();
  }
}

interface Job {
  readonly context: Context;
  readonly judgement: Judgement;
  readonly options: WatchOptions;
  readonly scorer: SteadyScorer;
  readonly loader: ImageLoader;
  readonly log: RowLog;
}

/** @param first number of the first row. @returns how many rows were appended. */
async function judgeArrived(job: Job, files: readonly Arrived[], first: number): Promise<number> {
  const { context, judgement, options, scorer, loader, log } = job;
  const began = performance.now();
  const loaded = await Promise.allSettled(files.map(({ path }) => loader.pixels(path)));
  context.signal.throwIfAborted();
  const good = loaded.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const scored = good.length > 0 ? await scorer.score(good) : [];
  const ms = (performance.now() - began) / Math.max(1, good.length);
  const lines: string[] = [];
  for (const [i, { path, bytes, modified }] of files.entries()) {
    const file = { bytes, modified };
    const each = loaded[i]!;
    try {
      if (each.status === 'rejected') throw each.reason;
      const image = finiteMaps(path, scored.shift()!);
      const maps =
        options.out === undefined
          ? undefined
          : await writeMaps({
              folder: options.out,
              index: first + lines.length,
              path,
              map: image.maps.get(judgement.aligned)!,
              frame: frameIn(judgement.config),
              scale: judgement.scale,
              raw: options.saveMaps,
            });
      const verdict = verdictOn(judgement, scorer.now!, image);
      lines.push(harmless(JSON.stringify({ path, ...verdict, ms, files: maps, file })));
    } catch (error) {
      if (!(error instanceof WgadError) || (error.code !== 'E_IMAGE' && error.code !== 'E_NOT_FINITE'))
        throw error;
      // It went away again before it was read.
      if (error instanceof ImageError && !(await isThere(path))) continue;
      context.say(`${basename(path)}: ${error.message}`);
      const { code, message } = error;
      lines.push(harmless(JSON.stringify({ path, error: { code, message }, file })));
    }
  }
  await log.append(lines);
  for (const line of lines) await context.line(line);
  return lines.length;
}

/** The file that a row is about. @throws FileError where the row is not one of these. */
function fileOf(line: string, rows: string): Arrived {
  try {
    const { path, file } = JSON.parse(line) as {
      path: unknown;
      file?: { bytes?: unknown; modified?: unknown };
    };
    const [bytes, modified] = [file?.bytes, file?.modified];
    if (typeof path === 'string' && typeof bytes === 'number' && typeof modified === 'number') {
      return { path, bytes, modified };
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new FileError(`${rows}: holds a line that \`predict --watch\` did not write`, {
    where: rows,
    fix: 'name another file with --rows',
  });
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((settle) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      settle();
    }
  });
