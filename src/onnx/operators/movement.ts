/** Operators that move elements. Known numbers are moved in JavaScript: shapes are made so. */
import { ShapeError } from '../../errors.ts';
import { concat, flip, type PadMode, pad, permute, reshape, slice } from '../../graph/ops/movement.ts';
import { broadcastTo } from '../../graph/ops/pointwise.ts';
import type { Value } from '../../graph/value.ts';
import { broadcastShapes, normalizeAxis, product, range, type Shape, stridesOf } from '../../shape.ts';
import { broadcastPlaces } from '../broadcast.ts';
import { broadcastPlace, elementKernel } from '../elementKernel.ts';
import { dtypeOf, elementTypeOf } from '../elementType.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { select } from './pointwise.ts';

/** Known numbers taken from the places that `from` gives for each place along the axes of `shape`. */
export function moved(term: Term, shape: Shape, from: (place: readonly number[]) => number): Term {
  const strides = stridesOf(shape);
  const data = Array.from({ length: product(shape) }, (_, flat) => {
    const place = shape.map((size, axis) => Math.floor(flat / strides[axis]!) % size);
    return term.known![from(place)]!;
  });
  return Term.known(term.type, shape, data);
}

const at = (shape: Shape, place: readonly number[]): number => {
  const strides = stridesOf(shape);
  return place.reduce((sum, each, axis) => sum + each * strides[axis]!, 0);
};

export const reshaped = (term: Term, shape: Shape): Term =>
  term.known ? Term.known(term.type, shape, term.known) : Term.of(term.type, reshape(term.value, shape));

export function permuted(term: Term, order: readonly number[]): Term {
  if (!term.known) return Term.of(term.type, permute(term.value, order));
  const shape = order.map((axis) => term.shape[axis]!);
  return moved(term, shape, (place) => {
    const from = new Array<number>(order.length);
    for (const [i, axis] of order.entries()) from[axis] = place[i]!;
    return at(term.shape, from);
  });
}

export function stretched(term: Term, shape: Shape): Term {
  if (term.known && product(shape) <= 65_536) {
    const from = broadcastPlaces(term.shape, shape);
    return Term.known(
      term.type,
      shape,
      Array.from({ length: product(shape) }, (_, flat) => term.known![from(flat)]!),
    );
  }
  if (dtypeOf(term.type) === 'f32') return Term.of(term.type, broadcastTo(term.value, shape));
  const body = `out = x0[${broadcastPlace(term.shape, shape)}];`;
  const inputs = [term.value];
  return Term.of(
    term.type,
    elementKernel({ name: 'expand', inputs, shape, dtype: dtypeOf(term.type), body }),
  );
}

export function joined(terms: readonly Term[], axis: number): Term {
  const [first] = terms as [Term, ...Term[]];
  const chosen = normalizeAxis('Concat', axis, first.shape.length);
  const filled = terms.filter((term) => term.shape[chosen] !== 0);
  if (filled.length === 0) return first;
  if (!filled.every((term) => term.known)) {
    return Term.of(
      first.type,
      concat(
        filled.map((term) => term.value),
        chosen,
      ),
    );
  }
  const outer = product(first.shape.slice(0, chosen));
  const data: number[] = [];
  for (let row = 0; row < outer; row++) {
    for (const { known, size } of filled) {
      const length = size / outer;
      for (let i = 0; i < length; i++) data.push(known![row * length + i]!);
    }
  }
  const total = filled.reduce((sum, term) => sum + term.shape[chosen]!, 0);
  return Term.known(
    first.type,
    first.shape.map((size, i) => (i === chosen ? total : size)),
    data,
  );
}

/** From `start` in steps of `step`, which may be negative, `count` places along one axis. */
export function strided(term: Term, axis: number, start: number, step: number, count: number): Term {
  const shape = term.shape.map((size, i) => (i === axis ? count : size));
  if (term.known) {
    return moved(term, shape, (place) =>
      at(
        term.shape,
        place.map((each, i) => (i === axis ? start + each * step : each)),
      ),
    );
  }
  const size = term.shape[axis]!;
  // Backwards is forwards in the flipped array.
  const x = step < 0 ? flip(term.value, [axis]) : term.value;
  const first = count === 0 ? 0 : step < 0 ? size - 1 - start : start;
  const end = count === 0 ? 0 : first + (count - 1) * Math.abs(step) + 1;
  const ranges = shape.map((_, i) => (i === axis ? { start: first, end, step: Math.abs(step) } : null));
  return Term.of(term.type, slice(x, ranges));
}

