/** How long a training will take: one step of each kind is measured on what the run will train. */
import { calibrates, headsOf } from '../methods/alignments/index.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import { detectorIn } from '../methods/detectors.ts';
import { initialize } from '../nn/init.ts';
import { RandomStream } from '../random.ts';
import { networkSide, optimiserOf } from '../run/config.ts';
import { featureShape, frozenName, frozenShapes, type RunLayouts } from '../run/networkLayouts.ts';
import { quickSettings } from '../run/presets.ts';
import type { RunConfig } from '../run/settings.ts';
import { compileBatch, type OtherPlans } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import { product } from '../shape.ts';
import { type DetectorInputs, type FeatureBudget, keepsFeatures } from './detectorInputs.ts';
import { collectPlan, detectorStep, stepInputs } from './detectorPlans.ts';
import { memoryStore } from './featureStore.ts';
import { headTraining } from './headTraining.ts';
import { memoryParts } from './memory.ts';
import { startDetector } from './startDetector.ts';
import { type ImageSources, stepImages } from './stepImages.ts';
import { imagesOf, type TrainingTiles } from './trainingTiles.ts';

/** Seconds of one of each. */
export interface Costs {
  /** An image read and resized. */
  readonly load: number;
  /** A tile, or an image that is not cut, through the detector. */
  readonly forward: number;
  /** A training step; 0 for a method without steps. */
  readonly step: number;
  /** A step of every head of the alignment. */
  readonly heads: number;
}

/** Seconds, from and to. */
type Span = readonly [least: number, most: number];

/** What is said before a training begins. */
export interface Estimate {
  /** The training, without picking the patches of a greedy coreset. */
  readonly training: Span;
  /** Training, test and report with `--preset quick`. */
  readonly quick: Span;
  readonly costs: Costs;
}

/** What the work depends on beside the costs. */
interface Workload
  extends Pick<RunConfig, 'method' | 'preset' | 'align' | 'iterations' | 'alignIterations' | 'coreset'> {
  readonly images: number;
  readonly tiles: number;
  /** Whether the frozen features are computed once and kept. */
  readonly keeps: boolean;
}

/** Real times are rarely below the first or above the second factor: other programs, other images, kernels compiled on the way. */
const SPREAD = [0.8, 1.6] as const;
/** A software adapter compiles the kernels of another size for so many seconds. */
const COMPILING = 60;

const spanOf = (seconds: number, more = 0): Span => [SPREAD[0] * seconds, SPREAD[1] * seconds + more];

function seconds({ load, forward, step, heads }: Costs, work: Workload): number {
  const { memory } = detectorIn(work);
  // A greedy coreset needs all vectors before it picks, and the picked ones again.
  const greedy = memory?.kind === 'coreset' && work.coreset !== 'random';
  const watched = work.iterations > 0 || work.align.some(calibrates);
  const passes = Number(work.keeps) + (memory ? 1 : 0) + Number(greedy) + Number(watched);
  return (
    work.images * load +
    passes * work.tiles * forward +
    work.iterations * step +
    (work.align.some(calibrates) ? work.alignIterations * heads : 0)
  );
}

/** @param images numbers of training and test images. */
export function estimateFrom(
  costs: Costs,
  config: RunConfig,
  { train, test, tilesOfImage, keeps }: { train: number; test: number; tilesOfImage: number; keeps: boolean },
  software: boolean,
): Estimate {
  const training = seconds(costs, { ...config, images: train, tiles: train * tilesOfImage, keeps });
  const quick = { ...config, ...quickSettings(config) };
  // Nearly all of it is work on pixels.
  const share = (quick.size / networkSide(config)) ** 2 * ((quick.width ?? 1) / (config.width ?? 1)) ** 2;
  const less: Costs = {
    ...costs,
    forward: share * costs.forward,
    step: (share * costs.step * quick.batch) / config.batch,
  };
  const look =
    seconds(less, { ...quick, images: train, tiles: train, keeps }) + test * (costs.load + less.forward);
  return { training: spanOf(training), quick: spanOf(look, software ? COMPILING : 0), costs };
}

/** What a measurement needs of a run that is about to begin. */
export interface Rehearsal extends ImageSources {
  readonly session: Session;
  readonly config: RunConfig;
  readonly layouts: RunLayouts;
  readonly tiles: TrainingTiles;
  readonly features?: FeatureBudget;
  readonly signal?: AbortSignal;
  /** What else the training compiles. */
  readonly others?: OtherPlans;
}

/**
 * Runs each kind of step a few times, on the first images and on random features. The run's weights have to be loaded
 * before, and again after: training steps change them.
 */
