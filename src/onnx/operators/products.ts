/** Products: matrices, convolutions. */
import { matmul } from '../../graph/ops/matmul.ts';
import { pad, part, reshape, slice } from '../../graph/ops/movement.ts';
import { add, scale } from '../../graph/ops/pointwise.ts';
import type { Value } from '../../graph/value.ts';
import { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from '../../nn/conv.ts';
import { einsum } from '../../nn/einsum.ts';
import { linear } from '../../nn/linear.ts';
import { product, range } from '../../shape.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';

/** NumPy's product: vectors are rows on the left and columns on the right, and leave no axis. */
export function numpyProduct(a: Value, b: Value): Value {
  const left = a.shape.length === 1 ? reshape(a, [1, a.shape[0]!]) : a;
  const right = b.shape.length === 1 ? reshape(b, [b.shape[0]!, 1]) : b;
  const out = matmul(left, right);
  const shape = out.shape.filter(
    (_, axis) =>
      !(axis === out.shape.length - 2 && a.shape.length === 1) &&
      !(axis === out.shape.length - 1 && b.shape.length === 1),
  );
  return reshape(out, shape);
}

function runMatmul(call: NodeCall): Term {
  const [a, b] = [call.term(0), call.term(1)];
  const out = Term.of('float', numpyProduct(convert(a, 'float').value, convert(b, 'float').value));
  return convert(out, a.type);
}

function runGemm(call: NodeCall): Term {
  const [a, b, c] = [call.term(0), call.term(1), call.optional(2)];
  const [transposeA, transposeB] = [call.flag('transA', false), call.flag('transB', false)];
  const [alpha, beta] = [call.float('alpha', 1), call.float('beta', 1)];
  const plain = !transposeA && transposeB && alpha === 1 && beta === 1;
  if (plain && c?.shape.length === 1 && c.shape[0] === b.shape[0]) {
    return Term.of(a.type, linear(a.value, b.value, c.value));
  }
  const left = convert(a, 'float').value;
  const raw = matmul(left, convert(b, 'float').value, { transposeA, transposeB });
  const scaled = alpha === 1 ? raw : scale(raw, alpha);
  const offset = c && convert(c, 'float').value;
  const out = offset ? add(scaled, beta === 1 ? offset : scale(offset, beta)) : scaled;
  return convert(Term.of('float', out), a.type);
}

function runEinsum(call: NodeCall): Term {
  const { type } = call.term(0);
  const operands = call.terms().map((term) => convert(term, 'float').value);
  return convert(Term.of('float', einsum(call.text('equation', ''), operands)), type);
}

interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before and after, an axis. */
  readonly pads: readonly (readonly [number, number])[];
}