function runSlice(call: NodeCall): Term {
  const starts = call.numbers(1, 'starts');
  const ends = call.numbers(2, 'ends');
  let term = call.term(0);
  const axes = call.optionalNumbers(3, 'axes') ?? range(starts.length);
  const steps = call.optionalNumbers(4, 'steps') ?? starts.map(() => 1);
  for (const [i, given] of axes.entries()) {
    const axis = normalizeAxis('Slice', given, term.shape.length);
    const size = term.shape[axis]!;
    const step = steps[i]!;
    const fromEnd = (place: number): number => (place < 0 ? place + size : place);
    const [least, most] = step < 0 ? [-1, size - 1] : [0, size];
    const limit = (place: number): number => Math.min(Math.max(fromEnd(place), least), most);
    const start = step < 0 ? Math.min(Math.max(fromEnd(starts[i]!), 0), size - 1) : limit(starts[i]!);
    const count = Math.max(0, Math.ceil((limit(ends[i]!) - start) / step));
    term = strided(term, axis, start, step, count);
  }
  return term;
}

function runReshape(call: NodeCall): Term {
  const term = call.term(0);
  const keepsZero = call.flag('allowzero', false);
  const sizes = call
    .numbers(1, 'shape')
    .map((size, axis) => (size === 0 && !keepsZero ? (term.shape[axis] ?? 0) : size));
  const rest = product(sizes.filter((size) => size !== -1));
  return reshaped(
    term,
    sizes.map((size) => (size === -1 ? (rest === 0 ? 0 : term.size / rest) : size)),
  );
}

function runSqueeze(call: NodeCall): Term {
  const term = call.term(0);
  const given = call.optionalNumbers(1, 'axes');
  const axes = given?.map((axis) => normalizeAxis('Squeeze', axis, term.shape.length));
  const kept = term.shape.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1));
  return reshaped(term, kept);
}

function runUnsqueeze(call: NodeCall): Term {
  const term = call.term(0);
  const axes = call.numbers(1, 'axes');
  const rank = term.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis('Unsqueeze', axis, rank)));
  const sizes = [...term.shape];
  return reshaped(
    term,
    range(rank).map((axis) => (added.has(axis) ? 1 : sizes.shift()!)),
  );
}

function runFlatten(call: NodeCall): Term {
  const term = call.term(0);
  const rank = term.shape.length;
  const axis = call.int('axis', 1);
  const split = axis < 0 ? axis + rank : axis;
  return reshaped(term, [product(term.shape.slice(0, split)), product(term.shape.slice(split))]);
}

function runExpand(call: NodeCall): Term {
  const term = call.term(0);
  return stretched(term, broadcastShapes('Expand', term.shape, call.numbers(1, 'shape')));
}

function runSplit(call: NodeCall): Term[] {
  const term = call.term(0);
  const axis = normalizeAxis('Split', call.int('axis', 0), term.shape.length);
  const size = term.shape[axis]!;
  const parts = call.int('num_outputs', call.node.output.length);
  const each = Math.ceil(size / parts);
  const sizes =
    call.optionalNumbers(1, 'split') ?? range(parts).map((i) => Math.max(0, Math.min(each, size - i * each)));
  let start = 0;
  return sizes.map((length) => {
    start += length;
    return strided(term, axis, start - length, 1, length);
  });
}

function runTile(call: NodeCall): Term {
  const term = call.term(0);
  return call.numbers(1, 'repeats').reduce((soFar, count, axis) => {
    if (count === 0)
      return Term.known(
        term.type,
        soFar.shape.map((size, i) => (i === axis ? 0 : size)),
        [],
      );
    return count === 1
      ? soFar
      : joined(
          range(count).map(() => soFar),
          axis,
        );
  }, term);
}

const PAD_MODES: Readonly<Record<string, PadMode>> = {
  constant: 'constant',
  reflect: 'reflect',
  edge: 'edge',
  wrap: 'wrap',
};

