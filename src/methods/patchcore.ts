/** PatchCore: the distance to the nearest of the patches remembered (Roth et al. 2022); methods.md section 8.1. */
import { permute, reshape, slice } from '../graph/ops/movement.ts';
import { nearestRows } from '../graph/ops/nearest.ts';
import {
  add,
  cast,
  clamp,
  equal,
  mul,
  neg,
  shift,
  sqrt,
  square,
  sub,
  where,
} from '../graph/ops/pointwise.ts';
import { argmax, max, sum } from '../graph/ops/reduce.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { gather } from '../graph/ops/select.ts';
import { constant, input, scope, type Value } from '../graph/value.ts';
import { channelsAt, encoderTaps, tapsAt } from '../models/encoders/index.ts';
import { patchFeatures } from '../models/patchDescriptor.ts';
import { PATCH_WIDTH, patchVectors } from '../models/patchVectors.ts';
import { zeros } from '../nn/init.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { ADAMW } from '../nn/optimiser.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { softmax } from '../nn/softmax.ts';
import { refuseExtra } from '../options.ts';
import { type Detector, type DetectorDefaults, encoderOf, type Model, type Source } from './detector.ts';
import { refusing } from './refusing.ts';

/** How a preset turns feature maps into vectors, and distances into scores. */
interface Variant {
  /** Smooth-L1's threshold for the regressor, on the scale of normal places' scores. */
  readonly alignAlpha: number;
  /** Length of a patch's vector. */
  width(model: Model): number;
  /** [N, C, h, w] of the taps at strides 8 and 16. */
  vectors(taps: readonly [Value, Value]): Value;
  /** A place's score, from the squared distance to its nearest row. */
  distance(squared: Value): Value;
  /** Neighbours in the memory for the weight of the image score (the article's equation 7); 0: no weight. */
  readonly neighbours: number;
}

/** Of the feature maps that it reads; patches lie on the grid of the first. */
const STRIDES = [8, 16] as const;
const [STRIDE] = STRIDES;

const DEFAULTS = {
  size: 224,
  resize: 256,
  batch: 16,
  // Nothing is trained by steps.
  iterations: 0,
  optimiser: { ...ADAMW, lr: 1e-3, weightDecay: 0 },
  alignIterations: 5000,
  smoothing: 'scipy',
  scoreFraction: null,
  quick: { size: 128, alignIterations: 2000, coresetFraction: 0.01 },
} as const satisfies Omit<DetectorDefaults, 'alignAlpha'>;

/** Share of the training patches that are remembered. */
const FRACTION = 0.1;

/** Size of one part of the memory: WebGPU's guaranteed limit of a binding. */
const PART_BYTES = 2 ** 27;
/** Rows of the memory that lie in one part, for vectors of `width` numbers. */
export const rowsPerPart = (width: number, ...extra: never[]): number => {
  refuseExtra('rowsPerPart', extra);
  return Math.floor(PART_BYTES / (4 * width));
};

/** How many rows each part of a memory of `rows` has. At least one part, so that its names are known when it is empty. */
export function partRows(rows: number, width: number, ...extra: never[]): number[] {
  refuseExtra('partRows', extra);
  const most = rowsPerPart(width);
  return Array.from({ length: Math.max(1, Math.ceil(rows / most)) }, (_, i) =>
    Math.max(1, Math.min(most, rows - i * most)),
  );
}

const partName = (i: number): string => `memory${i + 1}`;

/** One part's rows. */
const rowsOf = (layers: Layers, i: number, rows: number, width: number): Value =>
  within(layers, partName(i), (inner) => inner.buffer('rows', [rows, width], zeros));

function tapsOf(layers: Layers, source: Source, model: Model): readonly [Value, Value] {
  if ('frozen' in source) return source.frozen as [Value, Value];
  const encoder = encoderOf(model);
  return tapsAt(encoder, encoderTaps(layers, source.images, encoder), STRIDES) as [Value, Value];
}

/** A vector for each place, [N, C, h, w], and the same as rows [N h w, C]. */
const patchesOf = (own: Variant, taps: readonly [Value, Value]): { vectors: Value; rows: Value } =>
  scope('patches', () => {
    const vectors = own.vectors(taps);
    const [n, c, h, w] = vectors.shape as [number, number, number, number];
    return { vectors, rows: reshape(permute(vectors, [0, 2, 3, 1]), [n * h * w, c]) };
  });

