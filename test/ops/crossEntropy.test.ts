import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as wgad from '../../src/index.ts';
import { constant, Engine, grad, input, mul, reshape, sum, type Value } from '../../src/index.ts';
import { type CrossEntropyOptions, crossEntropy } from '../../src/nn/crossEntropy.ts';

/** Against PyTorch (tools/cross_entropy_goldens.py); and what every op does with an index that names nothing. */

interface Case {
  readonly label: string;
  readonly shape: readonly number[];
  readonly logits: readonly (number | string)[];
  readonly labels: readonly number[];
  readonly options: Omit<CrossEntropyOptions, 'weights'> & { readonly weights?: readonly number[] };
  readonly cotangent: readonly number[];
  readonly loss: readonly (number | string)[];
  readonly grad: readonly (number | string)[];
}
const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('../goldens/crossEntropy.json', import.meta.url), 'utf8'),
);

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
afterAll(() => engine?.dispose());

function expectClose(got: ArrayLike<number>, want: readonly (number | string)[], what: string): void {
  const goals = want.map(Number);
  expect(got.length).toBe(goals.length);
  const fits = goals.map((goal, i) =>
    Number.isFinite(goal)
      ? Math.abs(got[i]! - goal) <= 2e-6 * Math.max(1, Math.abs(goal))
      : Object.is(got[i], goal),
  );
  expect(fits.every(Boolean), `${what}: got ${Array.from(got)}, PyTorch ${goals}`).toBe(true);
}

it.each(cases.map((each) => [each.label, each] as const))('crossEntropy %s', async (label, each) => {
  const { weights, ...options } = each.options;
  const [n, , ...space] = each.shape;
  const all = { ...options, ...(weights && { weights: constant(weights, [weights.length]) }) };
  const compiled = engine.compile(
    (x: Value, labels: Value, g: Value) => {
      const loss = crossEntropy(x, labels, all);
      return { loss, grads: grad(sum(mul(reshape(loss, g.shape), g)), [x]) };
    },
    { label },
  );
  const logits = engine.tensor(each.logits.map(Number), each.shape);
  const labels = engine.tensor(Int32Array.from(each.labels), [n!, ...space]);
  const got = await compiled(logits, labels, engine.tensor(each.cotangent, [each.cotangent.length]));
  expectClose(await got.loss.data(), each.loss, 'loss');
  expectClose(await got.grads[0]!.data(), each.grad, 'gradient');
});

const BAD = [-1, 3, 7, -100, 2 ** 31 - 1, -(2 ** 31)];
const x33 = input('x', [3, 3]);

/** Every op that takes indices: its call, and whether a row of its results (of the 3) must be NaN for a bad index in row 1. */
const INDEXED: Readonly<Record<string, (indices: Value, x: Value) => Value>> = {
  crossEntropy: (labels, x) => crossEntropy(x, labels, { reduction: 'none' }),
  oneHot: (labels) => wgad.oneHot(labels, 3),
  gather: (indices, x) => wgad.gather(x, indices),
  takeAlongAxis: (indices, x) => wgad.takeAlongAxis(x, reshape(indices, [3, 1])),
};

describe.each(Object.entries(INDEXED))('%s', (name, call) => {
  it('cross-entropy refuses a constant index that names nothing', () => {
    // On the device 1.5 would be class 1.
    for (const bad of [...BAD, 1.5]) {
      expect(() => call(constant([0, bad, 2], [3], 'i32'), x33)).toThrow(
        expect.objectContaining({
          code: 'E_SHAPE',
          message: expect.stringMatching(new RegExp(`^${name}: \\w+ expects 0 to 2, got ${bad} at 1`)),
        }),
      );
    }
    expect(() => call(constant([0, 1, 2], [3], 'i32'), x33)).not.toThrow();
  });

  it('cross-entropy makes NaN, of that alone, where only the device knows the index', async () => {
    const compiled = engine.compile((indices: Value, x: Value) => call(indices, x), { label: name });
    const x = engine.tensor([0, 1, 2, 3, 4, 5, 6, 7, 8], [3, 3]);
    for (const bad of BAD) {
      const out = await compiled(engine.tensor(Int32Array.from([0, bad, 2]), [3]), x);
      const numbers = Array.from(await out.data());
      const width = numbers.length / 3;
      expect(numbers.map((each) => (Number.isNaN(each) ? 1 : 0))).toEqual(
        numbers.map((_, i) => Number(Math.floor(i / width) === 1)),
      );
    }
  });
});

it('crossEntropy makes the gradient NaN too, of the sample alone, and ignores by name only', async () => {
  const gradient = (options: CrossEntropyOptions) =>
    engine.compile((x: Value, labels: Value) => grad(crossEntropy(x, labels, options), [x])[0]!);
  const x = engine.tensor([0, 1, 2, 3], [2, 2]);
  const labels = engine.tensor(Int32Array.from([-100, 1]), [2]);
  const strict = await (await gradient({ reduction: 'sum' })(x, labels)).data();
  expect(Array.from(strict, Number.isNaN)).toEqual([true, true, false, false]);
  const ignoring = await (await gradient({ ignoreIndex: -100 })(x, labels)).data();
  expectClose(
    ignoring,
    [0, 0, 1 / (1 + Math.E), -1 / (1 + Math.E)].map((each) => each),
    'gradient',
  );
});

it.each([2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31)])(
  'crossEntropy ignores label %d alone, which no float32 tells from its neighbours',
  async (ignoreIndex) => {
    const loss = engine.compile((x: Value, labels: Value) =>
      crossEntropy(x, labels, { ignoreIndex, reduction: 'none' }),
    );
    const near = ignoreIndex < 0 ? ignoreIndex + 1 : ignoreIndex - 1;
    const labels = engine.tensor(Int32Array.of(ignoreIndex, near, 0), [3]);
    const got = await (await loss(engine.tensor(new Float32Array(6), [3, 2]), labels)).data();
    expect(Array.from(got.subarray(0, 2))).toEqual([0, Number.NaN]);
    expect(got[2]).toBeCloseTo(Math.LN2, 6);
  },
);

it('crossEntropy says which argument does not fit', () => {
  const logits = input('x', [2, 3, 4]);
  const labels = input('l', [2, 4], 'i32');
  const refused: [() => unknown, string][] = [
    [
      () => crossEntropy(logits, input('l', [2], 'i32')),
      'labels expects i32 [2, 4] to match logits [2, 3, 4], got i32 [2]',
    ],
    [
      () => crossEntropy(logits, input('l', [2, 4])),
      'labels expects i32 [2, 4] to match logits [2, 3, 4], got f32 [2, 4]',
    ],
    [
      () => crossEntropy(logits, labels, { weights: input('w', [4]) }),
      'weights expects [3] to match the classes, got [4]',
    ],
    [() => crossEntropy(logits, labels, { labelSmoothing: 2 }), 'labelSmoothing expects 0 to 1, got 2'],
    [
      () => crossEntropy(logits, labels, { ignoreIndex: 0.5 }),
      'ignoreIndex expects a whole number of 32 bits, got 0.5',
    ],
    [
      () => crossEntropy(logits, labels, { ignoreIndex: 2 ** 31 }),
      'ignoreIndex expects a whole number of 32 bits, got 2147483648',
    ],
    [
      () => crossEntropy(logits, labels, { reduction: 'max' as never }),
      'reduction expects mean or sum or none, got "max"',
    ],
  ];
  for (const [call, message] of refused) expect(call).toThrow(`crossEntropy: ${message}`);
});
