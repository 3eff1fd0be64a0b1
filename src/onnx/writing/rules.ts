import type { Neighbours } from '../../graph/ops/attention.ts';
import type { PoolWindow } from '../../graph/ops/pool.ts';
import type { Picking } from '../../graph/ops/select.ts';
import { NORM_FLOOR } from '../../graph/ops/similarity.ts';
import { slabOffsets } from '../../graph/ops/slab.ts';
import { type Dtype, isOp, knownData, type OpName, type Value, type ValueOf } from '../../graph/value.ts';
import { product, range, type Shape } from '../../shape.ts';
import type { GraphWriter } from './graphWriter.ts';
import { flatPlaces, inRange, type Reduction, resampled, scattered, sortedPlaces } from './indices.ts';
import { integerProduct, writeIntegers } from './integers.ts';
import { part, reshaped, sliced } from './nodes.ts';
import { writeProgram } from './pointwise.ts';

/** Writes one value: its inputs' names to the name of its result. Half floats come in as float32. */
type Rule<K extends OpName> = (w: GraphWriter, value: ValueOf<K>, names: readonly string[]) => string;

/** Why an op has no form in ONNX. */
interface NoForm {
  readonly reason: string;
}

const TRAINING: NoForm = { reason: 'it updates state, which a graph of ONNX cannot' };
const RANDOM: NoForm = { reason: 'ONNX’s random numbers are of no fixed generator' };
const GRADIENT: NoForm = {
  reason: 'it exists in derivatives alone; write the function that is differentiated',
};

const transposed = (w: GraphWriter, name: string, rank: number): string =>
  w.node('Transpose', [name], { perm: [...range(rank - 2), rank - 1, rank - 2] });

const BEFORE_ALL = -(2 ** 31);

const flipped = (w: GraphWriter, name: string, axes: readonly number[]): string =>
  sliced(w, name, {
    starts: axes.map(() => -1),
    ends: axes.map(() => BEFORE_ALL),
    axes,
    steps: axes.map(() => -1),
  });

const REDUCTIONS = { sum: 'ReduceSum', prod: 'ReduceProd', max: 'ReduceMax', min: 'ReduceMin' } as const;

const summed = (w: GraphWriter, name: string, axes: readonly number[], keepdims = 1): string =>
  w.node('ReduceSum', [name, w.integers(axes)], { keepdims, noop_with_empty_axes: 1 });

const isInteger = (dtype: Dtype): boolean => dtype === 'i32' || dtype === 'u32';

/** In 64 bits and back: what wraps around in 32 bits here ends at the largest number in ONNX Runtime, which has no u32 either. */
const wide = (w: GraphWriter, dtype: Dtype, name: string, written: (name: string) => string): string =>
  isInteger(dtype) ? w.cast(written(w.cast(name, 'i64')), dtype) : written(name);

/** u32, for which ONNX Runtime has no ArgMax, as i32 in the same order. */
const ordered = (w: GraphWriter, name: string): string =>
  w.cast(w.node('Sub', [w.cast(name, 'i64'), w.constant([2 ** 31], [], 'i64')]), 'i32');

const reduce: Rule<'reduce'> = (w, { attrs: { kind, axes, factor }, inputs: [of], dtype }, [x]) => {
  const attributes = { keepdims: 1, noop_with_empty_axes: 1 };
  const along = (name: string): string =>
    kind === 'prod' && isInteger(dtype)
      ? integerProduct(w, name, of!.shape, axes)
      : w.node(REDUCTIONS[kind], [name, w.integers(axes)], attributes);
  const out = axes.length === 0 ? x! : wide(w, dtype, x!, along);
  return factor === 1 ? out : w.node('Mul', [out, w.scalar(factor)]);
};

const scalarOf = (w: GraphWriter, value: number, dtype: Dtype): string =>
  dtype === 'f16' ? w.cast(w.scalar(value), dtype) : w.constant([value], [], dtype);

const pad: Rule<'pad'> = (w, { attrs, inputs: [source], dtype }, [x]) => {
  const { before, after, mode, value } = attrs;
  if (mode === 'symmetric') return symmetricPad(w, x!, source!.shape, before, after);
  const filling = mode === 'constant' ? [scalarOf(w, value, dtype)] : [];
  return w.node('Pad', [x!, w.integers([...before, ...after]), ...filling], { mode });
};

