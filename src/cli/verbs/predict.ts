import { basename } from 'node:path';
import { ImageLoader, imagesToScore } from '../../data/index.ts';
import { ConfigError, WgadError } from '../../errors.ts';
import { folderPlace, makeFolder } from '../../formats/regularFile.ts';
import { UNALIGNED } from '../../methods/alignments/index.ts';
import type { Precision } from '../../nn/trainable.ts';
import type { HeatScale } from '../../report/heatMap.ts';
import { writeMaps } from '../../report/maps.ts';
import { frameIn, gridIn } from '../../run/config.ts';
import { readFinishedRun } from '../../run/finished.ts';
import { type ImageChoice, imagesText, scoredAs } from '../../run/scoredAs.ts';
import type { RunConfig } from '../../run/settings.ts';
import { finiteMaps } from '../../score/finiteMaps.ts';
import type { ScoredImage } from '../../score/scoredImage.ts';
import { openScorer } from '../../score/scorer.ts';
import type { Scorer } from '../../score/scorerOn.ts';
import { servedAlignment } from '../../score/storedThreshold.ts';
import { readResults } from '../../score/testRun.ts';
import { readThreshold } from '../../score/thresholdRun.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { real } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { addScoringFlags } from '../settingFlags.ts';
import type { AddVerb } from '../verb.ts';
import { formatThreshold } from './threshold.ts';

interface PredictFlags extends ImageChoice {
  out?: string;
  threshold?: number;
  saveMaps?: boolean;
  precision?: Precision;
}

export const predictVerb: AddVerb = (program, run) => {
  const verb = program
    .command('predict <run> <path...>')
    .description(
      'one JSON line per image: score, calibrated score, verdict, predicted normal level (u_hat, gamma_hat) and the mean that it has (u), and whether these are unlike all that the run was trained on (unfamiliar); a bad image is a line with its error, exit 3',
    )
    .option('--out <dir>', 'folder for a heat map and an overlay of each image')
    .option(
      '--threshold <x>',
      'calibrated scores at or above it are anomalous; default: what `wgad threshold` stored',
      real('--threshold', Number.NEGATIVE_INFINITY),
    )
    .option('--save-maps', 'with --out: the raw maps too, as 16-bit PNG');
  addScoringFlags(verb);
  verb
    .addHelpText('after', '\nExample:\n  wgad predict runs/first photos/ --threshold 0.9 --out maps')
    .action((folder: string, paths: string[], flags: PredictFlags) =>
      run(async (context) => {
        if (flags.saveMaps && flags.out === undefined) {
          throw new ConfigError('--save-maps expects --out: nothing says where to write the maps', {
            fix: 'add --out with the folder for them',
          });
        }
        if (flags.out !== undefined) {
          await requireOutside('--out', flags.out, paths);
          await folderPlace(flags.out);
        }
        const trained = await readFinishedRun(folder);
        const { precision, size, tile, tileOverlap } = flags;
        const config = scoredAs(trained, { precision, size, tile, tileOverlap });
        // A missing image becomes a row with its error, like any other bad image.
        const images = await imagesToScore(paths, (folder, count) =>
          context.say(`${folder}: ${count} masks are not scored`),
        );
        const batch = Math.min(config.batch, images.length * gridIn(config).count);
        const aligned = servedAlignment(config);
        const threshold = await thresholdFor(context, folder, { trained, config }, flags.threshold);
        const scorer = await openScorer(
          folder,
          { ...config, batch },
          { gpu: context.gpu, alignments: [...new Set([UNALIGNED, aligned])] },
        );
        if (flags.out) await makeFolder(flags.out);
        const scale = await scaleOf(folder, aligned);
        const progress = context.progress('predicting');
        let skipped = 0;
        // Decoding large images takes seconds; an interrupt must not wait for it.
        const loader = new ImageLoader({ ...frameIn(config), cacheBytes: 0, signal: context.signal });
        let read = true;
        const { atOnce } = scorer;
        const load = (first: number): Promise<Loaded[]> =>
          loadAll(images.slice(first, first + atOnce), loader);
        let next = load(0);
        for (let first = 0; first < images.length; first += atOnce) {
          context.signal.throwIfAborted();
          const started = performance.now();
          const loaded = await next;
          // Decoded while the device works on these.
          if (first + atOnce < images.length) next = load(first + atOnce);
          const rows = await predictAll(scorer, loaded, started);
          for (const [i, row] of rows.entries()) {
            const { path } = loaded[i]!;
            if ('error' in row) {
              skipped += 1;
              context.say(`skipped ${basename(path)}: ${row.error.message}`);
              read = await context.line(JSON.stringify({ path, error: row.error }));
              continue;
            }
            const { scored, ms } = row;
            const files = flags.out
              ? await writeMaps({
                  folder: flags.out,
                  index: first + i,
                  path,
                  map: scored.maps.get(aligned)!,
                  frame: frameIn(config),
                  scale,
                  raw: flags.saveMaps ?? false,
                })
              : undefined;
            const calibrated = scored.scores.get(aligned)!;
            const verdict = threshold === null ? null : verdictOf(calibrated, threshold);
            const prediction = scored.statistics.get(aligned) ?? null;
            const line = {
              path,
              score: scored.scores.get(UNALIGNED),
              calibrated,
              verdict,
              u_hat: prediction?.[0] ?? null,
              gamma_hat: prediction?.[1] ?? null,
              u: scored.u,
              unfamiliar: scorer.unfamiliar(scored),
              ms,
              files,
            };
            read = await context.line(JSON.stringify(line));
          }
          progress.update(Math.min(first + atOnce, images.length), images.length);
          // The reader closed stdout and no maps are wanted: stop.
          if (!read && flags.out === undefined) break;
        }
        progress.finish();
        scorer.close();
        await loader.close();
        reportSkipped(context, skipped);
        return skipped > 0 ? EXIT.skipped : EXIT.done;
      }),
    );
};

