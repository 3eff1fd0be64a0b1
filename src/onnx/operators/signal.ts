/** Fourier transforms as products with matrices, and the windows that go with them. */

import { matmul } from '../../graph/ops/matmul.ts';
import { concat, pad, part, permute, reshape } from '../../graph/ops/movement.ts';
import { add, mul, sub } from '../../graph/ops/pointwise.ts';
import { constant, type Value } from '../../graph/value.ts';
import { normalizeAxis, range } from '../../shape.ts';
import { elementTypeOf } from '../elementType.ts';
import type { NodeCall, Operator, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';

/** cos and sin of 2 pi i k / length, [to, from]. */
function waves(from: number, to: number, length: number): { cosine: Value; sine: Value } {
  const table = (fn: (angle: number) => number): Value =>
    constant(
      range(to * from).map((at) => {
        // Of the remainder: the angle itself would lose digits.
        const turns = ((at % from) * Math.floor(at / from)) % length;
        return fn((2 * Math.PI * turns) / length);
      }),
      [to, from],
    );
  return { cosine: table(Math.cos), sine: table(Math.sin) };
}

interface Transform {
  readonly length: number;
  readonly onesided: boolean;
  readonly inverse: boolean;
}

/** x [..., L, 1 or 2] (real, or real and imaginary) along its last but one axis -> [..., K, 2], or [..., K, 1] for real results. */
function transform(x: Value, { length, onesided, inverse }: Transform): Value {
  if (inverse && onesided) return realInverse(x, length);
  const sides = (count: number): number[] => x.shape.map((_, i) => (i === x.shape.length - 2 ? count : 0));
  const given = x.shape.at(-2)!;
  const fitted =
    given < length ? pad(x, sides(0), sides(length - given)) : part(x, x.shape.length - 2, 0, length);
  const to = onesided ? Math.floor(length / 2) + 1 : length;
  const { cosine, sine } = waves(length, to, length);
  const plane = (i: number): Value => part(fitted, fitted.shape.length - 1, i, 1);
  const times = (matrix: Value, i: number): Value => matmul(matrix, plane(i));
  const complex = fitted.shape.at(-1) === 2;
  const forward = inverse ? -1 : 1;
  // (a + ib)(cos - i sin): the sign of i turns for the inverse.
  const real = complex ? add(times(cosine, 0), mul(times(sine, 1), forward)) : times(cosine, 0);
  const turned = mul(times(sine, 0), -forward);
  const imaginary = complex ? add(turned, times(cosine, 1)) : turned;
  const out = concat([real, imaginary], real.shape.length - 1);
  return inverse ? mul(out, 1 / length) : out;
}

/** The real signal of `length` whose one-sided spectrum is x [..., K, 2]. */
function realInverse(x: Value, length: number): Value {
  const half = Math.floor(length / 2) + 1;
  const sides = (count: number): number[] => x.shape.map((_, i) => (i === x.shape.length - 2 ? count : 0));
  const given = x.shape.at(-2)!;
  const fitted = given < half ? pad(x, sides(0), sides(half - given)) : part(x, x.shape.length - 2, 0, half);
  const { cosine, sine } = waves(half, length, length);
  // What is not its own mirror image counts twice.
  const twice = constant(
    range(half).map((k) => (k === 0 || 2 * k === length ? 1 : 2)),
    [1, half],
  );
  const plane = (i: number): Value => part(fitted, fitted.shape.length - 1, i, 1);
  const real = matmul(mul(cosine, twice), plane(0));
  return mul(sub(real, matmul(mul(sine, twice), plane(1))), 1 / length);
}

function fourier(call: NodeCall): Term {
  const x = call.value(0);
  const rank = x.shape.length;
  // Operator set 20 made the axis an input, counted from the end.
  const given = call.opset >= 20 ? (call.optionalNumbers(2, 'axis')?.[0] ?? -2) : call.int('axis', 1);
  const axis = normalizeAxis('axis', given, rank);
  const [inverse, onesided] = [call.flag('inverse', false), call.flag('onesided', false)];
  const size = x.shape[axis]!;
  const length = call.optionalNumbers(1, 'dft_length')?.[0] ?? (inverse && onesided ? 2 * (size - 1) : size);
  const order = [...range(rank - 1).filter((i) => i !== axis), axis, rank - 1];
  const out = transform(permute(x, order), { length, onesided, inverse });
  return Term.of(
    call.term(0).type,
    permute(
      out,
      range(rank).map((i) => order.indexOf(i)),
    ),
  );
}

function shortTime(call: NodeCall): Term {
  const signal = call.value(0);
  const [step] = call.numbers(1, 'frame_step');
  const window = call.optional(2);
  const [n, total, planes] = signal.shape as [number, number, number];
  const length = call.optionalNumbers(3, 'frame_length')?.[0] ?? window!.shape[0]!;
  const count = 1 + Math.floor((total - length) / step!);
  const frames = range(count).map((i) => reshape(part(signal, 1, i * step!, length), [n, 1, length, planes]));
  const all = concat(frames, 1);
  const weighted = window ? mul(all, reshape(window.value, [1, 1, length, 1])) : all;
  const out = transform(weighted, { length, onesided: call.flag('onesided', true), inverse: false });
  return Term.of(call.term(0).type, out);
}

/** A window of known size from its formula of the angle 2 pi i / N. */
const windowOperator = (formula: (angle: number) => number): Operator => ({
  attributes: ['output_datatype', 'periodic'],
  known: [0],
  run(call) {
    const [size] = call.numbers(0, 'size');
    const length = call.flag('periodic', true) ? size! : size! - 1;
    const type = elementTypeOf(call.int('output_datatype', 1)) ?? 'float';
    return Term.known(
      type,
      [size!],
      range(size!).map((i) => formula((2 * Math.PI * i) / length)),
    );
  },
});

/** Triangles over the bins of a spectrum, evenly spaced by pitch. */
function melWeights(call: NodeCall): Term {
  const names = ['num_mel_bins', 'dft_length', 'sample_rate', 'lower_edge_hertz', 'upper_edge_hertz'];
  const [bins, length, rate, low, high] = names.map((name, i) => call.numbers(i, name)[0]!) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const rows = Math.floor(length / 2) + 1;
  const pitch = (hertz: number): number => (2595 * Math.log1p(hertz / 700)) / Math.LN10;
  const step = (pitch(high) - pitch(low)) / (bins + 2);
  const edges = range(bins + 2).map((i) => {
    const hertz = 700 * Math.expm1(((i * step + pitch(low)) / 2595) * Math.LN10);
    return Math.floor(((length + 1) * hertz) / rate);
  });
  const data = new Float64Array(rows * bins);
  for (const i of range(bins)) {
    const [left, centre, right] = edges.slice(i, i + 3) as [number, number, number];
    if (left === centre) data[centre * bins + i] = 1;
    else for (let j = left; j <= centre; j++) data[j * bins + i] = (j - left) / (centre - left);
    for (let j = centre; j < right; j++) data[j * bins + i] = (right - j) / (right - centre);
  }
  return Term.known(elementTypeOf(call.int('output_datatype', 1)) ?? 'float', [rows, bins], data);
}

const HAMMING = 25 / 46;

export const signalOperators: OperatorTable = {
  DFT: { attributes: ['axis', 'inverse', 'onesided'], known: [1, 2], run: fourier },
  STFT: { attributes: ['onesided'], known: [1, 3], run: shortTime },
  HannWindow: windowOperator((angle) => Math.sin(angle / 2) ** 2),
  HammingWindow: windowOperator((angle) => HAMMING - (1 - HAMMING) * Math.cos(angle)),
  BlackmanWindow: windowOperator((angle) => 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle)),
  MelWeightMatrix: { attributes: ['output_datatype'], known: [0, 1, 2, 3, 4], run: melWeights },
};