/** Mirrored with the edge repeated, which Pad has no mode for: parts turned around on both sides. */
function symmetricPad(
  w: GraphWriter,
  name: string,
  shape: Shape,
  before: readonly number[],
  after: readonly number[],
): string {
  return shape.reduce((soFar, size, axis) => {
    const cut = (start: number, end: number): string => flipped(w, part(w, soFar, axis, start, end), [axis]);
    const parts = [
      ...(before[axis] ? [cut(0, before[axis])] : []),
      soFar,
      ...(after[axis] ? [cut(size - after[axis], size)] : []),
    ];
    return parts.length === 1 ? soFar : w.node('Concat', parts, { axis });
  }, name);
}

const matmul: Rule<'matmul'> = (w, { attrs, inputs: [a, b] }, [left, right]) => {
  const { transposeA, transposeB } = attrs;
  const [rankA, rankB] = [a!.shape.length, b!.shape.length];
  if (rankA === 2 && rankB === 2 && (transposeA || transposeB)) {
    return w.node('Gemm', [left!, right!], { transA: Number(transposeA), transB: Number(transposeB) });
  }
  return w.node('MatMul', [
    transposeA ? transposed(w, left!, rankA) : left!,
    transposeB ? transposed(w, right!, rankB) : right!,
  ]);
};

const conv2d: Rule<'conv2d'> = (w, { attrs: { geometry }, inputs: [, weight] }, names) => {
  const { stride, padding, dilation, groups } = geometry;
  const [top, bottom, left, right] = padding;
  return w.node('Conv', names, {
    kernel_shape: weight!.shape.slice(2),
    strides: stride,
    pads: [top, left, bottom, right],
    dilations: dilation,
    group: groups,
  });
};