type Row =
  | { readonly scored: ScoredImage; readonly ms: number }
  | { readonly error: { readonly code: string; readonly message: string } };

interface Loaded {
  readonly path: string;
  readonly image: PromiseSettledResult<Uint8Array>;
}

async function loadAll(paths: readonly string[], loader: ImageLoader): Promise<Loaded[]> {
  const images = await Promise.allSettled(paths.map((path) => loader.pixels(path)));
  return images.map((image, i) => ({ path: paths[i]!, image }));
}

/** Good images are scored together; each bad one becomes a row with its error. */
async function predictAll(scorer: Scorer, loaded: readonly Loaded[], started: number): Promise<Row[]> {
  const good = loaded.flatMap(({ image }) => (image.status === 'fulfilled' ? [image.value] : []));
  const scored = await scorer.score(
    good,
    good.map(() => 0),
  );
  const ms = (performance.now() - started) / Math.max(1, good.length);
  return loaded.map(({ path, image }) => {
    if (image.status === 'fulfilled') return { scored: finiteMaps(path, scored.shift()!), ms };
    const error: unknown = image.reason;
    if (!(error instanceof WgadError) || error.code !== 'E_IMAGE') throw error;
    return { error: { code: error.code, message: error.message } };
  });
}

/** The flag's threshold, or the run's stored one, or null. */
async function thresholdFor(
  context: Context,
  run: string,
  { trained, config }: { readonly trained: RunConfig; readonly config: RunConfig },
  flag: number | undefined,
): Promise<number | null> {
  if (flag !== undefined) return flag;
  const stored = await readThreshold(run);
  if (stored) context.say(formatThreshold(stored));
  const { precision = 'f32' } = config;
  const { precision: found = 'f32', sized = imagesText(trained) } = stored ?? {};
  if (stored && found !== precision) {
    context.say(
      `the threshold was found with scores in ${found}, these are in ${precision}: close calls may differ`,
    );
  }
  if (stored && sized !== imagesText(config)) {
    context.say(
      `the threshold was found with images of ${sized}, these are of ${imagesText(config)}: scores may differ`,
    );
  }
  return stored?.value ?? null;
}

const verdictOf = (score: number, threshold: number): 'anomalous' | 'normal' =>
  score >= threshold ? 'anomalous' : 'normal';

/** Colour scale from the last test of this run; without one, 0 to 1 of the calibrated map. */
async function scaleOf(run: string, aligned: string): Promise<HeatScale> {
  const results = await readResults(run).catch(() => null);
  return results?.mapScale[aligned] ?? { low: 0, high: 1 };
}

function reportSkipped(context: Context, skipped: number): void {
  if (skipped > 0) context.say(`${skipped} images were skipped`);
}
