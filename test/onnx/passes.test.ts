import { afterAll, describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { stopGradient } from '../../src/graph/ops/control.ts';
import { matmul } from '../../src/graph/ops/matmul.ts';
import { part, permute, reshape, slice } from '../../src/graph/ops/movement.ts';
import { add, div, equal, exp, gelu, isNan, mul, scale, sub, where } from '../../src/graph/ops/pointwise.ts';
import { max, sum } from '../../src/graph/ops/reduce.ts';
import { constant, input, isOp, topological, type Value } from '../../src/graph/value.ts';
import { softmax } from '../../src/nn/softmax.ts';
import { fuseAttention } from '../../src/onnx/passes/fuseAttention.ts';
import { improve } from '../../src/onnx/passes/index.ts';
import { joinMoves } from '../../src/onnx/passes/joinMoves.ts';
import { joinRows } from '../../src/onnx/passes/joinRows.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { product, range, type Shape, stridesOf } from '../../src/shape.ts';
import { fc } from '../property.ts';
import { seeded } from '../seed.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;
const NONE: ReadonlySet<Value> = new Set();
const BEHIND = Number.NEGATIVE_INFINITY;
const [N, HEADS, QUERIES, KEYS, DEPTH, WIDTH] = [2, 3, 5, 7, 4, 6];

type Given = Readonly<Record<'q' | 'k' | 'v' | 'seen' | 'bias' | 'one' | 'perHead', Value>>;
type Form = (given: Given) => Value;

const SHAPES: Readonly<Record<keyof Given, Shape>> = {
  q: [N, HEADS, QUERIES, DEPTH],
  k: [N, HEADS, KEYS, DEPTH],
  v: [N, HEADS, KEYS, WIDTH],
  /** 1 where a key may be seen; the second query of the second image may see none. */
  seen: [N, 1, QUERIES, KEYS],
  bias: [1, HEADS, QUERIES, KEYS],
  one: [1],
  perHead: [HEADS, 1, 1],
};

const turned = (x: Value): Value => permute(x, [0, 1, 3, 2]);
const products = ({ q, k }: Given): Value => matmul(q, k, { transposeB: true });
const hiding = (seen: Value, by: number): Value => where(seen, 0, by);
const ofKeys = (count: number): Value =>
  constant(
    range(QUERIES * count).map((i) => (i % count > Math.floor(i / count) ? BEHIND : 0)),
    [QUERIES, count],
  );

/** Softmax as it is written where nothing may become NaN. */
function guarded(scores: Value): Value {
  const over = { axes: [-1], keepDims: true };
  const largest = max(scores, over);
  const nothing = equal(largest, BEHIND);
  const powers = exp(sub(scores, where(nothing, 0, largest)));
  return div(powers, where(nothing, 1, sum(powers, over)));
}

/** As exporters write attention, and what else the fused one is told. */
const FORMS: Readonly<Record<string, readonly [Form, ('causal' | 'masked')?]>> = {
  'scaled products': [(x) => matmul(softmax(scale(products(x), 0.5)), x.v)],
  'queries and keys scaled each, keys turned': [
    ({ q, k, v }) => matmul(softmax(matmul(mul(q, 0.7), mul(turned(k), 0.7))), v),
  ],
  'keys scaled, then turned; a divisor': [
    ({ q, k, v }) => matmul(softmax(div(matmul(q, turned(scale(k, 3))), 2)), v),
  ],
  'a factor on the device, and one for each head': [
    (x) => matmul(softmax(mul(div(products({ ...x, q: mul(x.q, x.one) }), x.one), x.perHead)), x.v),
  ],
  'a bias for each head': [(x) => matmul(softmax(add(x.bias, scale(products(x), 0.5))), x.v), 'masked'],
  'a mask under which a query sees nothing, which is NaN': [
    (x) => matmul(softmax(add(products(x), hiding(x.seen, BEHIND))), x.v),
    'masked',
  ],
  'the same with zeros instead of NaN': [
    (x) => {
      const weights = softmax(where(x.seen, products(x), BEHIND));
      return matmul(where(isNan(weights), 0, weights), x.v);
    },
    'masked',
  ],
  'hidden by the least number, all keys of a query alike': [
    (x) => matmul(softmax(where(equal(x.seen, 0), -3.4028234663852886e38, products(x))), x.v),
    'masked',
  ],
  'a mask taken away, two of them': [
    (x) => matmul(softmax(sub(add(products(x), x.bias), scale(sub(1, x.seen), 30))), x.v),
    'masked',
  ],
  'guards written out': [(x) => matmul(guarded(add(products(x), hiding(x.seen, BEHIND))), x.v), 'masked'],
  'known places that hide what comes later': [
    (x) => matmul(softmax(add(scale(products(x), 0.5), ofKeys(KEYS))), x.v),
    'causal',
  ],
  'a known condition': [
    (x) => {
      const later = constant(
        range(QUERIES * KEYS).map((i) => Number(i % KEYS > Math.floor(i / KEYS))),
        [QUERIES, KEYS],
      );
      return matmul(softmax(where(later, BEHIND, products(x))), x.v);
    },
    'causal',
  ],
  'images and heads on one axis, apart for a mask': [
    ({ q, k, v, bias }) => {
      const flat = (x: Value): Value => reshape(x, [N * HEADS, ...x.shape.slice(2)]);
      const scores = matmul(flat(q), permute(flat(k), [0, 2, 1]));
      const masked = add(reshape(scores, [N, HEADS, QUERIES, KEYS]), bias);
      return matmul(reshape(softmax(masked), [N * HEADS, QUERIES, KEYS]), flat(v));
    },
    'masked',
  ],
  'no heads': [
    ({ q, k, v }) => {
      const [a, b, c] = [q, k, v].map((x) => reshape(part(x, 1, 0, 1), [N, ...x.shape.slice(2)]));
      return matmul(softmax(matmul(a!, b!, { transposeB: true })), c!);
    },
  ],
};

/** What is no attention, or not that alone. */
const OTHERS: Readonly<Record<string, (x: Given) => readonly Value[]>> = {
  'weights are a result too': (x) => {
    const weights = softmax(products(x));
    return [matmul(weights, x.v), weights];
  },
  'products are read elsewhere': (x) => {
    const scores = products(x);
    return [matmul(softmax(scores), x.v), sum(scores)];
  },
  'softmax along another axis': (x) => [matmul(softmax(products(x), -2), x.v)],
  'multiplied after a bias was added': (x) => [matmul(softmax(scale(add(products(x), x.bias), 2)), x.v)],
  'a number that does not hide': (x) => [matmul(softmax(where(x.seen, products(x), -5)), x.v)],
  'one image of keys for all': (x) => [matmul(softmax(products({ ...x, k: part(x.k, 0, 0, 1) })), x.v)],
  'divided by another sum': (x) => {
    const powers = exp(products(x));
    return [matmul(div(powers, sum(exp(x.bias), { axes: [-1], keepDims: true })), x.v)];
  },
  'heads that are too wide': () => {
    const wide = (length: number): Value => input('x', [1, length, 257]);
    return [matmul(softmax(matmul(wide(5), wide(7), { transposeB: true })), wide(7))];
  },
};

const inputs = (): Given =>
  Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, input(name, shape)])) as Given;
