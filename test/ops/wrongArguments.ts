import * as wgad from '../../src/index.ts';
import { constant, input, type Value } from '../../src/index.ts';
import type { Shape } from '../../src/shape.ts';
import { type PointwiseSpec, pointwiseSpecs } from '../../src/specs/pointwise.ts';

/** What may come where it should not: other types, other shapes, numbers that count nothing. */
const ODDITIES: readonly unknown[] = [
  ...[undefined, null, 'text', '3', Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1.5, 1e6, true, {}, () => 1],
  ...[[], [0], [-1], [1.5], ['a'], [Number.NaN], [undefined], [1, 2, 3, 4, 5, 6, 7], [100, 100]],
  ...[[], [0], [3], [0, 3], [5, 7], [2, 0, 6, 6], [1, 1, 1, 1], [3, 5, 7, 2, 2]].map((shape) => x(...shape)),
  ...[input('i', [2, 3], 'i32'), input('u', [2, 3], 'u32'), input('h', [2, 3], 'f16')],
  ...[{ value: 3 }, { value: x(2, 3) }],
];

function x(...shape: Shape): Value {
  return input(`x ${shape}`, shape);
}
const ints = (...shape: Shape): Value => input('ints', shape, 'i32');
const key = constant([1, 2, 3, 4], [4], 'u32');
const image = x(2, 4, 6, 6);

/** Functions of one and of two values alone, from their specs. */
const POINTWISE = Object.entries<PointwiseSpec>(pointwiseSpecs).flatMap(
  ([name, { samples, wholeRange }]): [keyof typeof wgad, Value[]][] => {
    const { length } = samples[0].inputs;
    if (!(name in wgad) || !(wholeRange || length === 2)) return [];
    return [[name as keyof typeof wgad, Array.from({ length }, () => image)]];
  },
);

