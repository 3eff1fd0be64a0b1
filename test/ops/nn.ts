import { stopGradient } from '../../src/graph/ops/control.ts';
import { mul, scale, sub } from '../../src/graph/ops/pointwise.ts';
import { input } from '../../src/graph/value.ts';
import { AUTHOR_BLUR, gaussianBlur2d, gaussianTaps, SCIPY_BLUR } from '../../src/nn/blur.ts';
import { crossEntropy } from '../../src/nn/crossEntropy.ts';
import { gradientGate } from '../../src/nn/gradientGate.ts';
import { binaryCrossEntropy, focalLoss, mseLoss, smoothL1Loss } from '../../src/nn/losses.ts';
import { batchNorm2d, batchNorm2dTrain, layerNorm } from '../../src/nn/norm.ts';
import { logSoftmax, softmax } from '../../src/nn/softmax.ts';
import { ssim } from '../../src/nn/ssim.ts';
import { batchNormTrainRef } from '../../src/specs/reference/batchNorm.ts';
import { at, build, roundingScale, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { SpecTable } from './spec.ts';

function softmaxRef(x: Tensor64): Tensor64 {
  const width = x.shape.at(-1)!;
  return build(x.shape, (index) => {
    const row = Array.from({ length: width }, (_, j) => Math.exp(at(x, index.with(-1, j))));
    return row[index.at(-1)!]! / row.reduce((s, v) => s + v, 0);
  });
}

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

export const nnSpecs: SpecTable = {
  softmax: {
    ulps: 64,
    samples: [
      [1, 1],
      [3, 7],
      [2, 5, 131],
    ].map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }],
      run: (x) => softmax(x),
      reference: softmaxRef,
    })),
  },
  logSoftmax: {
    ulps: 64,
    samples: [
      [3, 7],
      [2, 131],
    ].map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }],
      run: (x) => logSoftmax(x),
      reference: (x) => {
        const s = softmaxRef(x);
        return { shape: s.shape, data: s.data.map(Math.log) };
      },
    })),
  },
  batchNorm2d: {
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
        run: (x, weight, bias, m, variance) => batchNorm2d(x, { weight, bias, mean: m, variance }),
        reference: (x, w, b, m, v) =>
          build(x.shape, (i) => {
            const c = i[1]!;
            return ((at(x, i) - m.data[c]!) / Math.sqrt(v.data[c]! + 1e-5)) * w.data[c]! + b.data[c]!;
          }),
      },
    ],
  },
  batchNorm2dTrain: {
    ulps: 64,
    gradTolerance: 5e-3,
    samples: [
      [3, 4, 5, 3],
      [16, 2, 1, 1],
      [2, 3, 16, 16],
    ].map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }, { shape: [shape[1]!] }, { shape: [shape[1]!] }],
      run: (x, w, b) => batchNorm2dTrain(x, w, b).out,
      reference: (x, w, b) => batchNormTrainRef(x, w, b, 1e-5),
    })),
  },
  layerNorm: {
    ulps: 64,
    samples: [
      {
        label: '[3, 17]',
        inputs: [{ shape: [3, 17] }, { shape: [17] }, { shape: [17] }],
        run: (x, w, b) => layerNorm(x, w, b),
        reference: (x, w, b) =>
          build(x.shape, ([r, c]) => {
            const row = x.data.subarray(r! * 17, (r! + 1) * 17);
            const m = mean(row);
            const v = mean(row.map((each) => (each - m) ** 2));
            return ((row[c!]! - m) / Math.sqrt(v + 1e-5)) * w.data[c!]! + b.data[c!]!;
          }),
      },
    ],
  },
  gradientGate: {
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
        run: mseLoss,
        reference: (a, b) => scalar(mean(a.data.map((v, i) => (v - b.data[i]!) ** 2))),
      },
    ],
  },
  smoothL1Loss: {
    ulps: 8,
    samples: [0.1, 10].map((alpha) => ({
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
    rejects: [
      [
        () => smoothL1Loss(input('a', [2]), input('b', [2]), 0),
        'smoothL1Loss: alpha expects more than 0, got 0',
      ],
    ],
  },
  binaryCrossEntropy: {
    ulps: 8,
    samples: [1, 60].map((size) => ({
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
    rejects: [
      [
        () => crossEntropy(input('x', [3]), input('l', [3], 'i32')),
        'crossEntropy: logits expects [N, C, ...], got [3]',
      ],
    ],
  },
  focalLoss: {
    ulps: 16,
    samples: [1, 8].map((size) => ({
      label: `logits about ${size}`,
      inputs: [
        { shape: [2, 2, 5, 3] },
        { shape: [2, 1, 5, 3], fill: (u) => Number(u < 0.3), differentiable: false },
      ],
      run: (logits, mask) => focalLoss(scale(logits, size), mask),
      reference: (logits, mask) =>
        focalRef({ shape: logits.shape, data: logits.data.map((v) => v * size) }, mask),
    })),
    rejects: [
      [
        () => focalLoss(input('z', [1, 3, 4, 4]), input('m', [1, 1, 4, 4])),
        'focalLoss: logits and mask expect [N, 2, H, W] and [N, 1, H, W], got [1, 3, 4, 4] and [1, 1, 4, 4]',
      ],
    ],
  },
  ssim: {
    ulps: 128,
    samples: [[2, 3, 16, 13]].map((shape) => ({
      label: `[${shape}]`,
      inputs: [
        { shape, fill: (u) => u },
        { shape, fill: (u) => u },
      ],
      run: ssim,
      reference: ssimRef,
    })),
    rejects: [
      [
        () => ssim(input('a', [1, 3, 4, 4]), input('b', [1, 3, 4, 5])),
        'ssim: a and b expect one shape [N, C, H, W], got [1, 3, 4, 4] and [1, 3, 4, 5]',
      ],
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
    rejects: [
      [
        () => gaussianBlur2d(input('x', [1, 1, 4, 4]), { kernel: 4 }),
        'gaussianBlur2d: expects an odd kernel',
      ],
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
