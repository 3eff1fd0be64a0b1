/**
 * DRAEM (Zavrtanik et al. 2021): learns from synthetic anomalies to reconstruct images without them and to locate them;
 * methods.md 8.3.
 */
import { concat, slice } from '../graph/ops/movement.ts';
import { add, mul, neg, shift, sigmoid, sub } from '../graph/ops/pointwise.ts';
import { avgPool2d } from '../graph/ops/pool.ts';
import { constant, input, scope, type Value } from '../graph/value.ts';
import { NORMALISED } from '../models/normalised.ts';
import { discriminativeNet, reconstructiveNet } from '../models/unet.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { focalLoss, mseLoss } from '../nn/losses.ts';
import { ADAMW, type OptimiserConfig } from '../nn/optimiser.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { stepDecay } from '../nn/schedule.ts';
import { ssim } from '../nn/ssim.ts';
import { windowMaximum } from '../nn/windowMaximum.ts';
import { refuseExtra } from '../options.ts';
import { type DetectorDefaults, imagesOf } from './detector.ts';
import { refusing } from './refusing.ts';

export { NORMALISED };

/** Normalised RGB [N, 3, H, W] as DRAEM sees it: blue, green and red in 0 to 1. */
export function plainBgr(images: Value, ...extra: never[]): Value {
  refuseExtra('plainBgr', extra);
  const [mean, std] = [NORMALISED.mean, NORMALISED.std].map((values) => constant([...values], [1, 3, 1, 1]));
  const plain = add(mul(images, std!), mean!);
  return concat(
    [2, 1, 0].map((c) => slice(plain, [null, { start: c, end: c + 1 }])),
    1,
  );
}

const redraw = (layers: Layers, images: Value, width: number): { out: Value; bottleneck: Value } =>
  within(layers, 'reconstruction', (inner) => reconstructiveNet(inner, images, width));

/** Half as wide as the other network, as in the original. */
const tell = (layers: Layers, pair: Value, width: number): Value =>
  within(layers, 'discrimination', (inner) => discriminativeNet(inner, pair, width / 2));

/** Tensors of the two networks, `reconstruction.*` and `discrimination.*`. */
export function draemSpecs(
  width: number,
  ...extra: never[]
): {
  reconstruction: ParameterSpec[];
  discrimination: ParameterSpec[];
} {
  refuseExtra('draemSpecs', extra);
  return {
    reconstruction: declare((layers) => redraw(layers, input('images', [1, 3, 32, 32]), width)),
    discrimination: declare((layers) => tell(layers, input('pair', [1, 6, 32, 32]), width)),
  };
}

/** MSE + (1 - SSIM) of the reconstruction against the clean image, + the focal loss of the logits against the mask. */
export const draemLoss = (
  redrawn: Value,
  clean: Value,
  logits: Value,
  mask: Value,
  ...extra: never[]
): Value => {
  refuseExtra('draemLoss', extra);
  return add(add(mseLoss(redrawn, clean), shift(neg(ssim(redrawn, clean)), 1)), focalLoss(logits, mask));
};

/** Side of the window whose highest mean is an image's score; zeros beyond the border count. */
const SCORE_WINDOW = 21;

/** The original's settings; those of the alignment are ours (docs/methods.md). */
export const DRAEM_DEFAULTS = {
  size: 256,
  resample: 'opencv',
  batch: 8,
  iterations: { epochs: 700 },
  optimiser: {
    ...ADAMW,
    lr: 1e-4,
    // AdamW without decay is Adam.
    weightDecay: 0,
  } as const satisfies OptimiserConfig,
  width: 128,
  alignIterations: 5000,
  alignAlpha: 0.1,
  smoothing: 'none',
  scoreFraction: null,
  quick: { size: 128, batch: 4, iterations: 300, lr: 1e-3, alignIterations: 5000, alignLr: 1e-2, width: 16 },
} as const satisfies DetectorDefaults;

/** To a fifth at 80 % of the iterations, and again at 90 %. */
export const draemRateAt = stepDecay(0.2, 0.8, 0.9);

/** The method; it has no encoder. */
export const draem = refusing<'reconstruction' | 'discrimination'>({
  defaults: DRAEM_DEFAULTS,
  anomalies: true,
  parts({ width }) {
    const { reconstruction, discrimination } = draemSpecs(width);
    return {
      reconstruction: { specs: reconstruction, start: 'seed', group: 'detector' },
      discrimination: { specs: discrimination, start: 'seed', group: 'detector' },
    };
  },
  trace(layers, source, { width }) {
    const given = imagesOf(source, 'DRAEM', 'nothing of it is frozen');
    const images = scope('images', () => plainBgr(given));
    const { out, bottleneck } = redraw(layers.reconstruction, images, width);
    const pair = scope('discrimination', () => concat([out, images], 1));
    const logits = tell(layers.discrimination, pair, width);
    return {
      // Means of 2 x 2, for the size of the other methods' features and a quarter of the memory per image.
      embedding: scope('embedding', () => avgPool2d(bottleneck, { kernel: 2 })),
      loss() {
        const clean = plainBgr(input('clean', given.shape));
        const [n, , h, w] = given.shape as [number, number, number, number];
        return draemLoss(out, clean, logits, input('mask', [n, 1, h, w]));
      },
      map: () => sigmoid(sub(slice(logits, [null, { start: 1 }]), slice(logits, [null, { end: 1 }]))),
      score: ({ smoothed }) => windowMaximum(smoothed, SCORE_WINDOW, (SCORE_WINDOW - 1) / 2),
    };
  },
  rateAt: draemRateAt,
});
