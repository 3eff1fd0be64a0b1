import { basename, join, resolve } from 'node:path';
import { ImageLoader, imagesToScore } from '../../data/index.ts';
import { ConfigError, harmless, WgadError } from '../../errors.ts';
import { atomicFile } from '../../formats/atomicFile.ts';
import { folderPlace, makeFolder, requireWritable } from '../../formats/regularFile.ts';
import { sha256Of } from '../../formats/sha256.ts';
import { ROWS_FILE } from '../../parts/rows.ts';
import { finishPart, planPart } from '../../parts/writePart.ts';
import { writeMaps } from '../../report/maps.ts';
import { frameIn } from '../../run/config.ts';
import { runFiles } from '../../run/folder.ts';
import type { ScoringChoice } from '../../run/scoredAs.ts';
import { finiteMaps } from '../../score/finiteMaps.ts';
import { type Judgement, openJudge, readJudgement, verdictOn } from '../../score/judge.ts';
import type { ScoredImage } from '../../score/scoredImage.ts';
import type { Scorer } from '../../score/scorerOn.ts';
import { VERSION } from '../../version.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { integer, real } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { addScoringFlags } from '../settingFlags.ts';
import { addShardFlags, partResult, type ShardFlags } from '../shardFlags.ts';
import type { AddVerb } from '../verb.ts';
import { formatThreshold } from './threshold.ts';
import { watchFolder } from './watch.ts';

interface PredictFlags extends ScoringChoice<'judge'>, ShardFlags {
  out?: string;
  threshold?: number;
  batch?: number;
  saveMaps?: boolean;
  times: boolean;
  watch?: string;
  rows?: string;
  settle: number;
}

export const predictVerb: AddVerb = (program, run) => {
  const verb = program
    .command('predict <run> [path...]')
    .description(
      'one JSON line per image: score, calibrated score, verdict, predicted normal level (u_hat, gamma_hat) and the mean that it has (u), and whether these are unlike all that the run was trained on (unfamiliar); a bad image is a line with its error, exit 3',
    )
    .option('--out <dir>', 'folder for a heat map and an overlay of each image')
    .option(
      '--threshold <x>',
      'calibrated scores at or above it are anomalous; default: what `wgad threshold` stored',
      real('--threshold', Number.NEGATIVE_INFINITY),
    )
    .option('--batch <n>', BATCH_HELP, integer('--batch', 1))
    .option('--save-maps', 'with --out: the raw maps too, as 16-bit PNG')
    .option('--no-times', 'leave out what the clock says: the same bytes each time')
    .option('--watch <dir>', 'judge images as they arrive in this folder, until a signal; a restart goes on')
    .option(
      '--rows <file>',
      'with --watch: file that rows are appended to, and that says what is judged already',
    )
    .option(
      '--settle <ms>',
      'with --watch: a file is whole once its size and time have stayed the same for so long',
      real('--settle', 0, 3_600_000),
      1000,
    );
  addScoringFlags(verb, 'judge');
  addShardFlags(verb);
  verb
    .addHelpText('after', '\nExample:\n  wgad predict runs/first photos/ --threshold 0.9 --out maps')
    .action((folder: string, paths: string[], flags: PredictFlags) =>
      run(async (context) => {
        if (flags.saveMaps && flags.out === undefined) {
          throw new ConfigError('--save-maps expects --out: nothing says where to write the maps', {
            fix: 'add --out with the folder for them',
          });
        }
        if ((flags.watch === undefined) === (paths.length === 0)) {
          throw new ConfigError(
            paths.length === 0 ? 'predict expects images, or --watch' : '--watch expects no other paths',
            { fix: 'name images and folders, or one folder with --watch' },
          );
        }
        if (flags.watch !== undefined) return watchWith(context, folder, flags.watch, flags);
        if (flags.rows !== undefined)
          throw new ConfigError('--rows is for --watch', { fix: 'rows go to stdout' });
        if (flags.out !== undefined) {
          await requireOutside('--out', flags.out, paths);
          await folderPlace(flags.out);
        }
        if (flags.shard) await requireOutside('--parts', flags.parts, paths);
        const judgement = await readJudgement(folder, flags);
        sayThreshold(context, judgement);
        // A missing image becomes a row with its error, like any other bad image.
        const images = await imagesToScore(paths, (folder, count) =>
          context.say(`${folder}: ${count} masks are not scored`),
        );
        const job: Job = { context, judgement, flags };
        const all: Numbered[] = images.map((path, index) => ({ path, index }));
        const skipped = flags.shard ? await predictPart(job, all, flags.shard) : await predictAll(job, all);
        if (skipped > 0) context.say(`${skipped} images were skipped`);
        return skipped > 0 ? EXIT.skipped : EXIT.done;
      }),
    );
};

async function watchWith(
  context: Context,
  run: string,
  watched: string,
  flags: PredictFlags,
): Promise<number> {
  const { rows, out, saveMaps = false, settle, shard } = flags;
  if (rows === undefined) {
    throw new ConfigError('--watch expects --rows: nothing says where to append rows', {
      fix: 'add --rows with a file, which a restart goes on with',
    });
  }
  if (shard) throw new ConfigError('--watch has no parts', { fix: 'leave out --shard' });
  await requireOutside('--rows', rows, [watched]);
  await requireWritable(rows);
  if (out !== undefined) {
    await requireOutside('--out', out, [watched]);
    await folderPlace(out);
  }
  const judgement = await readJudgement(run, flags);
  sayThreshold(context, judgement);
  return watchFolder(context, judgement, {
    folder: resolve(watched),
    rows,
    settleMs: settle,
    out,
    saveMaps,
  });
}

