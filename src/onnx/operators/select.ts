/** Operators that choose elements by index. */
import { ConfigError, ShapeError } from '../../errors.ts';
import { reshape } from '../../graph/ops/movement.ts';
import { add, cast, less, neg, where } from '../../graph/ops/pointwise.ts';
import { gather, oneHot } from '../../graph/ops/select.ts';
import { topK } from '../../graph/ops/topK.ts';
import { normalizeAxis, product, range, type Shape, stridesOf } from '../../shape.ts';
import { elementKernel, placeOf } from '../elementKernel.ts';
import { dtypeOf } from '../elementType.ts';
import { type NodeCall, numbersOf, type OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';
import { joined, moved, permuted, reshaped, strided } from './movement.ts';
import { select } from './pointwise.ts';

const coordinates = (shape: Shape): string[] => shape.map((_, axis) => `c${axis}`);

/** An index that counts from the end where it is negative. */
const wrapped = (index: string, size: number): string => `select(${index}, ${index} + ${size}, ${index} < 0)`;

/** Indices as i32, or as they are known. */
const indexTerm = (call: NodeCall, i: number): Term => convert(call.term(i), 'int32');

function runGather(call: NodeCall): Term {
  const [x, indices] = [call.term(0), indexTerm(call, 1)];
  const axis = normalizeAxis('Gather', call.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  if (indices.known && indices.size === 1) {
    const [index] = numbersOf(indices, 'indices');
    const place = normalizeAxis('Gather', index!, size);
    return reshaped(strided(x, axis, place, 1, 1), shape);
  }
  if (indices.known && x.known) {
    const list = numbersOf(indices, 'indices').map((index) => normalizeAxis('Gather', index, size));
    const whole = [...x.shape.slice(0, axis), list.length, ...x.shape.slice(axis + 1)];
    const strides = stridesOf(x.shape);
    const from = (place: readonly number[]): number =>
      place.reduce((sum, each, i) => sum + (i === axis ? list[each]! : each) * strides[i]!, 0);
    return reshaped(moved(x, whole, from), shape);
  }
  if (axis === 0 && dtypeOf(x.type) === 'f32') {
    const flat = reshape(indices.value, [indices.size]);
    const rows = cast(flat, 'f32');
    const places = cast(where(less(rows, 0), add(rows, size), rows), 'i32');
    return Term.of(x.type, reshape(gather(x.value, places), shape));
  }
  const inner = range(indices.shape.length).map((i) => `c${axis + i}`);
  const index = `x1[${placeOf(indices.shape, inner)}]`;
  const places = x.shape.map((_, i) =>
    i < axis ? `c${i}` : i === axis ? 'index' : `c${i + indices.shape.length - 1}`,
  );
  const body = `let raw = ${index}; let index = ${wrapped('raw', size)}; out = x0[${placeOf(x.shape, places)}];`;
  return chosen(x, [indices], shape, body);
}

/** A kernel that reads x, and others beside it. */
function chosen(x: Term, others: readonly Term[], shape: Shape, body: string): Term {
  const inputs = [x, ...others].map((term) => term.value);
  return Term.of(x.type, elementKernel({ name: 'choose', inputs, shape, dtype: dtypeOf(x.type), body }));
}

function gatherElements(call: NodeCall): Term {
  const [x, indices] = [call.term(0), indexTerm(call, 1)];
  const axis = normalizeAxis('GatherElements', call.int('axis', 0), x.shape.length);
  const places = coordinates(x.shape).map((place, i) => (i === axis ? 'index' : place));
  const body = `let raw = x1[flat]; let index = ${wrapped('raw', x.shape[axis]!)};
    out = x0[${placeOf(x.shape, places)}];`;
  return chosen(x, [indices], indices.shape, body);
}

function gatherNd(call: NodeCall): Term {
  const [x, indices] = [call.term(0), indexTerm(call, 1)];
  const batch = call.int('batch_dims', 0);
  const depth = indices.shape.at(-1)!;
  const outer = indices.shape.length - 1;
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(batch + depth)];
  const rows = range(outer).map((i) => `c${i}`);
  const reads = range(depth).map((k) => {
    const raw = `x1[${placeOf(indices.shape, [...rows, `${k}`])}]`;
    return `let raw${k} = ${raw}; let i${k} = ${wrapped(`raw${k}`, x.shape[batch + k]!)};`;
  });
  const places = x.shape.map((_, i) =>
    i < batch ? `c${i}` : i < batch + depth ? `i${i - batch}` : `c${i - batch - depth + outer}`,
  );
  return chosen(x, [indices], shape, `${reads.join('\n')} out = x0[${placeOf(x.shape, places)}];`);
}

const REDUCTIONS: Readonly<Record<string, string>> = {
  none: 'next',
  add: 'out + next',
  mul: 'out * next',
  max: 'max(out, next)',
  min: 'min(out, next)',
};

function reductionOf(call: NodeCall): string {
  const name = call.text('reduction', 'none');
  const found = REDUCTIONS[name];
  if (found) return found;
  throw new ConfigError(`reduction expects ${Object.keys(REDUCTIONS).join(', ')}, got ${name}`);
}

/** Each element looks for the updates that are its own, in their order, so that sums do not depend on timing. */
function scatterElements(call: NodeCall): Term {
  const [x, indices, updates] = [call.term(0), indexTerm(call, 1), call.term(2)];
  const axis = normalizeAxis('ScatterElements', call.int('axis', 0), x.shape.length);
  const inside = x.shape.map((_, i) => (i === axis ? 'true' : `c${i} < ${indices.shape[i]}`));
  const place = placeOf(
    indices.shape,
    x.shape.map((_, i) => (i === axis ? 'k' : `c${i}`)),
  );
  const body = `out = x0[flat];
    if (${inside.join(' && ')}) {
      for (var k = 0; k < ${indices.shape[axis]}; k++) {
        let raw = x1[${place}];
        if (${wrapped('raw', x.shape[axis]!)} == c${axis}) { let next = x2[${place}]; out = ${reductionOf(call)}; }
      }
    }`;
  return chosen(x, [indices, updates], x.shape, body);
}

function scatterNd(call: NodeCall): Term {
  const [x, indices, updates] = [call.term(0), indexTerm(call, 1), call.term(2)];
  const depth = indices.shape.at(-1)!;
  const rows = product(indices.shape.slice(0, -1));
  const inner = product(x.shape.slice(depth));
  const same = range(depth).map((k) => {
    const raw = `x1[k * ${depth} + ${k}]`;
    return `${wrapped(raw, x.shape[k]!)} == c${k}`;
  });
  const body = `out = x0[flat];
    for (var k = 0; k < ${rows}; k++) {
      if (${same.join(' && ') || 'true'}) { let next = x2[k * ${inner} + i32(flat % ${inner}u)]; out = ${reductionOf(call)}; }
    }`;
  return chosen(x, [indices, updates], x.shape, body);
}

/** New entries at a place of their own in each row of a cache. */
function tensorScatter(call: NodeCall): Term {
  const [x, updates] = [call.term(0), call.term(1)];
  const axis = normalizeAxis('TensorScatter', call.int('axis', -2), x.shape.length);
  const starts = call.optional(2)
    ? indexTerm(call, 2)
    : Term.known(
        'int32',
        [x.shape[0]!],
        range(x.shape[0]!).map(() => 0),
      );
  const [length, size] = [updates.shape[axis]!, x.shape[axis]!];
  const circular = call.text('mode', 'linear') === 'circular';
  const place = circular ? `(c${axis} - x2[c0] + ${size}) % ${size}` : `c${axis} - x2[c0]`;
  const places = x.shape.map((_, i) => (i === axis ? 'at' : `c${i}`));
  const body = `out = x0[flat]; let at = ${place};
    if (at >= 0 && at < ${length}) { out = x1[${placeOf(updates.shape, places)}]; }`;
  return chosen(x, [updates, starts], x.shape, body);
}

function runTopK(call: NodeCall): Term[] {
  const term = call.term(0);
  const [k] = call.numbers(1, 'K');
  const rank = term.shape.length;
  const axis = normalizeAxis('TopK', call.int('axis', -1), rank);
  const order = [...range(rank).filter((i) => i !== axis), axis];
  const back = range(rank).map((i) => order.indexOf(i));
  const largest = call.flag('largest', true);
  const last = permuted(convert(term, 'float'), order).value;
  const { values, indices } = topK(largest ? last : neg(last), k!);
  const found = Term.of('float', largest ? values : neg(values));
  return [permuted(convert(found, term.type), back), permuted(Term.of('int64', indices), back)];
}

function runOneHot(call: NodeCall): Term {
  const [indices, values] = [convert(call.term(0), 'float'), call.term(2)];
  const depth = call.numbers(1, 'depth')[0]!;
  const rank = indices.shape.length + 1;
  const axis = normalizeAxis('OneHot', call.int('axis', -1), rank);
  const rows = cast(reshape(indices.value, [indices.size]), 'f32');
  const places = where(less(rows, 0), add(rows, depth), rows);
  const valid = where(less(places, 0), depth, where(less(places, depth), places, depth));
  // One column more for what lies outside, which belongs to none.
  const ones = oneHot(cast(valid, 'i32'), depth + 1);
  const mask = strided(Term.of('bool', ones), 1, 0, 1, depth);
  const last = reshaped(mask, [...indices.shape, depth]);
  const order = range(rank).map((i) => (i === axis ? rank - 1 : i < axis ? i : i - 1));
  const [off, on] = [0, 1].map((i) => reshaped(strided(values, 0, i, 1, 1), []));
  return select(permuted(last, order), on!, off!);
}

/** Places of what is not 0, when it is known. */
function nonZero(call: NodeCall): Term {
  const x = call.term(0);
  const numbers = numbersOf(x, 'X');
  const places = range(numbers.length).filter((i) => numbers[i] !== 0);
  const strides = stridesOf(x.shape);
  const rows = x.shape.map((size, axis) => places.map((i) => Math.floor(i / strides[axis]!) % size));
  return Term.known('int64', [x.shape.length, places.length], rows.flat());
}

function compress(call: NodeCall): Term {
  const given = call.term(0);
  const condition = call.numbers(1, 'condition');
  const x = call.has('axis') ? given : reshaped(given, [given.size]);
  const axis = normalizeAxis('Compress', call.int('axis', 0), x.shape.length);
  const kept = range(condition.length).filter((i) => condition[i] !== 0);
  const rows = kept.map((i) => strided(x, axis, i, 1, 1));
  if (rows.length === 0)
    return Term.known(
      x.type,
      x.shape.map((size, i) => (i === axis ? 0 : size)),
      [],
    );
  return joined(rows, axis);
}

function unique(call: NodeCall): Term[] {
  const given = call.term(0);
  const x = call.has('axis') ? given : reshaped(given, [given.size]);
  const axis = normalizeAxis('Unique', call.int('axis', 0), x.shape.length);
  const numbers = numbersOf(x, 'X');
  const order = [axis, ...range(x.shape.length).filter((i) => i !== axis)];
  const rows = permuted(Term.known(x.type, x.shape, numbers), order);
  const length = x.shape[axis]!;
  const width = rows.size / Math.max(1, length);
  const row = (i: number): number[] => Array.from(rows.known!).slice(i * width, (i + 1) * width);
  const compare = (a: number, b: number): number => {
    const [left, right] = [row(a), row(b)];
    const at = left.findIndex((each, k) => each !== right[k]);
    return at < 0 ? 0 : left[at]! - right[at]!;
  };
  const firsts = range(length).filter((i) => range(i).every((k) => compare(k, i) !== 0));
  if (call.flag('sorted', true)) firsts.sort(compare);
  const inverse = range(length).map((i) => firsts.findIndex((first) => compare(first, i) === 0));
  const counts = firsts.map((_, k) => inverse.filter((each) => each === k).length);
  const taken = firsts.map((i) => strided(Term.known(x.type, x.shape, numbers), axis, i, 1, 1));
  const list = (data: number[]): Term => Term.known('int64', [data.length], data);
  return [joined(taken, axis), list(firsts), list(inverse), list(counts)];
}

/** Determinants of the last two axes, by elimination with pivots. */
function determinant(call: NodeCall): Term {
  const x = call.term(0);
  const [n, columns] = x.shape.slice(-2) as [number, number];
  if (n !== columns || n > 16)
    throw new ShapeError(`expects squares of at most 16 rows, got ${n} x ${columns}`);
  const body = `var m: array<f32, ${n * n}>;
    for (var i = 0; i < ${n * n}; i++) { m[i] = x0[i32(flat) * ${n * n} + i]; }
    out = 1.0;
    for (var k = 0; k < ${n}; k++) {
      var pivot = k;
      for (var i = k + 1; i < ${n}; i++) { if (abs(m[i * ${n} + k]) > abs(m[pivot * ${n} + k])) { pivot = i; } }
      if (pivot != k) {
        out = -out;
        for (var j = 0; j < ${n}; j++) { let kept = m[k * ${n} + j]; m[k * ${n} + j] = m[pivot * ${n} + j]; m[pivot * ${n} + j] = kept; }
      }
      let head = m[k * ${n} + k];
      out = out * head;
      if (head != 0.0) {
        for (var i = k + 1; i < ${n}; i++) {
          let factor = m[i * ${n} + k] / head;
          for (var j = k; j < ${n}; j++) { m[i * ${n} + j] -= factor * m[k * ${n} + j]; }
        }
      }
    }`;
  return Term.of(
    x.type,
    elementKernel({ name: 'det', inputs: [x.value], shape: x.shape.slice(0, -2), dtype: 'f32', body }),
  );
}

/** Boxes that no better box of their class covers, when boxes and scores are known. */
function nonMaxSuppression(call: NodeCall): Term {
  const [boxes, scores] = [call.numbers(0, 'boxes'), call.numbers(1, 'scores')];
  const [batches, classes, count] = call.term(1).shape as [number, number, number];
  const most = call.optionalNumbers(2, 'max_output_boxes_per_class')?.[0] ?? 0;
  const limit = call.optionalNumbers(3, 'iou_threshold')?.[0] ?? 0;
  const least = call.optionalNumbers(4, 'score_threshold')?.[0] ?? Number.NEGATIVE_INFINITY;
  const centred = call.flag('center_point_box', false);
  const cornersOf = (batch: number, i: number): [number, number, number, number] => {
    const [a, b, c, d] = boxes.slice((batch * count + i) * 4, (batch * count + i) * 4 + 4) as [
      number,
      number,
      number,
      number,
    ];
    if (centred) return [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
    return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
  };
  const overlap = (p: readonly number[], q: readonly number[]): number => {
    const side = (i: number): number => Math.max(0, Math.min(p[i + 2]!, q[i + 2]!) - Math.max(p[i]!, q[i]!));
    const area = (r: readonly number[]): number => (r[2]! - r[0]!) * (r[3]! - r[1]!);
    const shared = side(0) * side(1);
    return shared / (area(p) + area(q) - shared);
  };
  const found: number[] = [];
  for (const batch of range(batches)) {
    for (const kind of range(classes)) {
      const score = (i: number): number => scores[(batch * classes + kind) * count + i]!;
      const sorted = range(count)
        .filter((i) => score(i) > least)
        .sort((a, b) => score(b) - score(a));
      const kept: number[] = [];
      for (const i of sorted) {
        if (kept.length >= most) break;
        if (kept.every((k) => overlap(cornersOf(batch, k), cornersOf(batch, i)) <= limit)) kept.push(i);
      }
      for (const i of kept) found.push(batch, kind, i);
    }
  }
  return Term.known('int64', [found.length / 3, 3], found);
}

export const selectOperators: OperatorTable = {
  Gather: { attributes: ['axis'], moves: true, run: runGather },
  GatherElements: { attributes: ['axis'], moves: true, run: gatherElements },
  GatherND: { attributes: ['batch_dims'], moves: true, run: gatherNd },
  ScatterElements: { attributes: ['axis', 'reduction'], run: scatterElements },
  ScatterND: { attributes: ['reduction'], run: scatterNd },
  TensorScatter: { attributes: ['axis', 'mode'], moves: true, run: tensorScatter },
  TopK: { attributes: ['axis', 'largest', 'sorted'], moves: true, known: [1], run: runTopK },
  OneHot: { attributes: ['axis'], known: [1], run: runOneHot },
  NonZero: { attributes: [], known: [0], run: nonZero },
  Compress: { attributes: ['axis'], known: [1], run: compress },
  Unique: { attributes: ['axis', 'sorted'], known: [0], run: unique },
  NonMaxSuppression: { attributes: ['center_point_box'], known: [0, 1, 2, 3, 4], run: nonMaxSuppression },
  Det: { attributes: [], run: determinant },
};