/** Geometry of windows over the axes of `space`. */
export function windowsOf(call: NodeCall, space: readonly number[], kernel: readonly number[]): Windows {
  const ones = kernel.map(() => 1);
  const strides = call.ints('strides') ?? ones;
  const dilations = call.ints('dilations') ?? ones;
  const given = call.ints('pads') ?? kernel.flatMap(() => [0, 0]);
  const automatic = call.text('auto_pad', 'NOTSET');
  const pads = kernel.map((size, axis): [number, number] => {
    if (automatic === 'NOTSET') return [given[axis]!, given[axis + kernel.length]!];
    if (automatic === 'VALID') return [0, 0];
    const reach = dilations[axis]! * (size - 1) + 1;
    const out = Math.ceil(space[axis]! / strides[axis]!);
    const total = Math.max(0, (out - 1) * strides[axis]! + reach - space[axis]!);
    const half = Math.floor(total / 2);
    return automatic === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  return { kernel, strides, dilations, pads };
}

const pair = (numbers: readonly number[]): [number, number] => [numbers[0]!, numbers[1]!];

const triple = (numbers: readonly number[]): [number, number, number] => [
  numbers[0]!,
  numbers[1]!,
  numbers[2]!,
];

export interface Convolved {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly (readonly [number, number])[];
  readonly groups: number;
}

/** Convolution over one, two or three axes of space. */
export function convolution(x: Value, weight: Value, { strides, dilations, pads, groups }: Convolved): Value {
  const axes = x.shape.length - 2;
  const padding = pads.flat();
  if (axes === 1) {
    const [start, end] = padding as [number, number];
    return conv1d(x, weight, { stride: strides[0]!, dilation: dilations[0]!, padding: [start, end], groups });
  }
  if (axes === 3) {
    const ends = padding as [number, number, number, number, number, number];
    return conv3d(x, weight, { stride: triple(strides), dilation: triple(dilations), padding: ends, groups });
  }
  const ends = padding as [number, number, number, number];
  return conv2d(x, weight, { stride: pair(strides), dilation: pair(dilations), padding: ends, groups });
}

function runConv(call: NodeCall): Term {
  const x = call.term(0);
  const weight = call.value(1);
  const windows = windowsOf(call, x.shape.slice(2), weight.shape.slice(2));
  const groups = call.int('group', 1);
  const out = convolution(convert(x, 'float').value, weight, { ...windows, groups });
  return Term.of(x.type, withBias(out, call.optional(2)?.value));
}

export function withBias(out: Value, bias: Value | undefined): Value {
  if (!bias) return out;
  return add(out, reshape(bias, [1, bias.shape[0]!, ...out.shape.slice(2).map(() => 1)]));
}

function runConvTranspose(call: NodeCall): Term {
  const x = call.term(0);
  const weight = call.value(1);
  const space = x.shape.slice(2);
  const kernel = weight.shape.slice(2);
  const axes = space.length;
  const strides = call.ints('strides') ?? kernel.map(() => 1);
  const dilations = call.ints('dilations') ?? kernel.map(() => 1);
  const added = call.ints('output_padding') ?? kernel.map(() => 0);
  const groups = call.int('group', 1);
  const given = call.ints('pads') ?? kernel.flatMap(() => [0, 0]);
  const automatic = call.text('auto_pad', 'NOTSET');
  const wanted =
    call.ints('output_shape')?.slice(-axes) ??
    (automatic.startsWith('SAME') ? space.map((size, axis) => size * strides[axis]!) : undefined);
  const full = space.map(
    (size, axis) => (size - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1,
  );
  const pads = kernel.map((_, axis): [number, number] => {
    if (!wanted) return automatic === 'VALID' ? [0, 0] : [given[axis]!, given[axis + axes]!];
    const total = full[axis]! + added[axis]! - wanted[axis]!;
    const half = Math.floor(total / 2);
    return automatic === 'SAME_UPPER' ? [half, total - half] : [total - half, half];
  });
  const out = transposed(x.value, weight, { strides, dilations, groups });
  // The whole result, then what the padding cuts off or adds.
  const sizes = full.map((size, axis) => size + added[axis]! - pads[axis]![0] - pads[axis]![1]);
  const longer = pad(
    out,
    [0, 0, ...pads.map(([before]) => Math.max(0, -before))],
    [0, 0, ...sizes.map((size, axis) => Math.max(0, size + pads[axis]![0] - full[axis]!))],
  );
  const cut = slice(longer, [
    null,
    null,
    ...sizes.map((size, axis) => {
      const start = Math.max(0, pads[axis]![0]);
      return { start, end: start + size };
    }),
  ]);
  return Term.of(x.type, withBias(cut, call.optional(2)?.value));
}

/** The transpose of `convolution` without padding. */
function transposed(x: Value, weight: Value, { strides, dilations, groups }: Omit<Convolved, 'pads'>): Value {
  const axes = x.shape.length - 2;
  if (axes === 1) {
    return convTranspose1d(x, weight, { stride: strides[0]!, dilation: dilations[0]!, groups });
  }
  if (axes === 3) {
    return convTranspose3d(x, weight, { stride: triple(strides), dilation: triple(dilations), groups });
  }
  return convTranspose2d(x, weight, { stride: pair(strides), dilation: pair(dilations), groups });
}

/** Pixels under the windows, given column by column, added into images. */
function columnsToImage(call: NodeCall): Term {
  const x = call.term(0);
  const image = call.numbers(1, 'image_shape');
  const block = call.numbers(2, 'block_shape');
  const ones = block.map(() => 1);
  const strides = call.ints('strides') ?? ones;
  const dilations = call.ints('dilations') ?? ones;
  const given = call.ints('pads') ?? block.flatMap(() => [0, 0]);
  const [n, rows] = x.shape as [number, number];
  const channels = rows / product(block);
  const counts = image.map((size, axis) => {
    const free =
      size + given[axis]! + given[axis + block.length]! - dilations[axis]! * (block[axis]! - 1) - 1;
    return Math.floor(free / strides[axis]!) + 1;
  });
  const apart = reshape(x.value, [n, channels, product(block), ...counts]);
  const padded = image.map((size, axis) => size + given[axis]! + given[axis + block.length]!);
  const terms = range(product(block)).map((k) => {
    const place = block.map((_, axis) => Math.floor(k / product(block.slice(axis + 1))) % block[axis]!);
    const columns = reshape(part(apart, 2, k, 1), [n, channels, ...counts]);
    const spread = block.reduce((soFar, _, axis) => spreadOut(soFar, axis + 2, strides[axis]!), columns);
    const before = place.map((each, axis) => each * dilations[axis]!);
    const after = padded.map((size, axis) => size - before[axis]! - spread.shape[axis + 2]!);
    return pad(spread, [0, 0, ...before], [0, 0, ...after]);
  });
  const total = terms.reduce((a, b) => add(a, b));
  const cut = slice(total, [
    null,
    null,
    ...image.map((size, axis) => ({ start: given[axis]!, end: given[axis]! + size })),
  ]);
  return Term.of(x.type, cut);
}

/** Zeros between the elements along an axis. */
function spreadOut(x: Value, axis: number, stride: number): Value {
  if (stride === 1) return x;
  const apart = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  const zeros = apart.shape.map((_, i) => (i === axis + 1 ? stride - 1 : 0));
  const filled = pad(
    apart,
    apart.shape.map(() => 0),
    zeros,
  );
  const flat = reshape(
    filled,
    x.shape.map((size, i) => (i === axis ? size * stride : size)),
  );
  return part(flat, axis, 0, (x.shape[axis]! - 1) * stride + 1);
}

const WINDOW_ATTRIBUTES = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides'];

export const productOperators: OperatorTable = {
  MatMul: { attributes: [], run: runMatmul },
  Gemm: { attributes: ['alpha', 'beta', 'transA', 'transB'], run: runGemm },
  Einsum: { attributes: ['equation'], run: runEinsum },
  Conv: { attributes: WINDOW_ATTRIBUTES, run: runConv },
  ConvTranspose: {
    attributes: [...WINDOW_ATTRIBUTES, 'output_padding', 'output_shape'],
    run: runConvTranspose,
  },
  Col2Im: { attributes: ['dilations', 'pads', 'strides'], known: [1, 2], run: columnsToImage },
};
