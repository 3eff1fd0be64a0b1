/** ReContrast (Guo et al. 2023) as the CADA paper trains it; methods.md section 5. */
import { stopGradient } from '../graph/ops/control.ts';
import { concat, slice } from '../graph/ops/movement.ts';
import { add, scale } from '../graph/ops/pointwise.ts';
import { input, scope, type Value } from '../graph/value.ts';
import { outputHeads } from '../models/reverseDecoder.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { hardMiningCosineLoss } from '../nn/losses.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { refuseExtra } from '../options.ts';
import { type DetectorDefaults, encoderOf, imagesOf } from './detector.ts';
import { refusing } from './refusing.ts';
import {
  anomalyMap,
  dropAtFourFifths,
  type EncoderLike,
  encode,
  REVDIST_DEFAULTS,
  rebuild,
  SCALE_STRIDES,
  type Scales,
} from './revdist.ts';

/**
 * Tensors of the encoder that is trained (`encoder.*`), of its frozen twin (`encoder_freeze.*`), and of bottleneck and
 * decoder with two sets of heads (`bottleneck.*`, `decoder.*`).
 */
export function recontrastSpecs(
  like: EncoderLike,
  ...extra: never[]
): {
  encoder: ParameterSpec[];
  frozen: ParameterSpec[];
  detector: ParameterSpec[];
} {
  refuseExtra('recontrastSpecs', extra);
  const images = input('images', [1, 3, 64, 64]);
  let features: Scales | undefined;
  const encoder = declare((layers) => {
    features = encode(layers, images, like);
  });
  return {
    encoder,
    frozen: declare((layers) => encode(layers, images, like, 'encoder_freeze')),
    detector: declare((layers) => contrast(layers, features!, features!, like)),
  };
}

/**
 * Both encoders' features through one bottleneck and decoder, joined along the batch so that batch statistics cover
 * both domains. Head set 0 rebuilds the frozen encoder's features from the trained one's, and set 1 the other way
 * round. The embedding is that of the frozen encoder's features.
 */
export function contrast(
  layers: Layers,
  trained: Scales,
  frozen: Scales,
  like: EncoderLike,
  ...extra: never[]
): { embedding: Value; ofFrozen: Scales; ofTrained: Scales } {
  refuseExtra('contrast', extra);
  const n = trained[0].shape[0]!;
  const half = (x: Value, which: 0 | 1): Value => slice(x, [{ start: which * n, end: (which + 1) * n }]);
  const both = scope('bottleneck', () =>
    trained.map((feature, i) => concat([feature, frozen[i]!], 0)),
  ) as Scales;
  const { embedding, rebuilt } = rebuild(layers, both, like);
  const heads = (set: 0 | 1): Scales =>
    within(layers, 'decoder', (inner) =>
      outputHeads(inner, rebuilt.map((map) => half(map, set)) as Scales, set),
    );
  return {
    embedding: scope('bottleneck', () => half(embedding, 1)),
    ofFrozen: heads(0),
    ofTrained: heads(1),
  };
}

/** Name of the input with the strictness of hard mining (`miningAt`). */
export const MINING = 'mining';

/** Half the sum over all pairs: each set of heads counts as a half (methods.md 5.2). */
export const recontrastLoss = (
  targets: readonly Value[],
  rebuilt: readonly Value[],
  mining: Value,
  ...extra: never[]
): Value => {
  refuseExtra('recontrastLoss', extra);
  return scale(
    targets
      .map((target, i) => hardMiningCosineLoss(target, rebuilt[i]!, mining))
      .reduce((sum, term) => add(sum, term)),
    0.5,
  );
};

/** Keeps everything at the start and roughly the worst sixth from a tenth of the iterations on. */
export const miningAt = (step: number, iterations: number, ...extra: never[]): number => {
  refuseExtra('miningAt', extra);
  return Math.min(-3 + (4 * step) / (0.1 * iterations), 1);
};

/** The paper's settings; what it does not say of the encoder is from the author's multi-class scripts (methods.md 5.3). */
export const RECONTRAST_DEFAULTS = {
  ...REVDIST_DEFAULTS,
  encoderLr: 1e-5,
  encoderNorm: 'evaluation',
  // Its steps begin at the images: each is as long as three of RevDist's.
  quick: { ...REVDIST_DEFAULTS.quick, iterations: 200 },
} as const satisfies DetectorDefaults;

/** The method; it starts at images because its encoder is trained too. */
export const recontrast = refusing<'encoder' | 'encoder_freeze' | 'detector'>({
  defaults: RECONTRAST_DEFAULTS,
  taps: SCALE_STRIDES,
  parts(model) {
    const { encoder, frozen, detector } = recontrastSpecs(encoderOf(model));
    return {
      encoder: { specs: encoder, start: 'encoder', group: 'encoder' },
      encoder_freeze: { specs: frozen, start: 'encoder' },
      detector: { specs: detector, start: 'seed', group: 'detector' },
    };
  },
  trace(layers, source, model) {
    const images = imagesOf(source, 'ReContrast', 'one of its encoders is trained');
    const own = encoderOf(model);
    const trained = encode(layers.encoder, images, own);
    const frozen = encode(layers.encoder_freeze, images, own, 'encoder_freeze');
    const { embedding, ofFrozen, ofTrained } = contrast(layers.detector, trained, frozen, own);
    const targets = [...frozen, ...trained.map((feature) => stopGradient(feature))];
    const rebuilt = [...ofFrozen, ...ofTrained];
    return {
      embedding,
      loss: () => recontrastLoss(targets, rebuilt, input(MINING, [1])),
      map: () => anomalyMap(targets, rebuilt, model.size),
    };
  },
  lossInputs: (step, iterations) => ({ [MINING]: Float32Array.of(miningAt(step, iterations)) }),
  rateAt: dropAtFourFifths,
});
