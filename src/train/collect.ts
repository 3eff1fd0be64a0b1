import type { Dataset } from '../data/index.ts';
import { NotFiniteError } from '../errors.ts';
import type { HeadName } from '../methods/alignments/index.ts';
import { CADA_DEFAULTS, SIGMAS } from '../methods/cada.ts';
import type { MapConfig } from '../run/detectorParts.ts';
import type { ModelConfig, RunLayouts } from '../run/networkLayouts.ts';
import type { ClassTableKind } from '../run/settings.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import type { Impression } from '../score/familiarity.ts';
import { product, range } from '../shape.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import { collectPlan, predictionPlan } from './detectorPlans.ts';
import type { FeatureStore } from './featureStore.ts';
import { passOver } from './planPass.ts';

/** Per training image: the bottleneck feature, and mean, maximum and mean + 3 sigma of the map that is calibrated. */
export interface Targets {
  /** [C, h, w] of each, as one tap. */
  readonly features: FeatureStore;
  readonly u: Float32Array;
  readonly gamma: Float32Array;
  readonly upper: Float32Array;
}

interface PassOptions {
  readonly onBatch: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export interface CollectOptions extends PassOptions {
  readonly features: FeatureStore;
}

/** A batch's outputs that heads and class statistics are made of, by name. */
type Collected = ReadonlyMap<string, NumberArray>;

/** A pass of the frozen detector over the training images. */
interface DetectorPass {
  readonly session: Session;
  readonly config: MapConfig;
  readonly layouts: RunLayouts;
  readonly inputs: DetectorInputs;
  readonly images: number;
}

/**
 * One pass of the frozen detector over the training images: the heads then train without it.
 * @param features takes what the heads read. @param signal ends it after the batch in flight; its reason is thrown.
 * @throws NotFiniteError as `requireFiniteDetector`.
 */
export async function collectTargets(
  pass: DetectorPass,
  { features, ...options }: CollectOptions,
): Promise<Targets> {
  const { images } = pass;
  const targets: Targets = {
    features,
    u: new Float32Array(images),
    gamma: new Float32Array(images),
    upper: new Float32Array(images),
  };
  await passOverImages(pass, options, async (out, first, count) => {
    const embedding = out.get('embedding') as Float32Array;
    await features.put(first, [embedding.subarray(0, (embedding.length / pass.config.batch) * count)]);
    for (const name of ['u', 'gamma', 'upper'] as const) {
      targets[name].set((out.get(name) as Float32Array).subarray(0, count), first);
    }
  });
  return targets;
}

/**
 * The same pass without collecting anything: finite weights may give maps that are not finite.
 * @throws NotFiniteError naming the first training image for which the detector's output is not finite.
 */
export const requireFiniteDetector = (pass: DetectorPass, options: PassOptions): Promise<void> =>
  passOverImages(pass, options, async () => {});

async function passOverImages(
  { session, config, layouts, inputs, images }: DetectorPass,
  { onBatch, signal }: PassOptions,
  take: (out: Collected, first: number, count: number) => Promise<void>,
): Promise<void> {
  await passOver({
    session,
    label: 'collect',
    images,
    batch: config.batch,
    graphAt: (batch) => collectPlan({ ...config, batch }, layouts, inputs.source),
    load: inputs.at,
    async take(out, first, count) {
      for (const [name, data] of out) {
        const each = data.length / config.batch;
        const bad = data.subarray(0, count * each).findIndex((value) => !Number.isFinite(value));
        if (bad < 0) continue;
        const image = first + Math.floor(bad / each);
        throw new NotFiniteError(
          `the detector's ${name} of training image ${image + 1} of ${images} is ${data[bad]}`,
          { fix: 'train the detector again with a smaller --lr' },
        );
      }
      await take(out, first, count);
      onBatch(first + count, images);
    },
    signal,
  });
  signal?.throwIfAborted();
}

/** Predictions of a trained regressor for the same images. */
export async function predictTargets(
  session: Session,
  config: ModelConfig,
  layouts: RunLayouts,
  which: HeadName,
  { features, u }: Targets,
): Promise<Impression[]> {
  const executable = await session.compile(which, predictionPlan(config, layouts, which));
  const { batch } = CADA_DEFAULTS;
  const images = u.length;
  const width = product(executable.plan.inputs.get('feature')!.shape.slice(1));
  const impressions: Impression[] = [];
  for (let first = 0; first < images; first += batch) {
    const feature = new Float32Array(batch * width);
    const [some] = await features.take(range(Math.min(batch, images - first)).map((i) => first + i));
    feature.set(some!);
    executable.run({ feature });
    const out = (await executable.read()).get('predicted') as Float32Array;
    for (let i = 0; i < batch && first + i < images; i++) {
      const [predictedU, predictedGamma] = [out[2 * i]!, out[2 * i + 1]!];
      if (!Number.isFinite(predictedU + predictedGamma)) {
        throw new NotFiniteError(
          `${which} predicts ${predictedU} and ${predictedGamma} for training image ${first + i + 1} of ${images}`,
          { fix: 'train it again with a smaller --align-lr' },
        );
      }
      impressions.push({ predictedU, predictedGamma, u: u[first + i]! });
    }
  }
  executable.destroy();
  return impressions;
}

/** The class statistics u_c and gamma_c [classes, 2], for the two alignments that know classes. */
export interface ClassTable {
  readonly classes: readonly string[];
  readonly values: Float32Array;
}

/**
 * Over each class's training images (methods.md 7.1): the mean of u, and the mean of gamma or, with `sigma`, u + 3 standard
 * deviations of all their pixels (7.6).
 */
export function classTable(
  dataset: Pick<Dataset, 'classes' | 'train'>,
  targets: Omit<Targets, 'features'>,
  kind: ClassTableKind = 'maximum',
): ClassTable {
  const values = new Float32Array(dataset.classes.length * 2);
  dataset.classes.forEach((name, c) => {
    const own = dataset.train.flatMap((sample, i) => (sample.className === name ? [i] : []));
    const mean = (of: (i: number) => number): number => own.reduce((sum, i) => sum + of(i), 0) / own.length;
    const u = mean((i) => targets.u[i]!);
    // Of maps of one size: the variance within an image and between images.
    const variance = (i: number): number =>
      ((targets.upper[i]! - targets.u[i]!) / SIGMAS) ** 2 + (targets.u[i]! - u) ** 2;
    values[2 * c] = u;
    values[2 * c + 1] =
      kind === 'sigma' ? u + SIGMAS * Math.sqrt(mean(variance)) : mean((i) => targets.gamma[i]!);
  });
  return { classes: dataset.classes, values };
}
