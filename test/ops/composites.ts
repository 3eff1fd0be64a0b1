import { stopGradient } from '../../src/graph/ops/control.ts';
import { mul, scale, sub } from '../../src/graph/ops/pointwise.ts';
import { attentionWeights } from '../../src/nn/attentionWeights.ts';
import { AUTHOR_BLUR, gaussianBlur2d, gaussianTaps, SCIPY_BLUR } from '../../src/nn/blur.ts';
import { crossEntropy } from '../../src/nn/crossEntropy.ts';
import { dropout } from '../../src/nn/dropout.ts';
import { gradientGate } from '../../src/nn/gradientGate.ts';
import {
  binaryCrossEntropy,
  cosineSimilarity,
  focalLoss,
  globalCosineLoss,
  hardMiningCosineLoss,
  mseLoss,
  smoothL1Loss,
} from '../../src/nn/losses.ts';
import { batchNorm, layerNorm } from '../../src/nn/norm.ts';
import { logSoftmax } from '../../src/nn/softmax.ts';
import { ssim } from '../../src/nn/ssim.ts';
import type { Shape } from '../../src/shape.ts';
import { KEY } from '../../src/specs/random.ts';
import { logSoftmaxRef, softmaxRef } from '../../src/specs/reference/ops.ts';
import { rowsOf } from '../../src/specs/reference/order.ts';
import { philoxUniforms } from '../../src/specs/reference/random.ts';
import { cosine, cosineRef } from '../../src/specs/reference/similarity.ts';
import { at, build, roundingScale, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import { ANY_DTYPE, type SpecTable, samplesOf, shaped } from '../../src/specs/spec.ts';

function blurRef(x: Tensor64, kernel: number, border: 'zero' | 'symmetric', sigma = 4): Tensor64 {
  const taps = gaussianTaps(kernel, sigma);
  const half = (kernel - 1) / 2;
  const [, , h, w] = x.shape as [number, number, number, number];
  const mirrored = (i: number, size: number): number => (i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i);
  return build(x.shape, ([b, c, y, xx]) => {
    let total = 0;
    for (let i = 0; i < kernel; i++)
      for (let j = 0; j < kernel; j++) {
        const sy = y! + i - half;
        const sx = xx! + j - half;
        const inside = sy >= 0 && sy < h && sx >= 0 && sx < w;
        if (border === 'zero' && !inside) continue;
        total += taps[i]! * taps[j]! * at(x, [b!, c!, mirrored(sy, h), mirrored(sx, w)]);
      }
    return total;
  });
}

/** By its definition: variances and covariance around the window's own means. */
function ssimRef(a: Tensor64, b: Tensor64): Tensor64 {
  const taps = gaussianTaps(11, 1.5);
  const [, , h, w] = a.shape as [number, number, number, number];
  const map = build(a.shape, ([n, c, y, x]) => {
    const pixels = Array.from({ length: 121 }, (_, k) => {
      const [i, j] = [Math.floor(k / 11), k % 11];
      const [sy, sx] = [y! + i - 5, x! + j - 5];
      const inside = sy >= 0 && sy < h && sx >= 0 && sx < w;
      const of = (t: Tensor64): number => (inside ? at(t, [n!, c!, sy, sx]) : 0);
      return { weight: taps[i]! * taps[j]!, a: of(a), b: of(b) };
    });
    const over = (f: (a: number, b: number) => number): number =>
      pixels.reduce((sum, each) => sum + each.weight * f(each.a, each.b), 0);
    const [ma, mb] = [over((p) => p), over((_, q) => q)];
    const [va, vb] = [over((p) => (p - ma) ** 2), over((_, q) => (q - mb) ** 2)];
    const both = over((p, q) => (p - ma) * (q - mb));
    return ((2 * ma * mb + 1e-4) * (2 * both + 9e-4)) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4));
  });
  return scalar(mean(map.data));
}

function focalRef(logits: Tensor64, mask: Tensor64): Tensor64 {
  const s = softmaxRefAlong1(logits);
  const limited = (x: number): number => Math.min(1 - 1e-5, Math.max(1e-5, x));
  const map = build(mask.shape, ([n, , i, j]) => {
    const m = at(mask, [n!, 0, i!, j!]);
    const p = limited(m) * at(s, [n!, 1, i!, j!]) + limited(1 - m) * at(s, [n!, 0, i!, j!]) + 1e-5;
    return -((1 - p) ** 2) * Math.log(p);
  });
  return scalar(mean(map.data));
}

const softmaxRefAlong1 = (x: Tensor64): Tensor64 =>
  build(x.shape, ([n, c, i, j]) => {
    const powers = [0, 1].map((k) => Math.exp(at(x, [n!, k, i!, j!])));
    return powers[c!]! / (powers[0]! + powers[1]!);
  });

const scalar = (value: number): Tensor64 => build([], () => value);
const mean = (values: Float64Array): number => values.reduce((s, v) => s + v, 0) / values.length;
const positive = (u: number): number => 0.3 + u;