const countOf = (op: string, roots: readonly Value[]): number =>
  topological(roots).filter((value) => value.op === op).length;

let opened: Promise<Engine> | undefined;
const engineOf = (): Promise<Engine> => (opened ??= Engine.create());
afterAll(async () => (await opened)?.dispose());

/** The largest distance, where NaN meets NaN alone. */
function furthest(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  const distances = Array.from(got, (each, i) =>
    Object.is(each, expected[i]) ? 0 : Math.abs(each - expected[i]!) || Number.POSITIVE_INFINITY,
  );
  return Math.max(...distances);
}

describe('fuseAttention', () => {
  it.each(Object.entries(FORMS))('knows attention by %s', (_, [form, kind]) => {
    const [out] = fuseAttention([form(inputs())], NONE);
    const found = topological([out!]).filter((value) => isOp(value, 'attention'));
    expect(found.length).toBe(1);
    expect(found[0]!.attrs.causal === true).toBe(kind === 'causal');
    expect(found[0]!.attrs.masked === true).toBe(kind === 'masked');
    expect(countOf('matmul', [out!])).toBe(0);
  });

  it.each(Object.entries(OTHERS))('leaves alone: %s', (_, others) => {
    const roots = others(inputs());
    expect(fuseAttention(roots, NONE)).toEqual(roots);
  });

  it('leaves alone what reaches into values that the caller brought', () => {
    const given = inputs();
    const scores = products(given);
    const out = matmul(softmax(scores), given.v);
    expect(fuseAttention([out], new Set([scores]))).toEqual([out]);
    const [improved] = fuseAttention([matmul(softmax(scale(scores, 1)), given.v)], new Set([given.q]));
    expect(grad(sum(improved!), [given.q])[0]!.shape).toEqual(given.q.shape);
  });

  it(
    'computes the same, NaN too',
    async () => {
      const engine = await engineOf();
      const random = seeded('forms of attention');
      const tensors = Object.entries(SHAPES).map(([name, shape]) => {
        const numbers = Float32Array.from({ length: product(shape) }, () =>
          name === 'one' || name === 'perHead' ? 0.5 + Math.abs(random.normal()) : random.normal(),
        );
        if (name !== 'seen') return engine.tensor(numbers, shape);
        const hidden = (i: number): boolean => Math.floor(i / KEYS) === QUERIES + 1;
        return engine.tensor(
          numbers.map((each, i) => Number(each > -0.5 && !hidden(i))),
          shape,
        );
      });
      const both = engine.compile((...values: Value[]) => {
        const given = Object.fromEntries(Object.keys(SHAPES).map((name, i) => [name, values[i]!])) as Given;
        const plain = Object.values(FORMS).map(([form]) => form(given));
        return { plain, fused: improve(plain, new Set(values)) };
      });
      const { plain, fused } = await both(...tensors);
      for (const [i, name] of Object.keys(FORMS).entries()) {
        const [expected, got] = [await plain[i]!.data(), await fused[i]!.data()];
        expect(furthest(got, expected), name).toBeLessThan(1e-5);
        expect(expected.some(Number.isNaN), name).toBe(name.endsWith('NaN') && !name.includes('instead'));
      }
    },
    SLOW,
  );
});

