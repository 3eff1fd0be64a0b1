/** RevDist: reverse distillation (Deng and Li 2022) as the CADA paper trains it; methods.md section 4. */
import { reshape } from '../graph/ops/movement.ts';
import { add, scale } from '../graph/ops/pointwise.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { cosineMap } from '../graph/ops/similarity.ts';
import { input, type Value } from '../graph/value.ts';
import { bottleneck } from '../models/bottleneck.ts';
import { decoderShapeOf, type EncoderConfig, encoderTaps, tapsAt } from '../models/encoders/index.ts';
import type { ResNetConfig } from '../models/resnet.ts';
import { reverseDecoder } from '../models/reverseDecoder.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { globalCosineLoss } from '../nn/losses.ts';
import { ADAMW, type OptimiserConfig } from '../nn/optimiser.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { stepDecay } from '../nn/schedule.ts';
import { refuseExtra } from '../options.ts';
import { type DetectorDefaults, encoderOf } from './detector.ts';
import { refusing } from './refusing.ts';

/** Strides of the features that are rebuilt. */
export const SCALE_STRIDES = [4, 8, 16] as const;
/** Features at strides 4, 8 and 16. */
export type Scales = [Value, Value, Value];

/** An encoder, or what fixes a ResNet. */
export type EncoderLike = EncoderConfig | ResNetConfig;

const asEncoder = (encoder: EncoderLike): EncoderConfig =>
  'family' in encoder ? encoder : ({ family: 'resnet', config: encoder } as EncoderConfig);

/** Tensors of the frozen encoder (`encoder.*`) and of the trained part (`bottleneck.*`, `decoder.*`). */
export function revdistSpecs(
  encoder: EncoderLike,
  ...extra: never[]
): { frozen: ParameterSpec[]; trained: ParameterSpec[] } {
  refuseExtra('revdistSpecs', extra);
  const images = input('images', [1, 3, 64, 64]);
  let features: Scales | undefined;
  const frozen = declare((layers) => {
    features = encode(layers, images, encoder);
  });
  return { frozen, trained: declare((layers) => rebuild(layers, features!, encoder)) };
}

/** Images [N, 3, S, S] -> the features at strides 4, 8, 16 of the encoder whose tensors are called `name.*`. */
export const encode = (
  layers: Layers,
  images: Value,
  encoder: EncoderLike,
  name = 'encoder',
  ...extra: never[]
): Scales => {
  refuseExtra('encode', extra);
  const own = asEncoder(encoder);
  return tapsAt(own, encoderTaps(layers, images, own, name), SCALE_STRIDES) as Scales;
};

/** The bottleneck's feature, and the encoder's features as the decoder rebuilds them from it. */
export function rebuild(
  layers: Layers,
  features: Scales,
  encoder: EncoderLike,
  ...extra: never[]
): { embedding: Value; rebuilt: Scales } {
  refuseExtra('rebuild', extra);
  const shape = decoderShapeOf(asEncoder(encoder));
  const channels = features.map((feature) => feature.shape[1]!) as [number, number, number];
  const embedding = within(layers, 'bottleneck', (inner) => bottleneck(inner, features, shape));
  return {
    embedding,
    rebuilt: within(layers, 'decoder', (inner) => reverseDecoder(inner, embedding, channels, shape)),
  };
}

/** Sum over the scales of one cosine distance per sample, mean over the batch (methods.md 4.4). */
export const revdistLoss = (
  features: readonly Value[],
  rebuilt: readonly Value[],
  ...extra: never[]
): Value => {
  refuseExtra('revdistLoss', extra);
  return features.map((f, i) => globalCosineLoss(f, rebuilt[i]!)).reduce((sum, term) => add(sum, term));
};

/** Mean over the pairs of 1 - cos, each resized to `size` with aligned corners: [N, 1, size, size]. */
export function anomalyMap(
  features: readonly Value[],
  rebuilt: readonly Value[],
  size: number,
  ...extra: never[]
): Value {
  refuseExtra('anomalyMap', extra);
  const maps = features.map((f, i) => {
    const distance = cosineMap(f, rebuilt[i]!);
    const [n, h, w] = distance.shape as [number, number, number];
    return interpolate(reshape(distance, [n, 1, h, w]), { size, alignCorners: true });
  });
  return scale(
    maps.reduce((sum, map) => add(sum, map)),
    1 / maps.length,
  );
}

/** The paper's settings; the schedule where it is silent is the author's (methods.md 4.1). */
export const REVDIST_DEFAULTS = {
  size: 256,
  batch: 16,
  iterations: 5000,
  optimiser: {
    ...ADAMW,
    lr: 2e-3,
    weightDecay: 1e-5,
  } as const satisfies OptimiserConfig,
  alignIterations: 5000,
  /** Fits the mean of cosine maps. */
  alignAlpha: 0.1,
  smoothing: 'author',
  scoreFraction: 0.01,
  quick: {
    size: 128,
    batch: 8,
    iterations: 400,
    // Higher than 2e-3: gains 0.03 AUROC in so short a schedule, on drawn images.
    lr: 5e-3,
    alignIterations: 5000,
    // Lower than 5e-2, whose last steps oscillate too much for a class with small maps.
    alignLr: 1e-2,
  },
} as const satisfies DetectorDefaults;

/** The learning rate falls to a fifth at 80 % of the iterations. */
export const dropAtFourFifths = stepDecay(0.2, 0.8);

/** The method. */
export const revdist = refusing<'encoder' | 'detector'>({
  defaults: REVDIST_DEFAULTS,
  taps: SCALE_STRIDES,
  checkpoints: 'RD4AD',
  parts(model) {
    const { frozen, trained } = revdistSpecs(encoderOf(model));
    return {
      encoder: { specs: frozen, start: 'encoder' },
      detector: { specs: trained, start: 'seed', group: 'detector' },
    };
  },
  frozen: (layers, images, model) => encode(layers.encoder, images, encoderOf(model)),
  trace(layers, source, model) {
    const encoder = encoderOf(model);
    const targets =
      'images' in source ? encode(layers.encoder, source.images, encoder) : (source.frozen as Scales);
    const { embedding, rebuilt } = rebuild(layers.detector, targets, encoder);
    return {
      embedding,
      loss: () => revdistLoss(targets, rebuilt),
      map: () => anomalyMap(targets, rebuilt, model.size),
    };
  },
  rateAt: dropAtFourFifths,
});