export async function measureCosts(rehearsal: Rehearsal): Promise<Costs> {
  const { session, config, layouts, tiles, loader, others } = rehearsal;
  const { batch } = config;
  // Filled by passes over the images later; until then anything will do.
  for (const part of memoryParts(layouts)) {
    session.load(part, initialize([...part.parameters.specs, ...part.buffers.specs], 0));
  }
  const first = Array.from({ length: batch }, (_, i) => (i * tiles.grid.count) % tiles.tiles.length);
  const began = performance.now();
  const images = await imagesOf(tiles, loader).load(first);
  const load = (performance.now() - began) / 1000 / new Set(first).size;
  const forward = await timed(rehearsal, {
    compile: () =>
      compileBatch(session, {
        label: 'collect',
        batch,
        least: 2,
        graphsAt: (each) => [collectPlan({ ...config, batch: each }, layouts)],
        others,
      }),
    inputs: async () => ({ images }),
    output: 'u',
  });
  return {
    load,
    forward: forward / batch,
    step: await stepSeconds(rehearsal),
    heads: await headSeconds(rehearsal),
  };
}

async function stepSeconds(rehearsal: Rehearsal): Promise<number> {
  const { session, config, layouts, tiles, others } = rehearsal;
  if (config.iterations === 0) return 0;
  const optimiser = optimiserOf(config);
  const inputs = randomInputs(rehearsal);
  startDetector(session, config, layouts, optimiser);
  const imagesAt = stepImages(config, tiles, rehearsal, inputs);
  return await timed(rehearsal, {
    compile: () =>
      compileBatch(session, {
        label: 'training step',
        batch: config.batch,
        least: 2,
        graphsAt: (batch) => [detectorStep({ ...config, batch }, layouts, optimiser, inputs.source)],
        others,
      }),
    inputs: async (step) => ({ ...(await imagesAt(step)), ...stepInputs(config, optimiser, step) }),
    output: 'loss',
  });
}

async function headSeconds(rehearsal: Rehearsal): Promise<number> {
  const { session, config, layouts, tiles } = rehearsal;
  const count = Math.min(CADA_DEFAULTS.batch, tiles.train.length);
  const few = { classes: tiles.classes, train: tiles.train.slice(0, count) };
  const random = new RandomStream(config.seed, STREAM);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.next());
  const width = product(featureShape(config));
  const features = memoryStore([width], count);
  await features.put(0, [numbers(count * width)]);
  const targets = {
    features,
    u: numbers(count),
    gamma: numbers(count),
    upper: numbers(count),
  };
  let all = 0;
  for (const which of headsOf(config.align)) {
    session.startOptimiser(layouts.heads[which], CADA_DEFAULTS.optimiser);
    const inputs = randomInputs(rehearsal);
    const { graph, inputsAt } = headTraining(config, layouts, few, which, { targets, inputs });
    all += await timed(rehearsal, {
      compile: () => session.compile('alignment step', graph),
      inputs: inputsAt,
      output: 'loss',
    });
  }
  return all;
}

/** Random frozen features, or the training images themselves: whichever the run's steps will read. */
function randomInputs({ config, tiles, loader, features }: Rehearsal): DetectorInputs {
  const images = imagesOf(tiles, loader);
  const shapes = frozenShapes(config);
  const random = new RandomStream(config.seed, STREAM);
  if (!shapes || !keepsFeatures(config, tiles.tiles.length, features)) {
    return {
      source: 'images',
      at: async (indices) => ({ images: await images.load(indices) }),
      close: async () => {},
    };
  }
  return {
    source: 'frozen',
    at: async (indices) =>
      Object.fromEntries(
        shapes.map((shape, i) => [
          frozenName(i),
          Float32Array.from({ length: indices.length * product(shape) }, () => random.next()),
        ]),
      ),
    close: async () => {},
  };
}

/** Stream of the seed for what is measured. */
const STREAM = 0xe571_0000;
/** Measured runs after the first, which compiles on some drivers, at most; enough once they took so many ms. */
const RUNS = 5;
const ENOUGH_MS = 1000;

/** Seconds of a run, the fastest of a few, from its inputs at hand to its output read back. */
async function timed(
  { signal }: Rehearsal,
  plan: {
    compile(): ReturnType<Session['compile']>;
    inputs(step: number): Promise<Parameters<Awaited<ReturnType<Session['compile']>>['run']>[0]>;
    output: string;
  },
): Promise<number> {
  const executable = await plan.compile();
  try {
    let [best, total] = [Number.POSITIVE_INFINITY, 0];
    for (let step = 0; step <= RUNS && total < ENOUGH_MS; step++) {
      signal?.throwIfAborted();
      const inputs = await plan.inputs(step);
      const began = performance.now();
      executable.run(inputs);
      await executable.read([plan.output]);
      const took = performance.now() - began;
      if (step === 0) continue;
      total += took;
      best = Math.min(best, took);
    }
    return best / 1000;
  } finally {
    executable.destroy();
  }
}