const conv2dInputGrad: Rule<'conv2dInputGrad'> = (w, { attrs, inputs: [x, weight], shape }, names) => {
  const { stride, padding, dilation, groups } = attrs.geometry;
  const [top, bottom, left, right] = padding;
  const kernel = weight!.shape.slice(2);
  const ends = [top + bottom, left + right];
  const added = [0, 1].map((axis) => {
    const full = (x!.shape[axis + 2]! - 1) * stride[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1;
    return shape[axis + 2]! - full + ends[axis]!;
  });
  return w.node('ConvTranspose', names, {
    kernel_shape: kernel,
    strides: stride,
    pads: [top, left, bottom, right],
    dilations: dilation,
    group: groups,
    output_padding: added,
  });
};

/** Values side by side in one, with zeros in the gaps, as `pack` lays them. */
function packed(w: GraphWriter, parts: readonly { name: string; size: number }[]): string {
  const { offsets, length } = slabOffsets(parts.map(({ size }) => size));
  const flat = parts.flatMap(({ name, size }, i) => {
    const gap = (offsets[i + 1] ?? length) - offsets[i]! - size;
    const row = reshaped(w, name, [size]);
    return gap > 0 ? [row, w.constant(new Float32Array(gap), [gap])] : [row];
  });
  return flat.length === 1 ? flat[0]! : w.node('Concat', flat, { axis: 0 });
}

const batchMoments: Rule<'batchMoments'> = (w, { inputs: [x] }, [name]) => {
  const channels = x!.shape[1]!;
  const axes = range(x!.shape.length).filter((axis) => axis !== 1);
  const count = product(x!.shape) / channels;
  const mean = w.node('Mul', [summed(w, name!, axes), w.scalar(1 / count)]);
  const centred = w.node('Sub', [name!, mean]);
  const squares = summed(w, w.node('Mul', [centred, centred]), axes);
  const variance = w.node('Mul', [squares, w.scalar(1 / Math.max(1, count - 1))]);
  return packed(w, [
    { name: mean, size: channels },
    { name: variance, size: channels },
  ]);
};

const cosineMap: Rule<'cosineMap'> = (w, _, [a, b]) => {
  const along = (left: string, right: string): string => summed(w, w.node('Mul', [left, right]), [1], 0);
  const length = (x: string): string => w.node('Max', [w.node('Sqrt', [along(x, x)]), w.scalar(NORM_FLOOR)]);
  const lengths = w.node('Mul', [length(a!), length(b!)]);
  return w.node('Sub', [w.scalar(1), w.node('Div', [along(a!, b!), lengths])]);
};

const rowDots: Rule<'rowDots'> = (w, _, [a, b]) => {
  const pairs: readonly (readonly [string, string])[] = [
    [a!, b!],
    [a!, a!],
    [b!, b!],
  ];
  const dots = pairs.map((pair) => summed(w, w.node('Mul', pair), [1]));
  return w.node('Concat', dots, { axis: 1 });
};

const BEHIND = Number.NEGATIVE_INFINITY;

/** -infinity where a token may not be seen. */
function hidingMask(queries: number, keys: number, hides: (i: number, j: number) => boolean): number[] {
  return range(queries * keys).map((at) => (hides(Math.floor(at / keys), at % keys) ? BEHIND : 0));
}

function isNear({ width, window }: Neighbours, i: number, j: number): boolean {
  const half = (window - 1) / 2;
  const down = Math.abs(Math.floor(i / width) - Math.floor(j / width));
  return down <= half && Math.abs((i % width) - (j % width)) <= half;
}

const attention: Rule<'attention'> = (w, { attrs, inputs, shape }, names) => {
  const { heads, scale, neighbours, causal, masked } = attrs;
  const [n, queries, channels] = shape as [number, number, number];
  const keys = inputs[1]!.shape[1]!;
  const depth = channels / heads;
  const apart = (i: number): string => {
    const [images, length] = inputs[i]!.shape as [number, number];
    return w.node('Transpose', [reshaped(w, names[i]!, [images, length, heads, depth])], {
      perm: [0, 2, 1, 3],
    });
  };
  const [q, k, v] = [apart(0), apart(1), apart(2)];
  const products = w.node('Mul', [w.node('MatMul', [q, transposed(w, k, 4)]), w.scalar(scale)]);
  const masks = [
    ...(masked ? [names[3]!] : []),
    ...(causal
      ? [
          w.constant(
            hidingMask(queries, keys, (i, j) => j > i),
            [queries, keys],
          ),
        ]
      : []),
    ...(neighbours
      ? [
          w.constant(
            hidingMask(queries, keys, (i, j) => isNear(neighbours, i, j)),
            [queries, keys],
          ),
        ]
      : []),
  ];
  const scores = masks.reduce((soFar, mask) => w.node('Add', [soFar, mask]), products);
  const out = w.node('MatMul', [
    masks.length > 0 ? maskedSoftmax(w, scores) : w.node('Softmax', [scores], { axis: -1 }),
    v,
  ]);
  return reshaped(w, w.node('Transpose', [out], { perm: [0, 2, 1, 3] }), [n, queries, channels]);
};

/** Softmax along the last axis, which gives zeros where everything is -infinity. */
function maskedSoftmax(w: GraphWriter, scores: string): string {
  const largest = w.node('ReduceMax', [scores, w.integers([-1])], { keepdims: 1 });
  const nothing = w.node('Equal', [largest, w.scalar(BEHIND)]);
  const level = w.node('Where', [nothing, w.scalar(0), largest]);
  const powers = w.node('Exp', [w.node('Sub', [scores, level])]);
  const total = summed(w, powers, [-1]);
  const divisor = w.node('Where', [nothing, w.scalar(1), total]);
  return w.node('Div', [powers, divisor]);
}

/** Values in falling order, and their places; u32 as i64, for ONNX Runtime sorts none. */
const largest = (w: GraphWriter, { dtype }: Value, name: string, k: number): readonly [string, string] => {
  const x = dtype === 'u32' ? w.cast(name, 'i64') : name;
  const outputs = [w.fresh('TopK'), w.fresh('TopKIndices')];
  const [values, places] = w.nodes('TopK', [x, w.integers([k])], outputs, { axis: 1 });
  return [dtype === 'u32' ? w.cast(values!, dtype) : values!, places!];
};

const kthLargest: Rule<'kthLargest'> = (w, { attrs: { k }, inputs: [x] }, [name]) =>
  part(w, largest(w, x!, name!, k)[0], 1, k - 1, k);

const topKIndices: Rule<'topKIndices'> = (w, { attrs: { k }, inputs: [x] }, [name]) =>
  w.cast(largest(w, x!, name!, k)[1], 'i32');

/** Found by |b|^2 - 2 x.b (or by differences), then measured by differences, so that small distances keep their digits. */
const nearestRows: Rule<'nearestRows'> = (w, { attrs: { k, by }, inputs: [x] }, [query, ...parts]) => {
  const [count, columns] = x!.shape as [number, number];
  const bank = parts.length === 1 ? parts[0]! : w.node('Concat', parts, { axis: 0 });
  const apart = reshaped(w, query!, [count, 1, columns]);
  /** Squared, summed over columns. */
  const measured = (rows: string): string => {
    const difference = w.node('Sub', [rows, apart]);
    return summed(w, w.node('Mul', [difference, difference]), [2], 0);
  };
  const byProducts = (): string => {
    const products = w.node('Gemm', [query!, bank], { transB: 1 });
    const lengths = reshaped(w, summed(w, w.node('Mul', [bank, bank]), [1]), [1, -1]);
    return w.node('Sub', [lengths, w.node('Mul', [products, w.scalar(2)])]);
  };
  const order = by === 'products' ? byProducts() : measured(w.node('Unsqueeze', [bank, w.integers([0])]));
  const [, found] = w.nodes('TopK', [order, w.integers([k])], [w.fresh('TopK'), w.fresh('TopKIndices')], {
    axis: 1,
    largest: 0,
  });
  const distances = measured(w.node('Gather', [bank, found!], { axis: 0 }));
  const planes = [distances, w.cast(found!, 'f32')].map((each) =>
    w.node('Unsqueeze', [each, w.integers([0])]),
  );
  return w.node('Concat', planes, { axis: 0 });
};

const interpolate: Rule<'interpolate'> = (w, { attrs, shape }, [x]) => {
  const nearest = attrs.mode === 'nearest';
  const coordinates = attrs.alignCorners ? 'align_corners' : 'half_pixel';
  return w.node('Resize', [x!, '', '', w.integers(shape)], {
    mode: nearest ? 'nearest' : 'linear',
    coordinate_transformation_mode: nearest ? 'asymmetric' : coordinates,
    ...(nearest && { nearest_mode: 'floor' }),
  });
};

/** One axis of a pool: its size, its windows, and how far those reach beyond each end. */
interface PooledAxis {
  readonly size: number;
  readonly count: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly beyond: number;
}

function pooledAxes({ kernel, stride, padding, dilation }: PoolWindow, from: Shape, to: Shape): PooledAxis[] {
  return [0, 1].map((axis) => {
    const [size, count] = [from[axis + 2]!, to[axis + 2]!];
    const [before, after] = padding.slice(2 * axis) as [number, number];
    const last = (count - 1) * stride[axis]! - before + dilation[axis]! * (kernel[axis]! - 1);
    const each = { kernel: kernel[axis]!, stride: stride[axis]!, dilation: dilation[axis]! };
    return { size, count, ...each, before, after, beyond: Math.max(0, last + 1 - size) };
  });
}

/**
 * ONNX Runtime refuses padding of a dilated window that is not below the kernel, and rounding up means something else to it:
 * such an image is padded before. Of rank 3, for it would join the padding of [N, C, H, W] with the pool again.
 */
function pooled(
  w: GraphWriter,
  opType: 'MaxPool' | 'AveragePool',
  name: string,
  { from, axes, filling }: { from: Shape; axes: readonly PooledAxis[]; filling: number },
): string {
  const fits = axes.every(
    ({ kernel, before, after, beyond }) => before < kernel && after < kernel && beyond <= after,
  );
  const windows = {
    kernel_shape: axes.map(({ kernel }) => kernel),
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    ...(opType === 'AveragePool' && { count_include_pad: 1 }),
  };
  const starts = axes.map(({ before }) => before);
  if (fits)
    return w.node(opType, [name], { ...windows, pads: [...starts, ...axes.map(({ after }) => after)] });
  const [n, c] = from as [number, number];
  const planes = reshaped(w, name, [n * c, ...axes.map(({ size }) => size)]);
  const sides = w.integers([0, ...starts, 0, ...axes.map(({ beyond }) => beyond)]);
  const padded = w.node('Pad', [planes, sides, w.scalar(filling)], { mode: 'constant' });
  const sizes = axes.map(({ before, size, beyond }) => before + size + beyond);
  return w.node(opType, [reshaped(w, padded, [n, c, ...sizes])], windows);
}

const maxPool2d: Rule<'maxPool2d'> = (w, { attrs: { window }, inputs: [x], shape }, [name]) => {
  const axes = pooledAxes(window, x!.shape, shape);
  return pooled(w, 'MaxPool', name!, { from: x!.shape, axes, filling: BEHIND });
};

/** Beyond every place of a plane. */
const NO_PLACE = 2 ** 31;

/**
 * Each window's elements along two axes of their own: the first place that holds the window's largest, or the last that holds
 * NaN. ONNX's MaxPool has places too, but says nothing of NaN, nor of windows with nothing of the image.
 */
const maxPool2dPlaces: Rule<'maxPool2dPlaces'> = (w, { attrs: { window }, inputs: [x], shape }, [name]) => {
  const [rows, columns] = pooledAxes(window, x!.shape, shape) as [PooledAxis, PooledAxis];
  const [below, beside] = [rows, columns].map((axis) =>
    range(axis.count).flatMap((place) =>
      range(axis.kernel).map((tap) => place * axis.stride - axis.before + tap * axis.dilation),
    ),
  ) as [number[], number[]];
  const inside = (at: number, { size }: PooledAxis): boolean => at >= 0 && at < size;
  const gathered = (from: string, taps: readonly number[], of: PooledAxis, axis: number): string => {
    const known = taps.map((at) => Math.min(Math.max(at, 0), of.size - 1));
    return w.node('Gather', [from, w.constant(known, [of.count, of.kernel], 'i64')], { axis });
  };
  const windows = gathered(gathered(name!, below, rows, 2), beside, columns, 4);
  const placesOf = (taps: readonly number[], of: PooledAxis, stride: number, size: Shape): string =>
    w.constant(
      taps.map((at) => (inside(at, of) ? at * stride : NO_PLACE)),
      size,
      'i64',
    );
  const places = w.node('Add', [
    placesOf(below, rows, columns.size, [rows.count, rows.kernel, 1, 1]),
    placesOf(beside, columns, 1, [columns.count, columns.kernel]),
  ]);
  const nowhere = w.constant([NO_PLACE], [], 'i64');
  const none = w.constant([-1], [], 'i64');
  const within = w.node('Less', [places, nowhere]);
  const over = w.integers([3, 5]);
  const joined = (kind: 'ReduceMax' | 'ReduceMin', of: string, keepdims: 0 | 1): string =>
    w.node(kind, [of, over], { keepdims });
  const largest = joined('ReduceMax', w.node('Where', [within, windows, w.scalar(BEHIND)]), 1);
  const holds = (flags: string): string => w.node('And', [flags, within]);
  const first = joined(
    'ReduceMin',
    w.node('Where', [holds(w.node('Equal', [windows, largest])), places, nowhere]),
    0,
  );
  const broken = joined('ReduceMax', w.node('Where', [holds(w.node('IsNaN', [windows])), places, none]), 0);
  const found = w.node('Where', [w.node('Less', [first, nowhere]), first, none]);
  return w.cast(
    w.node('Where', [w.node('Less', [broken, w.constant([0], [], 'i64')]), found, broken]),
    'i32',
  );
};

const avgPool2d: Rule<'avgPool2d'> = (w, { attrs: { window }, inputs: [x], shape }, [name]) => {
  const axes = pooledAxes(window, x!.shape, shape);
  const mean = pooled(w, 'AveragePool', name!, { from: x!.shape, axes, filling: 0 });
  if (window.divisor === undefined) return mean;
  const [rows, columns] = axes.map((axis) => counted(axis, window.divisor === 'image'));
  const all = product(window.kernel);
  const factors = rows!.flatMap((down) => columns!.map((across) => all / Math.max(1, down * across)));
  return w.node('Mul', [mean, w.constant(factors, shape.with(0, 1).with(1, 1))]);
};

/** How many elements of each window along an axis lie in the image, or in its padding too. */
const counted = ({ size, count, kernel, stride, dilation, before, after }: PooledAxis, inImage: boolean) =>
  range(count).map(
    (place) =>
      range(kernel).filter((tap) => {
        const at = place * stride - before + tap * dilation;
        return inImage ? at >= 0 && at < size : at < size + after;
      }).length,
  );

/** Constants were looked at when the graph was made. */
const isKnown = (value: Value): boolean =>
  isOp(value, 'constant') || (isOp(value, 'reshape') && isKnown(value.inputs[0]!));

const gather: Rule<'gather'> = (
  w,
  { attrs: { axis, each }, shape, inputs: [x, picks], dtype },
  [name, places],
) => {
  const indices = reshaped(w, places!, each ? shape : [product(picks!.shape)]);
  const taken = (at: string): string => w.node(each ? 'GatherElements' : 'Gather', [name!, at], { axis });
  if (isKnown(picks!)) return taken(indices);
  const known = inRange(w, indices, x!.shape[axis]!);
  const found = taken(w.node('Where', [known, indices, w.constant([0], [], 'i32')]));
  const aligned = each
    ? known
    : reshaped(
        w,
        known,
        shape.map((size, i) => (i === axis ? size : 1)),
      );
  const nothing = isInteger(dtype) ? w.constant([0], [], 'i64') : w.scalar(Number.NaN);
  return wide(w, dtype, found, (x64) => w.node('Where', [aligned, x64, nothing]));
};

/** As `scattered`; integers in 64 bits and back. */
function joined(
  w: GraphWriter,
  names: Readonly<Record<'x' | 'indices' | 'updates', string>>,
  shapes: { readonly x: Shape; readonly updates: Shape },
  picking: Picking,
  reduction: Reduction,
  dtype: Dtype,
): string {
  if (!isInteger(dtype)) return scattered(w, names, shapes, picking, reduction, dtype);
  const [x, updates] = [w.cast(names.x, 'i64'), w.cast(names.updates, 'i64')];
  return w.cast(scattered(w, { ...names, x, updates }, shapes, picking, reduction, 'i64'), dtype);
}

const gatherGrad: Rule<'gatherGrad'> = (w, { attrs, inputs: [updates], shape, dtype }, [name, indices]) => {
  const zeros = w.constant(new Array<number>(product(shape)).fill(0), shape, dtype);
  const shapes = { x: shape, updates: updates!.shape };
  return joined(w, { x: zeros, indices: indices!, updates: name! }, shapes, attrs, 'add', dtype);
};

/** The largest place among those of an index, from -1 on. */
const lastUpdate: Rule<'lastUpdate'> = (w, { attrs, inputs: [indices], shape, dtype }, [name]) => {
  const { axis } = attrs;
  const none = w.constant(new Array<number>(product(shape)).fill(-1), shape, dtype);
  const own = indices!.shape;
  const places = w.constant(
    range(own[axis]!),
    own.map((size, i) => (i === axis ? size : 1)),
    dtype,
  );
  const updates = w.node('Expand', [places, w.integers(own)]);
  return joined(w, { x: none, indices: name!, updates }, { x: shape, updates: own }, attrs, 'max', dtype);
};

const passedOn = (_w: GraphWriter, _value: Value, [x]: readonly string[]): string => x!;

/** Every op: how it is written, or why it cannot be. One that is added does not compile without its row. */
export const RULES: { readonly [K in Exclude<OpName, 'input' | 'state' | 'constant'>]: Rule<K> | NoForm } = {
  stopGradient: passedOn,
  custom: passedOn,
  pointwise: (w, { attrs, shape, inputs }, names) => {
    const out = writeProgram(w, attrs.program, names);
    // A copy of its input alone may stretch it.
    const isCopy = inputs.length === 1 && inputs[0]!.shape.join() !== shape.join();
    return isCopy ? w.node('Expand', [out, w.integers(shape)]) : out;
  },
  cast: (w, { dtype }, [x]) => w.cast(x!, dtype),
  reduce,
  argmax: (w, { attrs: { axis }, inputs: [x] }, [name]) =>
    w.cast(w.node('ArgMax', [x!.dtype === 'u32' ? ordered(w, name!) : name!], { axis, keepdims: 1 }), 'i32'),
  reshape: (w, { shape }, [x]) => reshaped(w, x!, shape),
  permute: (w, { attrs: { order } }, [x]) => w.node('Transpose', [x!], { perm: order }),
  slice: (w, { attrs: { starts, steps }, shape }, [x]) =>
    sliced(w, x!, {
      starts,
      ends: starts.map((start, axis) =>
        shape[axis] === 0 ? start : start + (shape[axis]! - 1) * steps[axis]! + 1,
      ),
      axes: range(shape.length),
      steps,
    }),
  pad,
  concat: (w, { attrs: { axis } }, names) => w.node('Concat', names, { axis }),
  flip: (w, { attrs: { axes } }, [x]) => flipped(w, x!, axes),
  slabView: (w, { attrs: { offset }, shape }, [slab]) =>
    reshaped(w, part(w, slab!, 0, offset, offset + product(shape)), shape),
  pack: (w, { inputs }, names) =>
    packed(
      w,
      names.map((name, i) => ({ name, size: product(inputs[i]!.shape) })),
    ),
  matmul,
  conv2d,
  conv2dInputGrad,
  maxPool2d,
  maxPool2dPlaces,
  avgPool2d,
  interpolate,
  cosineMap,
  rowDots,
  batchMoments,
  attention: (w, value, names) => attention(w, value, names),
  scan: (w, { attrs: { axis, exclusive, reverse }, dtype }, [x]) =>
    wide(w, dtype, x!, (name) =>
      w.node('CumSum', [name, w.constant([axis], [], 'i64')], {
        exclusive: Number(exclusive),
        reverse: Number(reverse),
      }),
    ),
  oneHot: (w, { shape: [count, classes], inputs: [labels] }, [name]) => {
    const places = w.constant(range(classes!), [1, classes!], 'i32');
    const column = reshaped(w, name!, [count!, 1]);
    const flags = w.cast(w.node('Equal', [column, places]), 'f32');
    return isKnown(labels!)
      ? flags
      : w.node('Where', [inRange(w, column, classes!), flags, w.scalar(Number.NaN)]);
  },
  gather,
  gatherGrad,
  flatPlaces: (w, { attrs: { sizes, groups }, shape: [count] }, [indices]) =>
    flatPlaces(w, indices!, { count: count!, sizes, groups }),
  lastUpdate,
  scatterJoin: (w, { attrs: { kind, ...picking }, inputs: [x, updates], dtype }, [name, given, indices]) =>
    joined(
      w,
      { x: name!, indices: indices!, updates: given! },
      { x: x!.shape, updates: updates!.shape },
      picking,
      kind,
      dtype,
    ),
  argsort: (w, { attrs: { descending }, inputs: [x] }, [name]) => {
    const isFloat = !isInteger(x!.dtype);
    const keys = x!.dtype === 'u32' ? w.cast(name!, 'i64') : name!;
    return w.cast(sortedPlaces(w, keys, x!.shape[1]!, { descending, isFloat }), 'i32');
  },
  integers: (w, { attrs: { fn, params }, inputs, dtype, shape }, names) => {
    const isCondition = (i: number): boolean => fn === 'where' && i === 0;
    const long = names.map((name, i) => (isCondition(i) ? name : w.cast(name, 'i64')));
    const out = writeIntegers(w, fn, long, params);
    const whole = isInteger(dtype) ? w.cast(out, dtype) : out;
    return fn === 'identity' && inputs[0]!.shape.join() !== shape.join()
      ? w.node('Expand', [whole, w.integers(shape)])
      : whole;
  },
  resample: (w, { attrs: { axis }, inputs: [x, weights, spans] }, [name]) =>
    resampled(w, name!, {
      axis,
      rank: x!.shape.length,
      weights: knownData(weights!)!,
      spans: knownData(spans!)!,
      taps: weights!.shape[1]!,
    }),
  kthLargest,
  topKIndices,
  nearestRows,
  farthestRows: { reason: 'each pick depends on all before it, for thousands of rows' },
  randomUniform: RANDOM,
  randomNormal: RANDOM,
  assign: TRAINING,
  assignAverage: TRAINING,
  adamw: TRAINING,
  adamwAmsgrad: TRAINING,
  sgd: TRAINING,
  lion: TRAINING,
  ownKernel: { reason: 'its text is WGSL' },
  conv2dWeightGrad: GRADIENT,
  padGrad: GRADIENT,
  maxPool2dGrad: GRADIENT,
  maxPool2dPick: GRADIENT,
  avgPool2dGrad: GRADIENT,
  interpolateGrad: GRADIENT,
  nearestRowsGrad: GRADIENT,
  batchNormWeightGrad: GRADIENT,
  attentionRows: GRADIENT,
  attentionQueryGrad: GRADIENT,
  attentionKeyValueGrad: GRADIENT,
};

/** Why this value cannot be written; undefined where it can. */
export function reasonAgainst(value: Value): string | undefined {
  const rule = (RULES as Readonly<Record<string, Rule<OpName> | NoForm>>)[value.op];
  if (isOp(value, 'attention') && value.attrs.dropout > 0) return RANDOM.reason;
  return rule && 'reason' in rule ? rule.reason : undefined;
}