function runPad(call: NodeCall): Term {
  const term = call.term(0);
  const pads = call.numbers(1, 'pads');
  const rank = term.shape.length;
  const axes = (call.optionalNumbers(3, 'axes') ?? range(rank)).map((axis) =>
    normalizeAxis('Pad', axis, rank),
  );
  const sides = (which: 0 | 1): number[] =>
    range(rank).map((axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? 0 : pads[i + which * axes.length]!;
    });
  const [before, after] = [sides(0), sides(1)];
  const given = call.text('mode', 'constant');
  const mode = PAD_MODES[given];
  if (!mode) throw new ShapeError(`mode expects ${Object.keys(PAD_MODES).join(', ')}, got ${given}`);
  const value = mode === 'constant' ? (call.optionalNumbers(2, 'constant_value')?.[0] ?? 0) : 0;
  return padded(term, before, after, mode, value);
}

/** Negative counts cut off. */
function padded(
  term: Term,
  before: readonly number[],
  after: readonly number[],
  mode: PadMode,
  value: number,
): Term {
  const cut = term.shape.reduce((soFar, size, axis) => {
    const [start, end] = [Math.max(0, -before[axis]!), size - Math.max(0, -after[axis]!)];
    return start === 0 && end === size ? soFar : strided(soFar, axis, start, 1, Math.max(0, end - start));
  }, term);
  const added = (counts: readonly number[]): number[] => counts.map((count) => Math.max(0, count));
  return Term.of(term.type, pad(cut.value, added(before), added(after), { mode, value }));
}

/** Blocks of pixels to channels and back; `order` permutes [N, ...] of six axes. */
function rearranged(x: Value, apart: Shape, order: readonly number[], shape: Shape): Value {
  return reshape(permute(reshape(x, apart), order), shape);
}

function depthToSpace(call: NodeCall): Term {
  const x = call.term(0);
  const block = call.int('blocksize', 1);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const depth = c / block ** 2;
  const columns = call.text('mode', 'DCR') === 'DCR';
  const out = columns
    ? rearranged(
        x.value,
        [n, block, block, depth, h, w],
        [0, 3, 4, 1, 5, 2],
        [n, depth, h * block, w * block],
      )
    : rearranged(
        x.value,
        [n, depth, block, block, h, w],
        [0, 1, 4, 2, 5, 3],
        [n, depth, h * block, w * block],
      );
  return Term.of(x.type, out);
}

