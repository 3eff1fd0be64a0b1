import { reshape } from '../../src/graph/ops/movement.ts';
import { add, div, sub } from '../../src/graph/ops/pointwise.ts';
import { mean } from '../../src/graph/ops/reduce.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { encoderTaps, familyOf, type PretrainedName, pretrained } from '../../src/models/encoders/index.ts';
import type { Layers } from '../../src/nn/layers.ts';
import { mseLoss } from '../../src/nn/losses.ts';
import { std } from '../../src/nn/variance.ts';
import type { NumberArray } from '../../src/runtime/state.ts';

/** Strides of the features that are matched. */
const STRIDES = [4, 8, 16] as const;

/** The teacher's features at strides 4, 8 and 16, of its network under `teacher`. */
export function teacherTaps(layers: Layers, images: Value, teacher: PretrainedName): Value[] {
  const encoder = pretrained(teacher);
  const { taps } = familyOf(encoder);
  const features = encoderTaps(layers, images, encoder, 'teacher');
  return STRIDES.map((stride) => features[taps.findIndex((tap) => tap.stride === stride)]!);
}

/** Names of the means and deviations of the teacher's channels, as outputs of `channelMoments` and inputs of `matchingLoss`. */
export const momentName = (kind: 'mean' | 'deviation', tap: number): string => `teacher ${kind} ${tap + 1}`;

/** Of each tap [N, C, h, w] the mean and the standard deviation of each channel, [C]. */
export const channelMoments = (taps: readonly Value[]): Map<string, Value> =>
  new Map(
    taps.flatMap((tap, i) => [
      [momentName('mean', i), mean(tap, { axes: [0, 2, 3] })] as const,
      [momentName('deviation', i), std(tap, { axes: [0, 2, 3] })] as const,
    ]),
  );

/** The moments over equal batches together, of those of each. */
export function pooledMoments(
  batches: readonly ReadonlyMap<string, NumberArray>[],
  taps: number,
): Record<string, Float32Array> {
  const pooled: Record<string, Float32Array> = {};
  for (let tap = 0; tap < taps; tap++) {
    const [meanName, deviationName] = [momentName('mean', tap), momentName('deviation', tap)];
    const channels = batches[0]!.get(meanName)!.length;
    const averageOf = (of: (mean: number, deviation: number) => number): Float64Array =>
      Float64Array.from(
        { length: channels },
        (_, c) =>
          batches.reduce(
            (sum, batch) => sum + of(batch.get(meanName)![c]!, batch.get(deviationName)![c]!),
            0,
          ) / batches.length,
      );
    const means = averageOf((value) => value);
    const squares = averageOf((value, deviation) => value ** 2 + deviation ** 2);
    pooled[meanName] = Float32Array.from(means);
    pooled[deviationName] = Float32Array.from(squares, (square, c) => Math.sqrt(square - means[c]! ** 2));
  }
  return pooled;
}

/** Mean squared distance to the teacher's features, each channel in units of its own deviation; the sum over the taps. */
export function matchingLoss(adapted: readonly Value[], taught: readonly Value[]): Value {
  const terms = taught.map((tap, i) => {
    const channels = tap.shape[1]!;
    const moment = (kind: 'mean' | 'deviation'): Value =>
      reshape(input(momentName(kind, i), [channels]), [1, channels, 1, 1]);
    return mseLoss(adapted[i]!, div(sub(tap, moment('mean')), moment('deviation')));
  });
  return terms.reduce((total, term) => add(total, term));
}