/** A graph of moves over an array whose elements are their places. */
function moved(value: Value): number[] {
  const [x] = value.inputs;
  if (!x) return range(product(value.shape));
  const from = moved(x);
  if (value.op === 'reshape') return from;
  const [own, theirs] = [stridesOf(value.shape), stridesOf(x.shape)];
  return range(product(value.shape)).map((flat) => {
    const place = value.shape.map((size, axis) => Math.floor(flat / own[axis]!) % size);
    const at = (axis: number): number => {
      if (isOp(value, 'permute')) return place[value.attrs.order.indexOf(axis)]!;
      if (isOp(value, 'slice')) return value.attrs.starts[axis]! + place[axis]! * value.attrs.steps[axis]!;
      throw new Error(value.op);
    };
    return from[theirs.reduce((sum, stride, axis) => sum + stride * at(axis), 0)]!;
  });
}

describe('joinMoves', () => {
  const x = input('x', [2, 5, 12]);

  it('leaves a reshape of what is put apart and together again', () => {
    const apart = permute(reshape(x, [2, 5, 3, 4]), [0, 2, 1, 3]);
    const together = reshape(permute(reshape(apart, [6, 5, 1, 4]), [2, 0, 1, 3]), [2, 3, 5, 4]);
    expect(joinMoves([reshape(permute(together, [0, 2, 1, 3]), [10, 12])], NONE)[0]).toMatchObject({
      op: 'reshape',
      inputs: [x],
    });
  });

  it('takes a part before it permutes', () => {
    const planes = permute(reshape(x, [2, 5, 3, 4]), [2, 0, 1, 3]);
    const [out] = joinMoves([reshape(part(planes, 0, 1, 1), [2, 5, 4])], NONE);
    expect(topological([out!]).map(({ op }) => op)).toEqual(['input', 'reshape', 'slice', 'reshape']);
  });

  it('moves every element where it was moved to, by one permute at most for each part', () => {
    const sizes = fc.shuffledSubarray([2, 3, 4, 1, 6], { minLength: 5 });
    const moves = fc.array(fc.tuple(fc.constantFrom('reshape', 'permute', 'slice'), sizes, fc.nat(1000)), {
      maxLength: 7,
    });
    fc.assert(
      fc.property(moves, (steps) => {
        const start = input('x', [2, 3, 4, 6]);
        const value = steps.reduce<Value>((soFar, [kind, order, choice]) => {
          const { shape } = soFar;
          if (kind === 'slice') {
            const axis = choice % shape.length;
            const range = { start: choice % 2, end: shape[axis]!, step: 1 + (choice % 3) };
            return shape[axis]! > 1
              ? slice(
                  soFar,
                  shape.map((_, i) => (i === axis ? range : null)),
                )
              : soFar;
          }
          if (kind === 'permute')
            return permute(
              soFar,
              order.map((each) => [1, 2, 3, 4, 6].indexOf(each)).filter((axis) => axis < shape.length),
            );
          const factors = primeFactors(product(shape));
          const parts = range(4).map((i) => product(factors.filter((_, k) => (k * 7 + choice) % 4 === i)));
          return reshape(soFar, parts);
        }, start);
        const [joined] = joinMoves([value], NONE);
        expect(joined!.shape).toEqual(value.shape);
        expect(moved(joined!)).toEqual(moved(value));
        expect(countOf('permute', [joined!])).toBeLessThanOrEqual(countOf('permute', [value]));
      }),
    );
  });
});

