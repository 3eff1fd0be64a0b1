import type { WeightsFile } from '../formats/weightsFile.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { UNALIGNED } from '../methods/alignments/index.ts';
import { readFinishedRun } from '../run/finished.ts';
import { imagesText, type ScoringChoice, scoredAs } from '../run/scoredAs.ts';
import type { RunConfig } from '../run/settings.ts';
import type { GpuRequest } from '../runtime/session.ts';
import type { ScoredImage } from './scoredImage.ts';
import { openScorer } from './scorer.ts';
import type { Scorer } from './scorerOn.ts';
import { type StoredThreshold, servedAlignment } from './storedThreshold.ts';
import { readResults } from './testRun.ts';
import { readThreshold } from './thresholdRun.ts';

/** What is said of one image, in this order. */
export interface Verdict {
  readonly score: number;
  readonly calibrated: number;
  /** Null where the run has no threshold and none was given. */
  readonly verdict: 'anomalous' | 'normal' | null;
  /** The normal level that the alignment predicts; null without one. */
  readonly u_hat: number | null;
  readonly gamma_hat: number | null;
  /** The map's own mean. */
  readonly u: number;
  /** Whether the image is unlike all that the run was trained on; null where that is not known. */
  readonly unfamiliar: boolean | null;
}

/** How a run judges, before a device is opened. */
export interface Judgement {
  readonly run: string;
  readonly config: RunConfig;
  /** The alignment whose score is `calibrated`. */
  readonly aligned: Alignment;
  /** Calibrated scores at or above it are anomalous; null: no verdict. */
  readonly threshold: number | null;
  /** What `wgad threshold` stored in the run. */
  readonly stored: StoredThreshold | null;
  /** For the user: where the stored threshold was found with other settings than scores are made with here. */
  readonly notes: readonly string[];
  /** Colour scale of heat maps: that of the run's last test; without one, 0 to 1 of the calibrated map. */
  readonly scale: { readonly low: number; readonly high: number };
}

export interface JudgementChoice extends ScoringChoice<'judge'> {
  /** In place of the stored one. */
  readonly threshold?: number | undefined;
  /** Images, or tiles, per replay; default the run's. Another batch may round scores differently. */
  readonly batch?: number | undefined;
}

/** @throws as `readFinishedRun`, `scoredAs` and `readThreshold`. */
export async function readJudgement(run: string, choice: JudgementChoice = {}): Promise<Judgement> {
  const trained = await readFinishedRun(run);
  const { batch } = choice;
  const asked = scoredAs(trained, 'judge', choice);
  const config = batch === undefined ? asked : { ...asked, batch };
  const stored = choice.threshold === undefined ? await readThreshold(run) : null;
  const aligned = servedAlignment(config);
  const results = await readResults(run).catch(() => null);
  return {
    run,
    config,
    aligned,
    threshold: choice.threshold ?? stored?.value ?? null,
    stored,
    notes: stored ? notesOn(stored, trained, config) : [],
    scale: results?.mapScale?.[aligned] ?? { low: 0, high: 1 },
  };
}

function notesOn(stored: StoredThreshold, trained: RunConfig, config: RunConfig): string[] {
  const { precision = 'f32' } = config;
  const { precision: found = 'f32', sized = imagesText(trained) } = stored;
  const notes: string[] = [];
  if (found !== precision) {
    notes.push(
      `the threshold was found with scores in ${found}, these are in ${precision}: close calls may differ`,
    );
  }
  if (sized !== imagesText(config)) {
    notes.push(
      `the threshold was found with images of ${sized}, these are of ${imagesText(config)}: scores may differ`,
    );
  }
  return notes;
}

/** The run on a device, to score what will be judged. @param weights as for `openScorer`. */
export const openJudge = (
  { run, config, aligned }: Judgement,
  gpu?: GpuRequest,
  weights?: WeightsFile,
): Promise<Scorer> =>
  openScorer(run, config, { gpu, weights, alignments: [...new Set([UNALIGNED, aligned])] });

/** What is said of an image that `scorer` scored. */
export function verdictOn(
  { aligned, threshold }: Pick<Judgement, 'aligned' | 'threshold'>,
  scorer: Pick<Scorer, 'unfamiliar'>,
  image: ScoredImage,
): Verdict {
  const calibrated = image.scores.get(aligned)!;
  const [u_hat, gamma_hat] = image.statistics.get(aligned) ?? [null, null];
  return {
    score: image.scores.get(UNALIGNED)!,
    calibrated,
    verdict: threshold === null ? null : calibrated >= threshold ? 'anomalous' : 'normal',
    u_hat,
    gamma_hat,
    u: image.u,
    unfamiliar: scorer.unfamiliar(image),
  };
}
