/** CFA: coupled hyperspheres around a bank of means (Lee et al. 2022); methods.md section 8.2. */
import { permute, reshape, slice } from '../graph/ops/movement.ts';
import { nearestRows } from '../graph/ops/nearest.ts';
import { add, maximum, mul, neg, relu, scale, shift, sqrt, square, sub } from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { input, scope, type Value } from '../graph/value.ts';
import { encoderTaps, tapsAt } from '../models/encoders/index.ts';
import { patchDescriptor, patchFeatures } from '../models/patchDescriptor.ts';
import { constantInit, zeros } from '../nn/init.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { ADAMW, type OptimiserConfig } from '../nn/optimiser.ts';
import { softmax } from '../nn/softmax.ts';
import { refuseExtra } from '../options.ts';
import { type DetectorDefaults, encoderOf, type Model, type Source } from './detector.ts';
import { refusing } from './refusing.ts';

/** Nearest centres that each position is drawn to, as many again that it is kept away from; and those that score it. */
const ATTRACTED = 3;
const REPELLED = 3;
const SCORED = 3;

/** By how much a repelling centre's squared distance must exceed r² to cost nothing; and the weight of both terms. */
const MARGIN = 0.1;
const WEIGHT = 1000;

/**
 * The training loss: pulls each position into the spheres of its nearest centres, and pushes it out of those of the
 * next.
 * @param described the descriptor's output [N, C, h, w]; @param centres [K, C]; @param radius of the spheres: [1].
 */
export function cfaLoss(described: Value, centres: Value, radius: Value, ...extra: never[]): Value {
  refuseExtra('cfaLoss', extra);
  return hypersphereLoss(nearestRows(positions(described), centres, ATTRACTED + REPELLED).distances, radius);
}

/** The un-smoothed map: described [N, C, h, w], centres [K, C] -> [N, 1, size, size]. */
export function cfaMap(described: Value, centres: Value, size: number, ...extra: never[]): Value {
  refuseExtra('cfaMap', extra);
  const [n, , h, w] = described.shape as [number, number, number, number];
  const scores = hypersphereScores(nearestRows(positions(described), centres, SCORED).distances);
  return interpolate(reshape(scores, [n, 1, h, w]), { size, alignCorners: false });
}

/** A row for each position: [N, C, h, w] -> [N h w, C]. */
export function positions(x: Value, ...extra: never[]): Value {
  refuseExtra('positions', extra);
  return reshape(permute(x, [0, 2, 3, 1]), [-1, x.shape[1]!]);
}

/**
 * 1000 mean(max(0, D - r²)) over the three nearest centres + 1000 mean(max(0, r² - D - 0.1)) over the next three.
 * @param squared D, squared distances to the nearest centres, ascending: [M, 6]; @param radius r: [1].
 */
export function hypersphereLoss(squared: Value, radius: Value, ...extra: never[]): Value {
  refuseExtra('hypersphereLoss', extra);
  const reach = square(reshape(radius, [1, 1]));
  const near = slice(squared, [null, { end: ATTRACTED }]);
  const far = slice(squared, [null, { start: ATTRACTED }]);
  const attraction = mean(relu(sub(near, reach)));
  const repulsion = mean(relu(shift(sub(reach, far), -MARGIN)));
  return scale(add(attraction, repulsion), WEIGHT);
}

/**
 * The distance to the nearest centre, times the share that softmin gives it among the nearest three: a position between
 * several centres scores less than one at the same distance from a single near centre.
 * @param squared squared distances, ascending: [M, 3] -> [M].
 */
export function hypersphereScores(squared: Value, ...extra: never[]): Value {
  refuseExtra('hypersphereScores', extra);
  // Rounding could make the argument of the root negative.
  const distances = sqrt(maximum(squared, 0));
  const first = (x: Value): Value => reshape(slice(x, [null, { end: 1 }]), [x.shape[0]!]);
  return mul(first(softmax(neg(distances), 1)), first(distances));
}