function spaceToDepth(call: NodeCall): Term {
  const x = call.term(0);
  const block = call.int('blocksize', 1);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const apart = [n, c, h / block, block, w / block, block];
  const order = call.text('mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return Term.of(x.type, rearranged(x.value, apart, order, [n, c * block ** 2, h / block, w / block]));
}

function constantOf(call: NodeCall): Term {
  const tensor = call.tensor('value');
  if (tensor) return Term.host(tensor);
  if (call.has('value_float')) return Term.known('float', [], [call.float('value_float', 0)]);
  if (call.has('value_int')) return Term.known('int64', [], [call.int('value_int', 0)]);
  const [floats, ints] = [call.floats('value_floats'), call.ints('value_ints')];
  if (call.has('value_floats')) return Term.known('float', [floats!.length], floats!);
  if (call.has('value_ints')) return Term.known('int64', [ints!.length], ints!);
  throw new ShapeError('expects numbers');
}

function constantOfShape(call: NodeCall): Term {
  const shape = call.numbers(0, 'shape');
  const filling = call.tensor('value');
  return stretched(Term.known(filling?.type ?? 'float', [], [filling?.data[0] ?? 0]), shape);
}

function rangeOf(call: NodeCall): Term {
  const [start, limit, delta] = [0, 1, 2].map((i) => call.numbers(i, ['start', 'limit', 'delta'][i]!)[0]!);
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  return Term.known(
    call.term(0).type,
    [count],
    range(count).map((i) => start! + i * delta!),
  );
}

function eyeLike(call: NodeCall): Term {
  const { shape, type } = call.term(0);
  const [rows, columns] = shape as [number, number];
  const k = call.int('k', 0);
  const chosen = call.has('dtype') ? (elementTypeOf(call.int('dtype', 1)) ?? type) : type;
  const data = range(rows * columns).map((i) => Number((i % columns) - Math.floor(i / columns) === k));
  return Term.known(chosen, shape, data);
}

function shapeOf(call: NodeCall): Term {
  const { shape } = call.term(0);
  const limit = (place: number): number =>
    Math.min(Math.max(place < 0 ? place + shape.length : place, 0), shape.length);
  const sizes = shape.slice(limit(call.int('start', 0)), limit(call.int('end', shape.length)));
  return Term.known('int64', [sizes.length], sizes);
}

/** The last two axes, of which all above or below diagonal k is kept. */
function trilu(call: NodeCall): Term {
  const x = call.term(0);
  const k = call.optionalNumbers(1, 'k')?.[0] ?? 0;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const upper = call.flag('upper', true);
  const kept = range(rows * columns).map((i) => {
    const over = (i % columns) - Math.floor(i / columns);
    return Number(upper ? over >= k : over <= k);
  });
  return select(Term.known('bool', [rows, columns], kept), x, Term.known(x.type, [], [0]));
}

/** Rows whose own first elements are reversed. */
function reverseSequence(call: NodeCall): Term {
  const x = call.term(0);
  const lengths = call.numbers(1, 'sequence_lens');
  const [batch, time] = [call.int('batch_axis', 1), call.int('time_axis', 0)];
  const rows = lengths.map((length, i) => {
    const row = strided(x, batch, i, 1, 1);
    if (length < 2) return row;
    const turned = strided(row, time, length - 1, -1, length);
    return joined([turned, strided(row, time, length, 1, x.shape[time]! - length)], time);
  });
  return joined(rows, batch);
}

function centerCropPad(call: NodeCall): Term {
  const x = call.term(0);
  const sizes = call.numbers(1, 'shape');
  const axes = call.ints('axes') ?? range(x.shape.length);
  return sizes.reduce((soFar, size, i) => {
    const axis = normalizeAxis('CenterCropPad', axes[i]!, x.shape.length);
    const over = size - soFar.shape[axis]!;
    if (over <= 0) return strided(soFar, axis, Math.floor(-over / 2), 1, size);
    const side = (count: number): number[] => x.shape.map((_, each) => (each === axis ? count : 0));
    return padded(soFar, side(Math.floor(over / 2)), side(over - Math.floor(over / 2)), 'constant', 0);
  }, x);
}

const MOVES: OperatorTable = {
  Reshape: { attributes: ['allowzero'], known: [1], run: runReshape },
  Transpose: {
    attributes: ['perm'],
    run: (call) => permuted(call.term(0), call.ints('perm') ?? range(call.term(0).shape.length).reverse()),
  },
  Flatten: { attributes: ['axis'], run: runFlatten },
  Squeeze: { attributes: [], known: [1], run: runSqueeze },
  Unsqueeze: { attributes: [], known: [1], run: runUnsqueeze },
  Expand: { attributes: [], known: [1], run: runExpand },
  Concat: { attributes: ['axis'], run: (call) => joined(call.terms(), call.int('axis', 0)) },
  Split: { attributes: ['axis', 'num_outputs'], known: [1], run: runSplit },
  Slice: { attributes: [], known: [1, 2, 3, 4], run: runSlice },
  Tile: { attributes: [], known: [1], run: runTile },
  Pad: { attributes: ['mode'], known: [1, 2, 3], run: runPad },
  DepthToSpace: { attributes: ['blocksize', 'mode'], run: depthToSpace },
  SpaceToDepth: { attributes: ['blocksize', 'mode'], run: spaceToDepth },
  Constant: {
    attributes: ['value', 'value_float', 'value_int', 'value_floats', 'value_ints'],
    run: constantOf,
  },
  ConstantOfShape: { attributes: ['value'], known: [0], run: constantOfShape },
  Range: { attributes: [], known: [0, 1, 2], run: rangeOf },
  EyeLike: { attributes: ['dtype', 'k'], run: eyeLike },
  Shape: { attributes: ['start', 'end'], run: shapeOf },
  Size: { attributes: [], run: (call) => Term.known('int64', [], [call.term(0).size]) },
  Trilu: { attributes: ['upper'], known: [1], run: trilu },
  ReverseSequence: { attributes: ['batch_axis', 'time_axis'], known: [1], run: reverseSequence },
  CenterCropPad: { attributes: ['axes'], known: [1], run: centerCropPad },
};

export const movementOperators: OperatorTable = Object.fromEntries(
  Object.entries(MOVES).map(([name, operator]) => [name, { ...operator, moves: true }]),
);