function variant(own: Variant): Detector {
  const encoderSpecs = (model: Model): ParameterSpec[] =>
    declare((layers) => tapsOf(layers, { images: input('images', [1, 3, 64, 64]) }, model));
  return refusing({
    defaults: { ...DEFAULTS, alignAlpha: own.alignAlpha },
    taps: STRIDES,
    parts(model) {
      const width = own.width(model);
      const memory = partRows(model.memoryRows, width).map((rows, i) => [
        partName(i),
        { specs: declare((layers) => rowsOf(layers, i, rows, width)), start: 'memory' as const },
      ]);
      return { encoder: { specs: encoderSpecs(model), start: 'encoder' }, ...Object.fromEntries(memory) };
    },
    frozen: (layers, images, model) => tapsOf(layers.encoder!, { images }, model),
    memory: {
      kind: 'coreset',
      fraction: FRACTION,
      patches: ({ size }) => (size / STRIDE) ** 2,
      describe(layers, source, model) {
        const { rows } = patchesOf(own, tapsOf(layers.encoder!, source, model));
        const images = 'images' in source ? source.images.shape[0]! : source.frozen[0]!.shape[0]!;
        return reshape(rows, [images, rows.shape[0]! / images, rows.shape[1]!]);
      },
    },
    // The highest patch of all.
    scoreOfTiles: 'highest',
    trace(layers, source, model) {
      const taps = tapsOf(layers.encoder!, source, model);
      const { vectors, rows } = patchesOf(own, taps);
      const [n, width, h, w] = vectors.shape as [number, number, number, number];
      const bank = partRows(model.memoryRows, width).map((count, i) =>
        rowsOf(layers[partName(i)]!, i, count, width),
      );
      const found = scope('memory', () => nearestRows(rows, bank, 1));
      const places = scope('memory', () => reshape(own.distance(found.distances), [n, 1, h, w]));
      return {
        // Our choice: the deepest feature that the method reads.
        embedding: taps[1],
        map: () => interpolate(places, { size: model.size, alignCorners: false }),
        score({ calibrate }) {
          const highest = max(calibrate(places), { axes: [1, 2, 3] });
          const weigh = Math.min(own.neighbours, model.memoryRows);
          if (weigh < 2) return highest;
          const most = argmax(reshape(places, [n, h * w]), 1);
          const which = cast(
            add(
              cast(most, 'f32'),
              constant(
                Array.from({ length: n }, (_, i) => i * h * w),
                [n],
              ),
            ),
            'i32',
          );
          const nearest = gather(cast(found.indices, 'f32'), which);
          return mul(highest, crowding(gather(rows, which), reshape(nearest, [n]), bank, weigh));
        },
      };
    },
    rateAt: () => 1,
  });
}

/**
 * The article's weight of an image's score: 1 - softmax of the distances from its farthest patch x [N, C] to the
 * `neighbours` of the row that is nearest to it (its number, a float, [N]), at that row, which is the first of them: [N].
 */
function crowding(x: Value, nearest: Value, bank: readonly Value[], neighbours: number): Value {
  const [n, width] = x.shape as [number, number];
  const around = nearestRows(pickRows(bank, nearest), bank, neighbours).indices;
  const numbers = reshape(cast(around, 'f32'), [n * neighbours]);
  const rows = reshape(pickRows(bank, numbers), [n, neighbours, width]);
  const distances = sqrt(sum(square(sub(reshape(x, [n, 1, width]), rows)), { axes: [2] }));
  const own = reshape(slice(softmax(distances, 1), [null, { end: 1 }]), [n]);
  return shift(neg(own), 1);
}

/** Rows of a bank in parts, by their numbers among all (floats [N]): [N, C]. */
export function pickRows(bank: readonly Value[], numbers: Value, ...extra: never[]): Value {
  refuseExtra('pickRows', extra);
  let first = 0;
  const parts = bank.map((part) => {
    const rows = part.shape[0]!;
    const own = shift(numbers, -first);
    const inside = clamp(own, 0, rows - 1);
    first += rows;
    const here = reshape(equal(inside, own), [numbers.shape[0]!, 1]);
    return where(here, gather(part, cast(inside, 'i32')), 0);
  });
  return parts.reduce((all, part) => add(all, part));
}

/** As in the authors' code: vectors pooled to 1024, squared distances, the plain maximum as score. */
const published = variant({
  width: () => PATCH_WIDTH,
  vectors: patchVectors,
  distance: (squared) => squared,
  // Squared distances are some hundreds: with 10, SGD at the paper's rate left a head that predicts the same for every image.
  alignAlpha: 100,
  neighbours: 0,
});

/** As in anomalib: unpooled channels, distances, the article's weight of the image score. */
const anomalib = variant({
  width: (model) => channelsAt(encoderOf(model), STRIDES).reduce((sum, channels) => sum + channels),
  vectors: patchFeatures,
  distance: sqrt,
  alignAlpha: 10,
  neighbours: 9,
});

/** The method as in its authors' code; `presets.anomalib` as in anomalib. */
export const patchcore: Detector = { ...published, presets: { anomalib } };
