/** Operators over windows of pixels. */
import { pad, slice } from '../../graph/ops/movement.ts';
import { abs, add, cast, equal, maximum, mul, pow, where } from '../../graph/ops/pointwise.ts';
import { avgPool2d, maxPool2d } from '../../graph/ops/pool.ts';
import { max, mean, sum } from '../../graph/ops/reduce.ts';
import { constant, type Value } from '../../graph/value.ts';
import { product, range, stridesOf } from '../../shape.ts';
import { elementKernel } from '../elementKernel.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';
import { windowsOf } from './products.ts';

interface Pooling {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly (readonly [number, number])[];
  readonly space: readonly number[];
  readonly counts: readonly number[];
}

function poolingOf(call: NodeCall, space: readonly number[]): Pooling {
  const kernel = call.ints('kernel_shape')!;
  const { strides, dilations, pads } = windowsOf(call, space, kernel);
  const up = call.flag('ceil_mode', false);
  const counts = kernel.map((size, axis) => {
    const [before, after] = pads[axis]!;
    const free = space[axis]! + before + after - dilations[axis]! * (size - 1) - 1;
    const steps = up ? Math.ceil(free / strides[axis]!) : Math.floor(free / strides[axis]!);
    // A window that begins behind the image and its first padding is none.
    return up && steps * strides[axis]! >= space[axis]! + before ? steps : steps + 1;
  });
  return { kernel, strides, dilations, pads, space, counts };
}

/** Each place of the kernel: its part of the padded images, and where it lies. */
function taps(x: Value, of: Pooling, filling: number): { value: Value; place: readonly number[] }[] {
  const { kernel, strides, dilations, pads, space, counts } = of;
  const reach = kernel.map(
    (size, axis) => (counts[axis]! - 1) * strides[axis]! + dilations[axis]! * (size - 1) + 1,
  );
  const before = pads.map(([first]) => first);
  const after = reach.map((size, axis) => Math.max(0, size - before[axis]! - space[axis]!));
  const padded = pad(x, [0, 0, ...before], [0, 0, ...after], { value: filling });
  return range(product(kernel)).map((k) => {
    const strided = stridesOf(kernel);
    const place = kernel.map((size, axis) => Math.floor(k / strided[axis]!) % size);
    const ranges = place.map((each, axis) => {
      const start = each * dilations[axis]!;
      return { start, end: start + (counts[axis]! - 1) * strides[axis]! + 1, step: strides[axis]! };
    });
    return { value: slice(padded, [null, null, ...ranges]), place };
  });
}

const isPlain = ({ kernel, dilations, pads, strides, space, counts }: Pooling): boolean =>
  kernel.length === 2 &&
  dilations.every((each) => each === 1) &&
  pads.every(([before, after], axis) => before === after && before <= kernel[axis]! / 2) &&
  counts.every(
    (count, axis) =>
      count === Math.floor((space[axis]! + 2 * pads[axis]![0] - kernel[axis]!) / strides[axis]!) + 1,
  );

const windowOptions = ({ kernel, strides, pads }: Pooling) => ({
  kernel: [kernel[0]!, kernel[1]!] as const,
  stride: [strides[0]!, strides[1]!] as const,
  padding: [pads[0]![0], pads[1]![0]] as const,
});

function maxPool(call: NodeCall): Term[] {
  const term = call.term(0);
  const x = convert(term, 'float').value;
  const of = poolingOf(call, x.shape.slice(2));
  if (isPlain(of) && !call.asks(1))
    return [convert(Term.of('float', maxPool2d(x, windowOptions(of))), term.type)];
  const all = taps(x, of, Number.NEGATIVE_INFINITY);
  const best = all.map(({ value }) => value).reduce((a, b) => maximum(a, b));
  const largest = convert(Term.of('float', best), term.type);
  return call.asks(1) ? [largest, Term.of('int64', placesOfLargest(call, x, of, all, best))] : [largest];
}

/** Where the largest elements lie in x, flat; the first of equals. */
function placesOfLargest(
  call: NodeCall,
  x: Value,
  of: Pooling,
  all: readonly { value: Value; place: readonly number[] }[],
  best: Value,
): Value {
  const columns = call.flag('storage_order', false);
  const strides = columns ? stridesOf([...of.space].reverse()).reverse() : stridesOf(of.space);
  const [n, c] = x.shape as [number, number];
  const outer = constant(
    range(n * c).map((i) => i * product(of.space)),
    [n, c, ...of.space.map(() => 1)],
  );
  const flat = stridesOf(of.counts);
  const indices = all.map(({ place }) =>
    constant(
      range(product(of.counts)).map((i) =>
        place.reduce((sum, each, axis) => {
          const at = (Math.floor(i / flat[axis]!) % of.counts[axis]!) * of.strides[axis]!;
          return sum + (at + each * of.dilations[axis]! - of.pads[axis]![0]) * strides[axis]!;
        }, 0),
      ),
      [1, 1, ...of.counts],
    ),
  );
  const chosen = all.reduceRight<Value>(
    (soFar, { value }, k) => where(equal(value, best), indices[k]!, soFar),
    indices.at(-1)!,
  );
  return cast(add(chosen, outer), 'i32');
}