/** The authors' settings; those of the alignment are ours. */
export const CFA_DEFAULTS = {
  size: 224,
  resize: 256,
  batch: 4,
  iterations: { epochs: 30 },
  optimiser: {
    ...ADAMW,
    lr: 1e-3,
    weightDecay: 5e-4,
    amsgrad: true,
  } as const satisfies OptimiserConfig,
  alignIterations: 5000,
  /** Maps are distances of some tenths, near enough to RevDist's to share its threshold. */
  alignAlpha: 0.1,
  smoothing: 'scipy',
  scoreFraction: 0,
  quick: { size: 128, batch: 4, iterations: 400, alignIterations: 5000, alignLr: 1e-2 },
} as const satisfies DetectorDefaults;

/** Of the feature maps that it reads; the grid of centres is the first one's. */
const STRIDES = [4, 8, 16] as const;
const [STRIDE] = STRIDES;
const START_RADIUS = 1e-5;

/** The descriptor's output [N, C, h, w] of the encoder's taps. Tensors `descriptor.*`. */
const descriptorOf = (layers: Layers, taps: readonly Value[]): Value =>
  within(layers, 'descriptor', (inner) => patchDescriptor(inner, patchFeatures(taps)));

/** r [1], which is trained too. */
const radiusOf = (layers: Layers): Value =>
  within(layers, 'descriptor', (inner) => inner.parameter('r', [1], constantInit(START_RADIUS)));

/** The centres [K, C]: mean of the untrained descriptor's output over training images, for each position. */
const centresOf = (layers: Layers, { memoryRows }: Model, channels: number): Value =>
  within(layers, 'memory', (inner) => inner.buffer('centres', [memoryRows, channels], zeros));

function tapsOf(layers: Layers, source: Source, model: Model): readonly Value[] {
  if ('frozen' in source) return source.frozen;
  const encoder = encoderOf(model);
  return tapsAt(encoder, encoderTaps(layers, source.images, encoder), STRIDES);
}

/** The method; nothing is trained but the descriptor and the spheres' radius. */
export const cfa = refusing<'encoder' | 'detector' | 'memory'>({
  defaults: CFA_DEFAULTS,
  taps: STRIDES,
  parts(model) {
    const images = input('images', [1, 3, model.size, model.size]);
    let described: Value | undefined;
    let taps: readonly Value[] = [];
    const encoder = declare((layers) => {
      taps = tapsOf(layers, { images }, model);
    });
    const detector = declare((layers) => {
      described = descriptorOf(layers, taps);
      radiusOf(layers);
    });
    const memory = declare((layers) => centresOf(layers, model, described!.shape[1]!));
    return {
      encoder: { specs: encoder, start: 'encoder' },
      detector: { specs: detector, start: 'seed', group: 'detector' },
      memory: { specs: memory, start: 'memory' },
    };
  },
  frozen: (layers, images, model) => tapsOf(layers.encoder, { images }, model),
  memory: {
    kind: 'mean',
    rows: ({ size }) => (size / STRIDE) ** 2,
    describe(layers, source, model) {
      const described = descriptorOf(layers.detector, tapsOf(layers.encoder, source, model));
      const shape = [described.shape[0]!, -1, described.shape[1]!];
      return scope('memory', () => reshape(positions(described), shape));
    },
  },
  trace(layers, source, model) {
    const taps = tapsOf(layers.encoder, source, model);
    const described = descriptorOf(layers.detector, taps);
    const centres = centresOf(layers.memory, model, described.shape[1]!);
    return {
      // There is no bottleneck; the deepest tap describes an object best, and training does not change it.
      embedding: taps.at(-1)!,
      loss: () => cfaLoss(described, centres, radiusOf(layers.detector)),
      map: () => cfaMap(described, centres, model.size),
    };
  },
  rateAt: () => 1,
});
