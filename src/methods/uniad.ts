/** UniAD: a transformer rebuilds the features of an encoder, and no token may copy its neighbours (You et al. 2022); methods.md section 6. */
import { sqrt, square, sub } from '../graph/ops/pointwise.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { input, type Value } from '../graph/value.ts';
import { encoderTaps } from '../models/encoders/index.ts';
import { alignedFeatures, reconstruct } from '../models/uniad.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { mseLoss } from '../nn/losses.ts';
import { ADAMW, type OptimiserConfig } from '../nn/optimiser.ts';
import { stepDecay } from '../nn/schedule.ts';
import { windowMaximum } from '../nn/windowMaximum.ts';
import { refuseExtra } from '../options.ts';
import {
  type Detector,
  type DetectorDefaults,
  encoderOf,
  type Model,
  type Source,
  type Traced,
} from './detector.ts';
import { refusing } from './refusing.ts';

/** The paper's settings; its schedule and clipping, where it is silent, are UniAD's (methods.md 6.3). */
export const UNIAD_DEFAULTS = {
  size: 224,
  batch: 64,
  iterations: 50_000,
  optimiser: {
    ...ADAMW,
    lr: 3e-4,
    weightDecay: 1e-4,
    clipNorm: 0.1,
  } as const satisfies OptimiserConfig,
  alignIterations: 20_000,
  /** Fits the mean of squared differences of the features of EfficientNet-B4. */
  alignAlpha: 10,
  smoothing: 'author',
  scoreFraction: 0.01,
  quick: { size: 128, batch: 8, iterations: 300, alignIterations: 3000 },
} as const satisfies DetectorDefaults;

/** To a tenth at 80 % of the iterations. */
export const uniadRateAt = stepDecay(0.1, 0.8);

/** The mean over channels of the squared difference: [N, C, h, w] -> [N, 1, size, size]. */
export const meanSquareMap = (features: Value, rebuilt: Value, size: number, ...extra: never[]): Value => {
  refuseExtra('meanSquareMap', extra);
  return interpolate(mean(square(sub(features, rebuilt)), { axes: [1], keepDims: true }), { size });
};

/** The norm of the difference, as UniAD's authors define it. */
export const distanceMap = (features: Value, rebuilt: Value, size: number, ...extra: never[]): Value => {
  refuseExtra('distanceMap', extra);
  return interpolate(sqrt(sum(square(sub(features, rebuilt)), { axes: [1], keepDims: true })), {
    size,
    alignCorners: true,
  });
};

/** Side of the window whose highest mean is the image score in the authors' code. */
const SCORE_WINDOW = 16;

const aligned = (layers: Layers, images: Value, model: Model): Value =>
  alignedFeatures(encoderTaps(layers, images, encoderOf(model)));

const rebuild = (layers: Layers, features: Value): ReturnType<typeof reconstruct> =>
  within(layers, 'reconstruction', (inner) => reconstruct(inner, features));

const featuresOf = (layers: Layers, source: Source, model: Model): Value =>
  'images' in source ? aligned(layers, source.images, model) : source.frozen[0]!;

type Parts = 'encoder' | 'reconstruction';

/** Differences between the authors' code and the paper. */
interface Variant {
  readonly defaults: DetectorDefaults;
  readonly map: (features: Value, rebuilt: Value, size: number) => Value;
  readonly score?: Traced['score'];
}

const uniadWith = ({ defaults, map, score }: Variant): Detector<Parts> =>
  refusing({
    defaults,
    taps: 'all',
    ownEncoder: 'efficientnet_b4',
    checkpoints: 'UniAD',
    parts(model) {
      let features: Value | undefined;
      const images = input('images', [1, 3, model.size, model.size]);
      const encoder = declare((layers) => {
        features = aligned(layers, images, model);
      });
      const reconstruction = declare((layers) => rebuild(layers, features!));
      return {
        encoder: { specs: encoder, start: 'encoder' },
        reconstruction: { specs: reconstruction, start: 'seed', group: 'detector' },
      };
    },
    frozen: (layers, images, model) => [aligned(layers.encoder, images, model)],
    trace(layers, source, model) {
      const features = featuresOf(layers.encoder, source, model);
      const { memory, rebuilt } = rebuild(layers.reconstruction, features);
      return {
        embedding: memory,
        // Against the clean features, without the noise that the transformer sees.
        loss: () => mseLoss(rebuilt, features),
        map: () => map(features, rebuilt, model.size),
        score,
      };
    },
    rateAt: uniadRateAt,
  });

/** The method; `presets.uniad` is its authors'. */
export const uniad: Detector<Parts> = {
  ...uniadWith({ defaults: UNIAD_DEFAULTS, map: meanSquareMap }),
  presets: {
    /** As UniAD's authors train and score on MVTec AD. */
    uniad: uniadWith({
      defaults: {
        ...UNIAD_DEFAULTS,
        batch: 8,
        iterations: { epochs: 1000 },
        optimiser: { ...UNIAD_DEFAULTS.optimiser, lr: 1e-4 },
        smoothing: 'none',
        scoreFraction: null,
      },
      map: distanceMap,
      score: ({ smoothed }) => windowMaximum(smoothed, SCORE_WINDOW),
    }),
  },
};