/** The mean over samples of 1 - the cosine of all that is in them. */
const globalCosineRef = (a: Tensor64, b: Tensor64): Tensor64 => {
  const [x, y] = [rowsOf(a, 1), rowsOf(b, 1)];
  return scalar(mean(Float64Array.from(x, (row, n) => 1 - cosine(row, y[n]!))));
};

/** What is made of several ops: each must hold fused and unfused, forward and backward. */
export const compositeSpecs: SpecTable = {
  cosineSimilarity: {
    samples: [
      {
        label: '[2, 3, 4]',
        inputs: shaped([2, 3, 4], [2, 3, 4]),
        run: cosineSimilarity,
        reference: (a, b) => cosineRef(a, b, (each) => each),
      },
    ],
  },
  globalCosineLoss: {
    ulps: 8,
    samples: [
      {
        label: '[2, 3, 5, 7]',
        inputs: shaped([2, 3, 5, 7], [2, 3, 5, 7]),
        run: globalCosineLoss,
        reference: globalCosineRef,
      },
    ],
  },
  hardMiningCosineLoss: {
    ulps: 8,
    // Its derivative is not that of its value: test/models/hardMining.test.ts.
    differentiable: false,
    samples: samplesOf([-3, 1], (strictness) => ({
      label: `strictness ${strictness}`,
      inputs: [...shaped([2, 3, 5, 7], [2, 3, 5, 7]), { shape: [1], fill: () => strictness }],
      run: hardMiningCosineLoss,
      reference: globalCosineRef,
    })),
  },
  dropout: {
    samples: [
      {
        label: 'a quarter',
        inputs: [{ shape: [13, 5] }, KEY],
        run: (x, key) => dropout(x, 0.25, key, 9),
        reference: (x, key) => {
          const u = philoxUniforms(9, 65, key);
          return { shape: x.shape, data: x.data.map((v, i) => (u[i]! >= 0.25 ? v / 0.75 : 0)) };
        },
      },
    ],
  },
  logSoftmax: {
    ulps: 64,
    samples: [
      { label: '[2, 131]', inputs: shaped([2, 131]), run: (x) => logSoftmax(x), reference: logSoftmaxRef },
    ],
  },
  attentionWeights: {
    ulps: 64,
    specials: false,
    samples: [
      {
        label: 'causal, with a mask, shared heads of keys',
        inputs: [{ shape: [2, 5, 12] }, { shape: [2, 7, 4] }, { shape: [5, 7] }],
        run: (q, k, mask) => attentionWeights(q, k, { heads: 3, keyHeads: 1, causal: true, mask }),
        reference: (q, k, mask) =>
          build([2, 3, 5, 7], ([n, h, i, j]) => {
            const score = (other: number): number => {
              if (other > i!) return Number.NEGATIVE_INFINITY;
              const terms = [0, 1, 2, 3].map((c) => at(q, [n!, i!, 4 * h! + c]) * at(k, [n!, other, c]));
              return terms.reduce((sum, term) => sum + term) / 2 + at(mask, [i!, other]);
            };
            const scores = Array.from({ length: 7 }, (_, other) => score(other));
            const most = Math.max(...scores);
            return Math.exp(scores[j!]! - most) / scores.reduce((sum, s) => sum + Math.exp(s - most), 0);
          }),
      },
    ],
  },
  batchNorm: {
    ulps: 32,
    samples: [
      {
        label: 'evaluation',
        inputs: [
          { shape: [2, 5, 3, 4] },
          { shape: [5] },
          { shape: [5] },
          { shape: [5] },
          { shape: [5], fill: positive },
        ],
        run: (x, weight, bias, m, variance) => batchNorm(x, { weight, bias, mean: m, variance }),
        // As PyTorch computes on CPUs: one scale and one offset a channel.
        reference: (x, weight, bias, mean, variance) =>
          build(x.shape, (i) => {
            const c = i[1]!;
            const factor = weight!.data[c]! / Math.sqrt(variance!.data[c]! + 1e-5);
            return at(x, i) * factor + (bias!.data[c]! - mean!.data[c]! * factor);
          }),
      },
    ],
  },
  layerNorm: {
    ulps: 64,
    samples: samplesOf<Shape>([[17], [3, 5]], (sizes) => ({
      label: `[3, ${sizes}]`,
      inputs: shaped([3, ...sizes], sizes, sizes),
      run: (x, w, b) => layerNorm(x, w, b),
      reference: (x, w, b) => {
        const count = w.data.length;
        return {
          shape: x.shape,
          data: x.data.map((each, i) => {
            const r = Math.floor(i / count);
            const row = x.data.subarray(r * count, (r + 1) * count);
            const m = mean(row);
            const v = mean(row.map((one) => (one - m) ** 2));
            return ((each - m) / Math.sqrt(v + 1e-5)) * w.data[i % count]! + b.data[i % count]!;
          }),
        };
      },
    })),
  },
  gradientGate: {
    dtypes: ANY_DTYPE,
    // About derivatives.
    specials: false,
    samples: [
      {
        label: 'along the channels of [2, 3, 5, 4]',
        inputs: [
          { shape: [2, 3, 5, 4] },
          { shape: [2, 1, 5, 4], fill: (u) => Number(u < 0.4), differentiable: false },
        ],
        // Without what is shut, value and derivative agree, so that differences can check both.
        run: (x, shut) => sub(gradientGate(x, shut), mul(shut, stopGradient(x))),
        reference: (x, shut) =>
          build(x.shape, ([n, c, i, j]) => at(x, [n!, c!, i!, j!]) * (1 - at(shut, [n!, 0, i!, j!]))),
      },
    ],
  },
  mseLoss: {
    samples: [
      {
        label: '[5, 9]',
        inputs: [{ shape: [5, 9] }, { shape: [5, 9] }],
        run: (a, b) => mseLoss(a, b),
        reference: (a, b) => scalar(mean(a.data.map((v, i) => (v - b.data[i]!) ** 2))),
      },
    ],
  },
  smoothL1Loss: {
    ulps: 8,
    samples: samplesOf([0.1, 10], (alpha) => ({
      label: `alpha ${alpha}`,
      inputs: [{ shape: [16] }, { shape: [16] }],
      run: (a, b) => smoothL1Loss(a, b, alpha),
      reference: (a, b) =>
        scalar(
          mean(
            a.data.map((v, i) => {
              const d = Math.abs(v - b.data[i]!);
              return d < alpha ? (d * d) / (2 * alpha) : d - alpha / 2;
            }),
          ),
        ),
    })),
  },
  binaryCrossEntropy: {
    ulps: 8,
    samples: samplesOf([1, 60], (size) => ({
      label: `logits about ${size}`,
      inputs: [{ shape: [3, 7] }, { shape: [3, 7] }],
      run: (a, b) => binaryCrossEntropy(scale(a, size), b),
      reference: (a, b) => {
        const terms = Array.from(a.data, (v, i) => {
          const z = v * size;
          return [Math.max(z, 0), -z * b.data[i]!, Math.log1p(Math.exp(-Math.abs(z)))] as const;
        });
        const sized = (of: (value: number) => number): number =>
          mean(Float64Array.from(terms, (parts) => parts.reduce((sum, value) => sum + of(value), 0)));
        // The mean may be near 0 where its terms are not.
        return {
          ...scalar(sized((value) => value)),
          magnitude: Float64Array.of(roundingScale(Math.max(1, sized(Math.abs)), terms.length)),
        };
      },
    })),
  },
  crossEntropy: {
    ulps: 64,
    // What its labels choose and weigh: crossEntropy.test.ts.
    specials: false,
    samples: [
      {
        label: '[9, 5]',
        inputs: [{ shape: [9, 5] }, { shape: [9], dtype: 'i32', fill: (u) => Math.floor(u * 5) }],
        run: (x, labels) => crossEntropy(x, labels),
        reference: (x, labels) => {
          const s = softmaxRef(x);
          return scalar(mean(labels.data.map((label, i) => -Math.log(at(s, [i, label])))));
        },
      },
    ],
  },
  focalLoss: {
    ulps: 16,
    // The reference overflows where the loss does not.
    specials: false,
    samples: samplesOf([1, 8], (size) => ({
      label: `logits about ${size}`,
      inputs: [
        { shape: [2, 2, 5, 3] },
        { shape: [2, 1, 5, 3], fill: (u) => Number(u < 0.3), differentiable: false },
      ],
      run: (logits, mask) => focalLoss(scale(logits, size), mask),
      reference: (logits, mask) =>
        focalRef({ shape: logits.shape, data: logits.data.map((v) => v * size) }, mask),
    })),
  },
  ssim: {
    ulps: 128,
    samples: [
      {
        label: '[2, 3, 16, 13]',
        inputs: [
          { shape: [2, 3, 16, 13], fill: (u) => u },
          { shape: [2, 3, 16, 13], fill: (u) => u },
        ],
        run: ssim,
        reference: ssimRef,
      },
    ],
  },
  gaussianBlur2d: {
    samples: [
      {
        label: 'author, zero border',
        inputs: [{ shape: [2, 1, 9, 7] }],
        run: (x) => gaussianBlur2d(x, AUTHOR_BLUR),
        reference: (x) => blurRef(x, 5, 'zero'),
      },
    ],
  },
  gaussianBlur2dScipy: {
    samples: [
      {
        label: 'SciPy, mirrored border',
        inputs: [{ shape: [1, 1, 20, 19] }],
        run: (x) => gaussianBlur2d(x, SCIPY_BLUR),
        reference: (x) => blurRef(x, 33, 'symmetric'),
      },
    ],
  },
};