/** Help of `--batch`, which `predict` and `serve` share. */
export const BATCH_HELP =
  'images, or tiles, judged at once; default: the batch of the training. Another batch may round the last digits of a score differently';

/** Names the threshold in use, and what is odd about it. */
export function sayThreshold(context: Context, { stored, notes }: Judgement): void {
  if (stored) context.say(formatThreshold(stored));
  for (const note of notes) context.say(note);
}

interface Job {
  readonly context: Context;
  readonly judgement: Judgement;
  readonly flags: PredictFlags;
}

/** An image and its place among all that were named. */
interface Numbered {
  readonly path: string;
  readonly index: number;
}

/** All images to stdout. @returns how many were skipped. */
async function predictAll(job: Job, images: readonly Numbered[]): Promise<number> {
  const { context, flags } = job;
  const { skipped } = await predictEach(job, images, async (row) => {
    const read = await context.line(row);
    // The reader closed stdout and no maps are wanted: stop.
    return read || flags.out !== undefined;
  });
  return skipped;
}

/** A part of them into its folder, unless it is there already. @returns how many of its images were skipped. */
async function predictPart(
  job: Job,
  images: readonly Numbered[],
  shard: NonNullable<PredictFlags['shard']>,
): Promise<number> {
  const { context, judgement, flags } = job;
  const { config, threshold, aligned, scale, run } = judgement;
  const { out, saveMaps = false } = flags;
  const plan = await planPart(
    flags.parts,
    shard,
    images.map(({ path }) => ({ name: path, path })),
    {
      kind: 'predict',
      version: VERSION,
      weights: await sha256Of(runFiles(run).weights),
      settings: { config, threshold, aligned, ...(out !== undefined && { out, saveMaps, scale }) },
    },
  );
  const { folder, done } = plan;
  if (done) {
    partResult(context, { manifest: done, folder });
    return done.skipped;
  }
  let made = { skipped: 0, adapter: '', batch: 0 };
  await atomicFile(join(folder, ROWS_FILE), async (write) => {
    const own = plan.places.map((place) => images[place]!);
    made = await predictEach(job, own, async (row) => {
      await write(`${harmless(row)}\n`);
      return true;
    });
  });
  const manifest = await finishPart(plan, { ...made, names: [ROWS_FILE] });
  partResult(context, { manifest, folder });
  return made.skipped;
}

/** @param take gets the row of each image; false: no more are wanted. */
async function predictEach(
  { context, judgement, flags }: Job,
  images: readonly Numbered[],
  take: (row: string) => Promise<boolean>,
): Promise<{ skipped: number; adapter: string; batch: number }> {
  const frame = frameIn(judgement.config);
  const timed = flags.times && flags.shard === undefined;
  const scorer = await openJudge(judgement, context.gpu);
  if (flags.out) await makeFolder(flags.out);
  const progress = context.progress('predicting');
  let skipped = 0;
  // Decoding large images takes seconds; an interrupt must not wait for it.
  const loader = new ImageLoader({ ...frame, cacheBytes: 0, signal: context.signal });
  let wanted = true;
  const { atOnce } = scorer;
  const load = (first: number): Promise<Loaded[]> => loadAll(images.slice(first, first + atOnce), loader);
  let next = load(0);
  for (let first = 0; first < images.length && wanted; first += atOnce) {
    context.signal.throwIfAborted();
    const started = performance.now();
    const loaded = await next;
    // The next images are decoded while the device works on these.
    if (first + atOnce < images.length) next = load(first + atOnce);
    const rows = await scoreLoaded(scorer, loaded);
    const ms = timed ? (performance.now() - started) / Math.max(1, rows.filter(isScored).length) : null;
    for (const [i, row] of rows.entries()) {
      const { path, index } = loaded[i]!;
      if (!isScored(row)) {
        skipped += 1;
        context.say(`skipped ${basename(path)}: ${row.error.message}`);
        wanted = await take(JSON.stringify({ path, error: row.error }));
        continue;
      }
      const files = flags.out
        ? await writeMaps({
            folder: flags.out,
            index,
            path,
            map: row.maps.get(judgement.aligned)!,
            frame,
            scale: judgement.scale,
            raw: flags.saveMaps ?? false,
          })
        : undefined;
      wanted = await take(JSON.stringify({ path, ...verdictOn(judgement, scorer, row), ms, files }));
    }
    progress.update(Math.min(first + atOnce, images.length), images.length);
  }
  progress.finish();
  scorer.close();
  await loader.close();
  return { skipped, adapter: scorer.adapter, batch: scorer.batch };
}

type Row = ScoredImage | { readonly error: { readonly code: string; readonly message: string } };

const isScored = (row: Row): row is ScoredImage => !('error' in row);

interface Loaded extends Numbered {
  readonly image: PromiseSettledResult<Uint8Array>;
}

async function loadAll(images: readonly Numbered[], loader: ImageLoader): Promise<Loaded[]> {
  const pixels = await Promise.allSettled(images.map(({ path }) => loader.pixels(path)));
  return images.map((each, i) => ({ ...each, image: pixels[i]! }));
}

/** Good images are scored together; each bad one becomes its error. */
async function scoreLoaded(scorer: Scorer, loaded: readonly Loaded[]): Promise<Row[]> {
  const good = loaded.flatMap(({ image }) => (image.status === 'fulfilled' ? [image.value] : []));
  const scored = await scorer.score(
    good,
    good.map(() => 0),
  );
  return loaded.map(({ path, image }) => {
    if (image.status === 'fulfilled') return finiteMaps(path, scored.shift()!);
    const error: unknown = image.reason;
    if (!(error instanceof WgadError) || error.code !== 'E_IMAGE') throw error;
    return { error: { code: error.code, message: error.message } };
  });
}