function averagePool(call: NodeCall): Term {
  const { type } = call.term(0);
  const x = call.value(0);
  const of = poolingOf(call, x.shape.slice(2));
  const padded = of.pads.some(([before, after]) => before + after > 0);
  const counted = call.flag('count_include_pad', false);
  if (isPlain(of) && (!padded || counted)) return Term.of(type, avgPool2d(x, windowOptions(of)));
  const total = taps(x, of, 0)
    .map(({ value }) => value)
    .reduce((a, b) => add(a, b));
  return Term.of(type, mul(total, inverseCounts(of, counted)));
}

/** 1 over how many elements each window counts. */
function inverseCounts(of: Pooling, counted: boolean): Value {
  const { kernel, strides, dilations, pads, space, counts } = of;
  const along = kernel.map((size, axis) =>
    range(counts[axis]!).map((i) => {
      const [before, after] = pads[axis]!;
      const places = range(size).map((k) => i * strides[axis]! + k * dilations[axis]! - before);
      const [first, last] = counted ? [-before, space[axis]! + after] : [0, space[axis]!];
      return places.filter((place) => place >= first && place < last).length;
    }),
  );
  const flat = stridesOf(counts);
  const inverse = range(product(counts)).map(
    (i) => 1 / product(along.map((list, axis) => list[Math.floor(i / flat[axis]!) % counts[axis]!]!)),
  );
  return constant(inverse, [1, 1, ...counts]);
}

function lpPool(call: NodeCall): Term {
  const x = call.value(0);
  const p = call.int('p', 2);
  const all = taps(x, poolingOf(call, x.shape.slice(2)), 0).map(({ value }) => pow(abs(value), p));
  return Term.of(
    call.term(0).type,
    pow(
      all.reduce((a, b) => add(a, b)),
      1 / p,
    ),
  );
}

const space = (x: Value): { axes: number[]; keepDims: true } => ({
  axes: range(x.shape.length).slice(2),
  keepDims: true,
});

/** The opposite of MaxPool: elements at their places, zeros elsewhere. */
function maxUnpool(call: NodeCall): Term {
  const x = call.term(0);
  const kernel = call.ints('kernel_shape')!;
  const { strides, pads } = windowsOf(call, x.shape.slice(2), kernel);
  const sizes = kernel.map(
    (size, axis) => (x.shape[axis + 2]! - 1) * strides[axis]! - pads[axis]![0] - pads[axis]![1] + size,
  );
  const [n, c] = x.shape as [number, number];
  const natural = [n, c, ...sizes];
  const shape = call.optionalNumbers(2, 'output_shape') ?? natural;
  const body = `for (var i = 0; i < ${x.size}; i++) {
      let source = u32(x1[i]);
      if (${naturalPlace(natural, shape)} == flat) { out = x0[i]; }
    }`;
  const inputs = [x.value, call.value(1)];
  return Term.of(x.type, elementKernel({ name: 'unpool', inputs, shape, dtype: 'f32', body }));
}

/** A place `source` in an array of the first shape as a place in one of the second. */
function naturalPlace(natural: readonly number[], shape: readonly number[]): string {
  const [from, to] = [stridesOf(natural), stridesOf(shape)];
  return natural.map((size, axis) => `(source / ${from[axis]}u % ${size}u) * ${to[axis]}u`).join(' + ');
}

function globalLp(call: NodeCall): Term {
  const x = call.value(0);
  const p = call.int('p', 2);
  return Term.of(call.term(0).type, pow(sum(pow(abs(x), p), space(x)), 1 / p));
}

const POOL_ATTRIBUTES = ['auto_pad', 'ceil_mode', 'dilations', 'kernel_shape', 'pads', 'strides'];

export const poolOperators: OperatorTable = {
  MaxPool: { attributes: [...POOL_ATTRIBUTES, 'storage_order'], run: maxPool },
  AveragePool: { attributes: [...POOL_ATTRIBUTES, 'count_include_pad'], run: averagePool },
  LpPool: { attributes: [...POOL_ATTRIBUTES, 'p'], run: lpPool },
  MaxUnpool: { attributes: ['kernel_shape', 'pads', 'strides'], known: [2], run: maxUnpool },
  GlobalAveragePool: {
    attributes: [],
    run: (call) => Term.of(call.term(0).type, mean(call.value(0), space(call.value(0)))),
  },
  GlobalMaxPool: {
    attributes: [],
    run: (call) => Term.of(call.term(0).type, max(call.value(0), space(call.value(0)))),
  },
  GlobalLpPool: { attributes: ['p'], run: globalLp },
};
