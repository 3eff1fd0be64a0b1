import { farthestRows, nearestRows } from '../../src/graph/ops/nearest.ts';
import { rowDots } from '../../src/graph/ops/similarity.ts';
import * as wgad from '../../src/index.ts';
import { type AttentionOptions, constant, type ErrorCode, input, type Value } from '../../src/index.ts';
import { batchMoments, batchNormWeightGrad } from '../../src/nn/batchMoments.ts';
import { focalLoss } from '../../src/nn/losses.ts';
import { ssim } from '../../src/nn/ssim.ts';

const x = (...shape: number[]): Value => input('x', shape);
const TOKENS = x(2, 12, 8);
const attend = (options: Partial<AttentionOptions>, k = TOKENS, v = k): Value =>
  wgad.attention(TOKENS, k, v, { heads: 2, ...options });

/** Calls that must be refused, and in what words. */
export const REFUSED: readonly (readonly [message: string, code: ErrorCode, call: () => unknown])[] = [
  [
    'constant: shape expects a list of whole sizes of at least 0, got [-1, -1]',
    'E_SHAPE',
    () => constant([1], [-1, -1]),
  ],
  [
    'zeros: shape expects a list of whole sizes of at least 0, got [2.5, 2]',
    'E_SHAPE',
    () => wgad.zeros([2.5, 2], undefined as never),
  ],
  [
    'reshape: shape expects a list of whole sizes of at least 0, got [-2, -3]',
    'E_SHAPE',
    () => wgad.reshape(x(2, 3), [-2, -3]),
  ],
  [
    'reshape: shape [-1, 0] does not hold the 0 elements of [0, 3]',
    'E_SHAPE',
    () => wgad.reshape(x(0, 3), [-1, 0]),
  ],
  [
    'conv2d: weight expects a kernel of at least 1x1, got 0x0',
    'E_SHAPE',
    () => wgad.conv2d(x(1, 1, 4, 4), x(1, 1, 0, 0)),
  ],
  [
    'conv2d: stride expects a whole number of at least 1, or two (vertical, horizontal), got 0',
    'E_SHAPE',
    () => wgad.conv2d(x(1, 1, 4, 4), x(1, 1, 3, 3), { stride: 0 }),
  ],
  [
    'conv2d: options expect an object of named settings, got a value [2]',
    'E_CONFIG',
    () => wgad.conv2d(x(1, 1, 4, 4), x(2, 1, 3, 3), x(2) as never),
  ],
  [
    'add: argument 1 expects a whole number beside i32, got 1.5',
    'E_DTYPE',
    () => wgad.add(input('i', [2], 'i32'), 1.5),
  ],
  [
    'add: argument 1 expects i32 as the others, got f32; cast it first',
    'E_DTYPE',
    () => wgad.add(input('i', [2], 'i32'), x(2)),
  ],
  ['bitwiseAnd: expects i32 or u32, got f32 and 3', 'E_DTYPE', () => wgad.bitwiseAnd(x(2), 3)],
  [
    'gatherNd: indices expects [..., K] with K at most 2, got [4, 3] for [5, 3]',
    'E_SHAPE',
    () => wgad.gatherNd(x(5, 3), input('i', [4, 3], 'i32')),
  ],
  [
    'scatter: updates expects [4, 3], got [4, 2]',
    'E_SHAPE',
    () => wgad.scatter(x(5, 3), input('i', [4], 'i32'), x(4, 2)),
  ],
  [
    'einsum: axis j of "ij,jk" is 3, of operand 1 4: [4, 5]',
    'E_SHAPE',
    () => wgad.einsum('ij,jk', [x(2, 3), x(4, 5)]),
  ],
  ['einsum: operand 0 of "ij" expects 2 axes, got [2]', 'E_SHAPE', () => wgad.einsum('ij', [x(2)])],
  [
    'attention: q and k expect at least one token, got [1, 2, 4] and [1, 0, 4]',
    'E_SHAPE',
    () => wgad.attention(x(1, 2, 4), x(1, 0, 4), x(1, 0, 4), { heads: 1 }),
  ],
  [
    'std: x expects at least two elements to vary, got one along the axes of [1, 3]; unbiased: false takes one',
    'E_SHAPE',
    () => wgad.std(x(1, 3), { axes: [0] }),
  ],
  ['mean: x expects at least one element to reduce, got [2, 0]', 'E_SHAPE', () => wgad.mean(x(2, 0))],
  [
    'gaussianBlur2d: border expects zero or symmetric, got "reflect"',
    'E_CONFIG',
    () => wgad.gaussianBlur2d(x(1, 1, 8, 8), { border: 'reflect' as never }),
  ],
  [
    'crossEntropy: labels expects i32 [4] to match logits [4, 3], got i32 [1]',
    'E_SHAPE',
    () => wgad.crossEntropy(x(4, 3), input('labels', [1], 'i32')),
  ],
  ['linear: bias expects [4], got [2, 1]', 'E_SHAPE', () => wgad.linear(x(2, 3), x(4, 3), x(2, 1))],
  ['constant: data expects numbers, got "2" at 1', 'E_DTYPE', () => constant([1, '2' as never], [2])],
  [
    'adamw: betas expects two numbers, got [0.9, 0.99, 0.9]',
    'E_CONFIG',
    () => wgad.adamw({ betas: [0.9, 0.99, 0.9] as never }),
  ],
  ['adamw: lr expects a number of at least 0, got NaN', 'E_CONFIG', () => wgad.adamw({ lr: Number.NaN })],
  [
    'kaimingNormalFanOut: shape expects at least 2 axes, got [4]',
    'E_SHAPE',
    () => wgad.kaimingNormalFanOut([4], undefined as never),
  ],
  [
    'random numbers: seed expects a whole number in [0, 2^53), got -1',
    'E_CONFIG',
    () => wgad.initialize([{ name: 'w', shape: [1], init: wgad.zeros, kind: 'parameter' }], -1),
  ],
  ['sub: shapes [2] and [3] do not broadcast: axis -1 is 2 and 3', 'E_SHAPE', () => wgad.sub(x(2), x(3))],
  ['clamp: low expects at most high, got 2 and 1', 'E_SHAPE', () => wgad.clamp(x(1), 2, 1)],
  ['scale: expects a number, got "2"', 'E_DTYPE', () => wgad.scale(1, '2' as never)],
  ['relu: expects values, tensors or numbers, got undefined', 'E_DTYPE', () => wgad.relu(undefined as never)],
  [
    'broadcastTo: shapes [4] and [2] do not broadcast: axis -1 is 4 and 2',
    'E_SHAPE',
    () => wgad.broadcastTo(x(4), [2]),
  ],
  ['sum: axis expects an integer in [-2, 1], got 2', 'E_SHAPE', () => wgad.sum(x(2, 3), { axes: [2] })],
  ['max: x expects at least one element to reduce, got [2, 0]', 'E_SHAPE', () => wgad.max(x(2, 0))],
  [
    'reshape: shape [4, 2] does not hold the 6 elements of [2, 3]',
    'E_SHAPE',
    () => wgad.reshape(x(2, 3), [4, 2]),
  ],
  [
    'permute: order expects each axis of [2, 3] once, got [0, 0]',
    'E_SHAPE',
    () => wgad.permute(x(2, 3), [0, 0]),
  ],
  [
    'slice: axis 0 expects 0 <= start <= end <= 2',
    'E_SHAPE',
    () => wgad.slice(x(2, 3), [{ start: 1, end: 3 }]),
  ],
  ['pad: before and after expect 2 counts', 'E_SHAPE', () => wgad.pad(x(2, 3), [1], [1])],
  [
    'pad: symmetric padding expects at most',
    'E_SHAPE',
    () => wgad.pad(x(2, 3), [3, 0], [0, 0], { mode: 'symmetric' }),
  ],
  [
    'concat: value 1 expects [2, 3] f32 except along axis 1, got [3, 3] f32',
    'E_SHAPE',
    () => wgad.concat([x(2, 3), x(3, 3)], 1),
  ],
  ['split: sizes expect to sum to 2, got 3', 'E_SHAPE', () => wgad.split(x(2, 3), [1, 2])],
  [
    'matmul: b expects 3 rows to match a, got 4: a [2, 3], b [4, 5]',
    'E_SHAPE',
    () => wgad.matmul(x(2, 3), x(4, 5)),
  ],
  [
    'matmul: a expects f32, got i32; cast it first',
    'E_DTYPE',
    () => wgad.matmul(input('a', [2, 3], 'i32'), x(3, 5)),
  ],
  [
    'linear: weight expects [out, 3] to match x [2, 3], got [4, 5]',
    'E_SHAPE',
    () => wgad.linear(x(2, 3), x(4, 5)),
  ],
  [
    'conv2d: weight expects 64 input channels (groups=1), got 32: x [8, 64, 56, 56], weight [128, 32, 3, 3]',
    'E_SHAPE',
    () => wgad.conv2d(x(8, 64, 56, 56), x(128, 32, 3, 3)),
  ],
  ['kernel 3x3 does not fit the padded input', 'E_SHAPE', () => wgad.conv2d(x(1, 1, 2, 2), x(1, 1, 3, 3))],
  [
    'convTranspose2d: weight expects 3 input channels',
    'E_SHAPE',
    () => wgad.convTranspose2d(x(1, 3, 4, 4), x(4, 3, 2, 2)),
  ],
  [
    'maxPool2d: padding expects less than the window of 2, got 2 and 2 along axis 2',
    'E_SHAPE',
    () => wgad.maxPool2d(x(1, 1, 4, 4), { kernel: 2, padding: 2 }),
  ],
  ['avgPool2d: x expects rank 4, got [4, 4]', 'E_SHAPE', () => wgad.avgPool2d(x(4, 4), { kernel: 2 })],
  [
    'adaptiveAvgPool2d: size expects divisors of 5x5, got 2x2',
    'E_SHAPE',
    () => wgad.adaptiveAvgPool2d(x(1, 1, 5, 5), 2),
  ],
  [
    'interpolate: alignCorners expects mode bilinear or bicubic',
    'E_SHAPE',
    () => wgad.interpolate(x(1, 1, 2, 2), { size: 4, mode: 'nearest', alignCorners: true }),
  ],
  [
    'cosineMap: b expects [1, 3, 4, 4] (the shape of a), got [1, 2, 4, 4]',
    'E_SHAPE',
    () => wgad.cosineMap(x(1, 3, 4, 4), x(1, 2, 4, 4)),
  ],
  ['rowDots: a expects [N, L], got [2, 3, 4]', 'E_SHAPE', () => rowDots(x(2, 3, 4), x(2, 3, 4))],
  [
    'attention: q expects [3 or 1, tokens, 8] to match k [3, 12, 8], got [2, 12, 8]',
    'E_SHAPE',
    () => attend({}, x(3, 12, 8)),
  ],
  [
    'attention: v expects [2, 12, a multiple of 2] to match k [2, 12, 8], got [2, 11, 8]',
    'E_SHAPE',
    () => attend({}, TOKENS, x(2, 11, 8)),
  ],
  ['attention: keyHeads expects a divisor of 2 heads, got 3', 'E_SHAPE', () => attend({ keyHeads: 3 })],
  [
    'attention: mask expects a shape that broadcasts to [2, 2, 12, 12] (images, heads, queries, keys), got [11, 12]',
    'E_SHAPE',
    () => attend({ mask: x(11, 12) }),
  ],
  ['attention: heads expects a divisor of 8 channels, got 3', 'E_SHAPE', () => attend({ heads: 3 })],
  [
    'attention: heads expects at most 256 channels each, got 300',
    'E_SHAPE',
    () => wgad.attention(x(1, 2, 300), x(1, 2, 300), x(1, 2, 300), { heads: 1 }),
  ],
  [
    'attention: neighbours of 3x5 expect 15 queries and keys, got 12 and 12',
    'E_SHAPE',
    () => attend({ neighbours: { height: 3, width: 5, window: 3 } }),
  ],
  [
    'attention: window expects an odd number, got 2',
    'E_SHAPE',
    () => attend({ neighbours: { height: 3, width: 4, window: 2 } }),
  ],
  [
    'attention: dropout expects 0 <= p < 1, got 1',
    'E_SHAPE',
    () => attend({ dropout: { p: 1, key: input('key', [4], 'u32'), site: 1 } }),
  ],
  [
    'attention: key expects u32 [4], got f32 [4]',
    'E_DTYPE',
    () => attend({ dropout: { p: 0.1, key: x(4), site: 1 } }),
  ],
  ['batchMoments: x expects [N, C, ...] with elements, got [4]', 'E_SHAPE', () => batchMoments(x(4))],
  [
    'batchMoments: x expects [N, C, ...] with elements, got [0, 4, 2, 2]',
    'E_SHAPE',
    () => batchMoments(x(0, 4, 2, 2)),
  ],
  [
    'batchNormWeightGrad: dout expects [2, 3, 4, 4] (the shape of x), got [2, 3, 4, 5]',
    'E_SHAPE',
    () => {
      const images = x(2, 3, 4, 4);
      return batchNormWeightGrad(x(2, 3, 4, 5), images, batchMoments(images), 1e-3);
    },
  ],
  ['oneHot: labels expects i32, got f32', 'E_DTYPE', () => wgad.oneHot(x(3), 4)],
  ['gather: indices expects i32, got f32', 'E_DTYPE', () => wgad.gather(x(3, 2), x(2))],
  ['randomUniform: key expects u32 [4], got f32 [4]', 'E_DTYPE', () => wgad.randomUniform(x(4), 0, [2])],
  ['randomNormal: key expects u32 [4], got f32 [4]', 'E_DTYPE', () => wgad.randomNormal(x(4), 0, [2])],
  ['dropout: p expects 0 <= p < 1, got 1', 'E_SHAPE', () => wgad.dropout(x(2), 1, input('k', [4], 'u32'), 0)],
  ['kthLargest: k expects 1 to 3, got 4', 'E_SHAPE', () => wgad.kthLargest(x(2, 3), 4)],
  ['topFractionMean: fraction expects 0 to 1, got 1.5', 'E_SHAPE', () => wgad.topFractionMean(x(2, 3), 1.5)],
  ['topK: k expects 1 to 3, got 4', 'E_SHAPE', () => wgad.topK(x(2, 3), 4)],
  ['topK: x expects at least one axis, got []', 'E_SHAPE', () => wgad.topK(x(), 1)],
  ['takeAlongAxis: indices expects i32, got f32', 'E_DTYPE', () => wgad.takeAlongAxis(x(2, 3), x(2, 1))],
  [
    'takeAlongAxis: indices expects [2, any], got [3, 1]',
    'E_SHAPE',
    () => wgad.takeAlongAxis(x(2, 3), input('i', [3, 1], 'i32')),
  ],
  [
    'nearestRows: bank expects 3 columns as x has, got [4, 5]; k expects 1 to 4, got 5',
    'E_SHAPE',
    () => nearestRows(x(2, 3), x(4, 5), 5),
  ],
  ['nearestRows: x expects [rows, columns], got [2]', 'E_SHAPE', () => nearestRows(x(2), x(4, 5), 1)],
  [
    'nearestRows: x expects f32, got i32; cast it first',
    'E_DTYPE',
    () => nearestRows(input('x', [2, 3], 'i32'), x(4, 3), 1),
  ],
  [
    'farthestRows: distances expects [4], one a row of x, got [3]; k expects 1 or more, got 0',
    'E_SHAPE',
    () => farthestRows(x(4, 3), x(3), 0),
  ],
  [
    'farthestRows: x expects [1 to 16777216 rows, columns], got [4]',
    'E_SHAPE',
    () => farthestRows(x(4), x(4), 1),
  ],
  ['smoothL1Loss: alpha expects more than 0, got 0', 'E_SHAPE', () => wgad.smoothL1Loss(x(2), x(2), 0)],
  [
    'crossEntropy: logits expects [N, C, ...], got [3]',
    'E_SHAPE',
    () => wgad.crossEntropy(x(3), input('l', [3], 'i32')),
  ],
  [
    'focalLoss: logits and mask expect [N, 2, H, W] and [N, 1, H, W], got [1, 3, 4, 4] and [1, 1, 4, 4]',
    'E_SHAPE',
    () => focalLoss(x(1, 3, 4, 4), x(1, 1, 4, 4)),
  ],
  [
    'ssim: a and b expect one shape [N, C, H, W], got [1, 3, 4, 4] and [1, 3, 4, 5]',
    'E_SHAPE',
    () => ssim(x(1, 3, 4, 4), x(1, 3, 4, 5)),
  ],
  [
    'gaussianBlur2d: expects an odd kernel',
    'E_SHAPE',
    () => wgad.gaussianBlur2d(x(1, 1, 4, 4), { kernel: 4 }),
  ],
];