/** A call of every public op and of what makes values, parameters and rules, with all its options. */
export const CALLS: readonly (readonly [keyof typeof wgad, readonly unknown[]])[] = [
  ...POINTWISE,
  ['cosineMap', [image, image]],
  ['cosineSimilarity', [image, image]],
  ['flatten', [image]],
  ['globalAvgPool2d', [image]],
  ['globalCosineLoss', [image, image]],
  ['mseLoss', [image, image, { reduction: 'mean' }]],
  ['stopGradient', [image]],
  ['adamw', [{ lr: 1e-3, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0, amsgrad: false }]],
  ['adaptiveAvgPool2d', [image, [2, 3]]],
  ['argmax', [x(2, 3), 1, false]],
  [
    'attention',
    [
      ...[x(2, 9, 8), x(2, 9, 4), x(2, 9, 6)],
      {
        heads: 2,
        keyHeads: 1,
        scale: 0.5,
        causal: true,
        mask: x(9, 9),
        neighbours: { height: 3, width: 3, window: 3 },
        dropout: { p: 0.1, key, site: 1 },
      },
    ],
  ],
  [
    'attentionWeights',
    [x(2, 9, 8), x(2, 9, 8), { heads: 2, keyHeads: 2, scale: 1, causal: true, mask: x(9, 9) }],
  ],
  [
    'avgPool2d',
    [
      image,
      {
        kernel: 2,
        stride: 2,
        padding: [
          [1, 0],
          [0, 1],
        ],
        dilation: 1,
        ceilMode: true,
        countIncludePad: false,
      },
    ],
  ],
  ['batchNorm', [image, { weight: x(4), bias: x(4), mean: x(4), variance: x(4), eps: 1e-5 }]],
  ['batchNormTrain', [image, x(4), x(4), 1e-5]],
  ['groupNorm', [image, 2, { weight: x(4), bias: x(4), eps: 1e-5 }]],
  ['instanceNorm', [image, { weight: x(4), bias: x(4), eps: 1e-5 }]],
  ['broadcastTo', [x(1, 3), [2, 3]]],
  ['cast', [x(2, 3), 'i32']],
  ['clamp', [x(2, 3), -1, 1]],
  ['clipFactor', [[x(2, 3)], 1]],
  ['concat', [[x(2, 3), x(2, 3)], 1]],
  ['constant', [[1, 2, 3, 4, 5, 6], [2, 3], 'f32']],
  ['conv1d', [x(2, 4, 6), x(4, 2, 3), { stride: 1, padding: [1, 2], dilation: 1, groups: 2, bias: x(4) }]],
  [
    'conv3d',
    [
      x(2, 4, 3, 5, 4),
      x(4, 2, 3, 3, 2),
      { stride: [1, 2, 1], padding: 1, dilation: 1, groups: 2, bias: x(4) },
    ],
  ],
  [
    'convTranspose1d',
    [x(2, 4, 6), x(4, 2, 3), { stride: 2, padding: 1, dilation: 1, groups: 2, bias: x(4), outputPadding: 1 }],
  ],
  [
    'convTranspose3d',
    [
      x(2, 4, 3, 5, 4),
      x(4, 2, 3, 3, 2),
      { stride: 2, padding: 1, dilation: 1, groups: 2, bias: x(4), outputPadding: [1, 0, 1] },
    ],
  ],
  ['conv2d', [image, x(4, 2, 3, 3), { stride: 1, padding: 1, dilation: 1, groups: 2, bias: x(4) }]],
  [
    'convTranspose2d',
    [
      image,
      x(4, 2, 3, 3),
      { stride: 2, padding: 1, dilation: 1, groups: 2, bias: x(4), outputPadding: [1, 0] },
    ],
  ],
  [
    'crossEntropy',
    [x(3, 4, 2), ints(3, 2), { ignoreIndex: -1, weights: x(4), labelSmoothing: 0.1, reduction: 'mean' }],
  ],
  ['declare', [(layers: wgad.Layers) => layers.parameter('w', [2], wgad.zeros)]],
  ['dropout', [x(2, 3), 0.5, key, 1]],
  ['gather', [x(4, 3), ints(2), 1]],
  ['gatherNd', [x(4, 3), ints(2, 1), 0]],
  ['scatter', [x(4, 3), ints(2), x(2, 3), { axis: 0, mode: 'add' }]],
  ['putAlongAxis', [x(2, 5), ints(2, 3), x(2, 3), { axis: 1, mode: 'add' }]],
  ['scatterNd', [x(4, 3), ints(2, 1), x(2, 3), { mode: 'add' }]],
  ['sort', [x(2, 5), { axis: 1, descending: true }]],
  ['argsort', [x(2, 5), { axis: 1, descending: true }]],
  ['einsum', ['ij,jk->ik', [x(2, 3), x(3, 5)]]],
  ['bitwiseAnd', [ints(2, 3), ints(2, 3)]],
  ['bitwiseOr', [ints(2, 3), ints(2, 3)]],
  ['bitwiseXor', [ints(2, 3), ints(2, 3)]],
  ['bitwiseNot', [ints(2, 3)]],
  ['shiftLeft', [ints(2, 3), ints(2, 3)]],
  ['shiftRight', [ints(2, 3), ints(2, 3)]],
  ['gaussianBlur2d', [image, { kernel: 3, sigma: 1, border: 'symmetric' }]],
  ['grad', [wgad.sum(wgad.square(image)), [image]]],
  ['initialize', [[{ name: 'w', shape: [2], init: wgad.zeros, kind: 'parameter' }], 0]],
  ['input', ['x', [2, 3], 'f32']],
  ['gridSample', [image, x(2, 3, 5, 2), { mode: 'bilinear', padding: 'zeros', alignCorners: false }]],
  ['interpolate', [image, { size: [3, 5], mode: 'bilinear', alignCorners: false, antialias: false }]],
  ['kthLargest', [x(2, 5), 2]],
  ['layerNorm', [x(3, 4), x(4), x(4), 1e-5]],
  ['layersOf', [{ w: x(2) }, { training: false }]],
  ['linear', [x(3, 4), x(5, 4), x(5)]],
  ['logSoftmax', [x(2, 3), -1]],
  ['matmul', [x(3, 4), x(4, 5), { transposeA: false, transposeB: false }]],
  ['max', [x(2, 3), { axes: [1], keepDims: false }]],
  [
    'avgPool1d',
    [x(2, 4, 6), { kernel: 2, stride: 2, padding: 1, dilation: 1, ceilMode: true, countIncludePad: false }],
  ],
  [
    'avgPool3d',
    [
      x(2, 4, 3, 6, 6),
      { kernel: [3, 2, 2], stride: 2, padding: 1, dilation: 1, ceilMode: true, countIncludePad: false },
    ],
  ],
  ['maxPool1d', [x(2, 4, 6), { kernel: 2, stride: 2, padding: 1, dilation: 1, ceilMode: true }]],
  [
    'maxPool3d',
    [x(2, 4, 3, 6, 6), { kernel: [3, 2, 2], stride: 2, padding: 1, dilation: 1, ceilMode: true }],
  ],
  ['maxPool2d', [image, { kernel: 2, stride: 2, padding: 1, dilation: [2, 1], ceilMode: true }]],
  ['maxPool2dWithIndices', [image, { kernel: 2, stride: 2, padding: 1, dilation: 1, ceilMode: false }]],
  ['maxUnpool2d', [image, ints(2, 4, 6, 6), [12, 12]]],
  ['mean', [x(2, 3), { axes: [1], keepDims: false }]],
  ['min', [x(2, 3), { axes: [1], keepDims: false }]],
  ['normal', [0, 1]],
  ['oneHot', [ints(3), 4]],
  ['pad', [x(2, 3), [1, 0], [0, 2], { mode: 'constant', value: 0 }]],
  ['permute', [x(2, 3, 4), [2, 0, 1]]],
  ['randomNormal', [key, 1, [2, 3]]],
  ['randomUniform', [key, 1, [2, 3]]],
  ['reshape', [x(2, 3), [3, 2]]],
  ['scale', [x(2, 3), 2]],
  ['sgd', [{ lr: 1e-3, momentum: 0.9, weightDecay: 0, nesterov: true }]],
  ['shift', [x(2, 3), 2]],
  ['slice', [x(4, 5), [{ start: 1, end: 3, step: 1 }, null]]],
  ['smoothL1Loss', [x(2, 3), x(2, 3), 1]],
  ['softmax', [x(2, 3), -1]],
  ['split', [x(4, 5), [2, 2], 0]],
  ['std', [x(2, 3), { axes: [1], keepDims: false, unbiased: true }]],
  ['sum', [x(2, 3), { axes: [1], keepDims: false }]],
  ['takeAlongAxis', [x(2, 5), ints(2, 3), 1]],
  ['topFractionMean', [x(2, 6), 0.5]],
  ['topK', [x(2, 5), 2]],
  ['transpose', [x(2, 3, 4), 0, 1]],
  ['valueAndGrad', [() => image, { aux: false }]],
  ['adam', [{ lr: 1e-3, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0, amsgrad: false }]],
  ['lion', [{ lr: 1e-3, betas: [0.9, 0.99], weightDecay: 0 }]],
  ['clipByNorm', [[x(2, 3)], 1]],
  ['clipByValue', [[x(2, 3)], 1]],
  ['cosineRate', [{ lr: 0.1, steps: 10, last: 0 }]],
  ['oneCycleRate', [{ lr: 0.1, steps: 10, warm: 0.3, start: 25, end: 1e4 }]],
  ['stepRate', [{ lr: 0.1, every: 10, factor: 0.1 }]],
  ['warmUp', [10, () => 0.1]],
  ['variance', [x(2, 3), { axes: [1], keepDims: false, unbiased: true }]],
  ['where', [image, image, image]],
  ['withVjp', [image, [image], () => [() => image]]],
  ['all', [x(2, 3), { axes: [1], keepDims: false }]],
  ['any', [x(2, 3), { axes: [1], keepDims: false }]],
  ['argmin', [x(2, 3), 1, false]],
  ['binaryCrossEntropy', [x(2, 3), x(2, 3), { positiveWeight: x(3), reduction: 'mean' }]],
  ['celu', [x(2, 3), 1]],
  ['cumsum', [x(2, 3), 1, { exclusive: false, reverse: false }]],
  ['elu', [x(2, 3), 1]],
  ['flip', [x(2, 3), [1]]],
  ['geluTanh', [x(2, 3)]],
  ['hardsigmoid', [x(2, 3)]],
  ['huberLoss', [x(2, 3), x(2, 3), { delta: 1, reduction: 'mean' }]],
  ['klDivergence', [x(2, 3), x(2, 3), { logTarget: false, reduction: 'mean' }]],
  ['l1Loss', [x(2, 3), x(2, 3), { reduction: 'mean' }]],
  ['leakyRelu', [x(2, 3), 0.1]],
  ['logSigmoid', [x(2, 3)]],
  ['logSumExp', [x(2, 3), { axes: [1], keepDims: false }]],
  ['mish', [x(2, 3)]],
  ['nllLoss', [x(3, 4, 2), ints(3, 2), { ignoreIndex: -1, weights: x(4), reduction: 'mean' }]],
  ['prelu', [x(2, 3), x(3)]],
  ['prod', [x(2, 3), { axes: [1], keepDims: false }]],
  ['roll', [x(2, 3), 1, 0]],
  ['selu', [x(2, 3)]],
  ['sigmoidFocalLoss', [x(2, 3), x(2, 3), { alpha: 0.25, gamma: 2, reduction: 'mean' }]],
  ['softplus', [x(2, 3), { beta: 1, threshold: 20 }]],
  ['softsign', [x(2, 3)]],
  ['squeeze', [x(1, 3), [0]]],
  ['stack', [[x(2, 3), x(2, 3)], 1]],
  ['tile', [x(2, 3), [2, 1]]],
  ['tril', [x(2, 3), 0]],
  ['triu', [x(2, 3), 0]],
  ['unsqueeze', [x(2, 3), [0]]],
];

/** `args` with one thing in them, however deep, replaced by an oddity; and what was done. */
export function* oneWrong(args: readonly unknown[]): Generator<[how: string, args: unknown[]]> {
  for (const [path, odd] of replacements(args)) {
    yield [`argument ${path.join('.')} = ${text(odd)}`, replaced(args, path, odd) as unknown[]];
  }
  yield ['no arguments', []];
}

function* replacements(node: unknown): Generator<[path: string[], odd: unknown]> {
  if (typeof node !== 'object' || node === null || 'op' in node) return;
  for (const [name, child] of Object.entries(node)) {
    for (const odd of ODDITIES) yield [[name], odd];
    for (const [path, odd] of replacements(child)) yield [[name, ...path], odd];
  }
}

function replaced(node: unknown, [name, ...rest]: readonly string[], odd: unknown): unknown {
  const copy = (Array.isArray(node) ? [...node] : { ...(node as object) }) as Record<string, unknown>;
  copy[name!] = rest.length === 0 ? odd : replaced(copy[name!], rest, odd);
  return copy;
}

function text(odd: unknown): string {
  if (typeof odd !== 'object' || odd === null) return String(odd);
  return 'op' in odd ? `a value [${(odd as Value).shape}]` : JSON.stringify(odd);
}
