import { concat } from '../graph/ops/movement.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { constant, type Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';

/** Length of a patch's vector; half of it from either tap. */
export const PATCH_WIDTH = 1024;
const HALF = PATCH_WIDTH / 2;

/** Values of a 3x3 patch in one channel. */
const TAPS = 9;

/**
 * PatchCore's vectors of the places of the finer tap (methods.md 8.1, steps 2 and 3): two taps [N, C1, h, w] and
 * [N, C2, h2, w2] -> [N, 1024, h, w]. Everything between a tap and its half is linear, so it is one convolution at the
 * tap's own size, and resized afterwards.
 */
export function patchVectors([fine, coarse]: readonly [Value, Value]): Value {
  const [h, w] = fine.shape.slice(2) as [number, number];
  return concat([pooled(fine), interpolate(pooled(coarse), { size: [h, w], alignCorners: false })], 1);
}

function pooled(tap: Value): Value {
  const channels = tap.shape[1]!;
  const groups = greatestCommonDivisor(channels, HALF);
  const weight = constant(poolingWeights(channels, groups), [HALF, channels / groups, 3, 3]);
  return conv2d(tap, weight, { padding: 1, groups });
}

/**
 * [512, channels / groups, 3, 3]. The 9 C values of a patch, channel by channel, are averaged to 1024 as adaptive pooling
 * does (value j is the mean from floor(j 9C / 1024) to ceil((j + 1) 9C / 1024)), and those of both taps, 2048, to 1024: a
 * tap's half are the means of its neighbours two by two. For 512 channels that is one channel a value with the middle
 * counted twice, for 1024 the mean of two channels. Windows end where groups do, so each group reads its own channels.
 */
function poolingWeights(channels: number, groups: number): number[] {
  const values = TAPS * channels;
  const perGroup = values / groups;
  const weights = new Array<number>(HALF * perGroup).fill(0);
  for (let j = 0; j < PATCH_WIDTH; j++) {
    const first = Math.floor((j * values) / PATCH_WIDTH);
    const end = Math.ceil(((j + 1) * values) / PATCH_WIDTH);
    const row = Math.floor(j / 2);
    const group = Math.floor((row * groups) / HALF);
    for (let value = first; value < end; value++) {
      weights[row * perGroup + value - group * perGroup]! += 0.5 / (end - first);
    }
  }
  return weights;
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