function primeFactors(count: number): number[] {
  const found: number[] = [];
  for (let left = count, prime = 2; left > 1; ) {
    if (left % prime === 0) {
      found.push(prime);
      left /= prime;
    } else prime += 1;
  }
  return found;
}

describe('joinRows', () => {
  const network = (x: Value, w: Value, b: Value, more: Value): Value => {
    const hidden = gelu(add(matmul(x, w), b));
    return mul(add(more, reshape(hidden, [3, 1, 4, 5])), 2);
  };
  const [x, w, b, more] = [
    input('x', [3, 4, 6]),
    input('w', [6, 5]),
    input('b', [5]),
    input('m', [3, 1, 4, 5]),
  ];

  it('computes products with one matrix, and what follows them, of rows', () => {
    const [out] = joinRows([network(x, w, b, more)], NONE);
    expect(out!.shape).toEqual([3, 1, 4, 5]);
    const shapes = topological([out!]).filter(({ op }) => op === 'matmul' || op === 'pointwise');
    expect(shapes.map(({ shape }) => shape)).toEqual([
      [12, 5],
      [12, 5],
      [12, 5],
      [12, 5],
      [12, 5],
    ]);
  });

  it('leaves alone matrices for each batch, and what stretches rows', () => {
    const other = matmul(x, input('w', [3, 6, 5]));
    const stretched = add(matmul(x, w), input('c', [3, 4, 1]));
    const [first, second] = joinRows([other, stretched], NONE);
    expect(first).toBe(other);
    expect(second!.shape).toEqual([3, 4, 5]);
    expect(second!.op).toBe('pointwise');
    expect(second!.inputs.map(({ shape }) => shape)).toEqual([
      [3, 4, 5],
      [3, 4, 1],
    ]);
  });

  it(
    'computes the same',
    async () => {
      const engine = await engineOf();
      const random = seeded('rows');
      const tensors = [x, w, b, more].map(({ shape }) =>
        engine.tensor(
          Float32Array.from({ length: product(shape) }, () => random.normal()),
          shape,
        ),
      );
      const both = engine.compile((...values: Value[]) => {
        const plain = network(...(values as [Value, Value, Value, Value]));
        return [plain, joinRows([plain], new Set(values))[0]!];
      });
      const [plain, joined] = await both(...tensors);
      expect(furthest(await joined!.data(), await plain!.data())).toBeLessThan(1e-5);
    },
    SLOW,
  );
});

it('improve keeps what is not differentiated', () => {
  const { q, k, v } = inputs();
  const [out] = improve([matmul(softmax(matmul(stopGradient(q), k, { transposeB: true })), v)], new Set([q]));
  expect(countOf('attention', [out!])).toBe(1);
  expect(() => grad(sum(out!), [q])).toThrow('does not depend');
});
