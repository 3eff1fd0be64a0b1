import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mul, relu, shift } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import type { Value } from '../../src/graph/value.ts';
import { adamw, sgd } from '../../src/nn/optimiser.ts';
import { Engine } from '../../src/runtime/engine.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { collectGarbage } from '../collectGarbage.ts';

const DISPOSED = expect.objectContaining({
  code: 'E_CONFIG',
  message: expect.stringContaining('compiled function was disposed of'),
});

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
afterAll(() => engine.dispose());
// What one test dropped is not to go in the middle of the next.
beforeEach(collectGarbage);

const ones = (length: number): Tensor => engine.tensor(new Float32Array(length).fill(1), [length]);
/** What the engine holds, but for the most it ever held. */
const held = () => ({ ...engine.memory(), peak: 0 });

/** Calls `fn` with ones of each length, checks what it adds to them, and frees arguments and results. */
async function callWith(fn: (x: Tensor) => Promise<Tensor>, lengths: readonly number[], added: number) {
  for (const length of lengths) {
    const x = ones(length);
    const y = await fn(x);
    expect(new Set(await y.data())).toEqual(new Set([1 + added]));
    expect(y.shape).toEqual([length]);
    engine.free([x, y]);
  }
}
const lengths = (count: number): number[] => Array.from({ length: count }, (_, i) => 1000 + i);

describe('plans of shapes', () => {
  it('plans of shapes are kept up to maxPlans, those used last', async () => {
    const before = held();
    using add = engine.compile((x: Value) => shift(x, 1), { maxPlans: 3 });
    await callWith(add, lengths(3), 1);
    const three = held();
    expect(three.plans - before.plans).toBe(3);
    await callWith(add, lengths(8), 1);
    const after = held();
    expect(after.plans - before.plans).toBe(3);
    expect(after.buffers).toBe(three.buffers);
    expect(after.live - before.live).toBeLessThan(1.1 * (three.live - before.live));
    // The first of the kept ones, used again, outlives the others.
    const { pipelines } = held();
    await callWith(add, [1005, 1000, 1001, 1005], 1);
    expect(held().plans - before.plans).toBe(3);
    // Their kernels were still there.
    expect(held().pipelines).toBe(pipelines);
  });

  it('plans of 40 shapes leave nothing after dispose, and 16 of them before', async () => {
    const before = held();
    const add = engine.compile((x: Value) => shift(x, 2));
    await callWith(add, lengths(40), 2);
    expect(held().plans - before.plans).toBe(16);
    add.dispose();
    expect(held()).toEqual(before);
    add.dispose();
    using x = ones(3);
    await expect(add(x)).rejects.toThrow(DISPOSED);
  });

  it('plans of shapes give right results by turns at maxPlans 1', async () => {
    using add = engine.compile((x: Value) => shift(x, 3), { maxPlans: 1 });
    const before = held();
    await callWith(add, [10, 20, 10, 20, 10, 20], 3);
    expect(held().plans - before.plans).toBe(1);
  });

  it('plans of calls at the same time are not freed under them', async () => {
    const before = held();
    using add = engine.compile((x: Value) => shift(x, 4), { maxPlans: 1 });
    const arguments_ = [5, 6, 7, 5, 6, 7, 8].map(ones);
    const results = await Promise.all(arguments_.map((x) => add(x)));
    for (const [i, y] of results.entries()) {
      expect(new Set(await y.data())).toEqual(new Set([5]));
      expect(y.shape).toEqual(arguments_[i]!.shape);
    }
    engine.free([...arguments_, ...results]);
    expect(held().plans - before.plans).toBe(1);
  });

  it('plans are freed by bytes over all functions of an engine, but for the one used last', async () => {
    using small = await Engine.create({ planBytes: 100_000 });
    const functions = [1, 2, 3].map((by) => small.compile((x: Value) => shift(x, by)));
    const call = async (length: number, which: number) => {
      const x = small.tensor(new Float32Array(length), [length]);
      const y = await functions[which]!(x);
      expect(new Set(await y.data())).toEqual(new Set([which + 1]));
      small.free([x, y]);
    };
    // An argument and a result of 4 bytes each.
    for (let i = 0; i < 9; i++) await call(5000, i % 3);
    expect(small.memory().plans).toBe(2);
    expect(small.memory().planBytes).toBeLessThanOrEqual(100_000);
    // Too large alone: it stays while it is the last one used.
    await call(50_000, 0);
    await call(50_000, 0);
    expect(small.memory().plans).toBe(1);
    await call(5000, 1);
    expect(small.memory().planBytes).toBeLessThanOrEqual(100_000);
    for (const each of functions) each.dispose();
    expect(small.memory()).toMatchObject({ live: 0, buffers: 0, plans: 0, planBytes: 0, pipelines: 0 });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2'])(
    'compile refuses maxPlans %j',
    (maxPlans) => {
      expect(() => engine.compile(relu, { maxPlans: maxPlans as number })).toThrow(
        'compile: maxPlans expects a whole number of at least 1',
      );
    },
  );

  it('compile refuses a label that is no text and a flag that is none', () => {
    expect(() => engine.compile(relu, { label: 3 as never })).toThrow('compile: label expects a text, got 3');
    expect(() => engine.compile(relu, { fuse: 'no' as never })).toThrow(
      'compile: fuse expects true or false, got "no"',
    );
  });

  it.each([-1, Number.NaN, 'all', '8'])('an engine refuses planBytes %j', async (planBytes) => {
    await expect(Engine.create({ planBytes: planBytes as number })).rejects.toThrow(
      'Engine.create: planBytes expects bytes of at least 0',
    );
  });
});

describe('disposing of a compiled function', () => {
  it('disposing of a compiled function lets calls that have begun finish, and refuses later ones', async () => {
    const before = held();
    const x = ones(33);
    const fresh = engine.compile((value: Value) => mul(shift(value, 5), 2));
    const waiting = [fresh(x), fresh(x)];
    fresh.dispose();
    await expect(fresh(x)).rejects.toThrow(DISPOSED);
    const results = await Promise.all(waiting);
    for (const y of results) expect(new Set(await y.data())).toEqual(new Set([12]));
    engine.free([x, ...results]);
    expect(held()).toEqual(before);
  });

  it('disposing of a compiled function leaves kernels that others use', async () => {
    using one = engine.compile((x: Value) => shift(x, 6));
    const other = engine.compile((x: Value) => shift(x, 6));
    await callWith(one, [11], 6);
    const { pipelines } = held();
    await callWith(other, [11], 6);
    other.dispose();
    expect(held().pipelines).toBe(pipelines);
    await callWith(one, [11], 6);
  });

  it('using disposes of a compiled function, as of its results', async () => {
    const before = held();
    {
      using add = engine.compile((x: Value) => shift(x, 7));
      using x = ones(12);
      using y = await add(x);
      expect((await y.data())[0]).toBe(8);
    }
    expect(held()).toEqual(before);
  });

  it('a compiled function can be disposed of after its engine', async () => {
    const other = await Engine.create();
    const add = other.compile((x: Value) => shift(x, 1));
    other.free(await add(other.tensor([1], [1])));
    other.dispose();
    add.dispose();
    expect(other.memory()).toMatchObject({ live: 0, buffers: 0, plans: 0, planBytes: 0, pipelines: 0 });
  });
});

describe('what was dropped', () => {
  it('dropped compiled functions are freed, also those that refer to themselves', async () => {
    const before = held();
    const use = async (by: number): Promise<void> => {
      const self: { add?: (x: Tensor) => Promise<Tensor> } = {};
      const add = engine.compile((x: Value) => (self.add ? shift(x, by) : x));
      self.add = add;
      await callWith(add, [13, 14], by);
    };
    for (let i = 0; i < 5; i++) await use(100 + i);
    expect(held().plans - before.plans).toBe(10);
    await collectGarbage();
    // Kernels stay for a while: the same function is often compiled anew.
    expect({ ...held(), pipelines: 0 }).toEqual({ ...before, pipelines: 0 });
  });

  it('a dropped compiled function is freed after the calls in progress', async () => {
    const before = held();
    const x = ones(15);
    const begin = (): Promise<Tensor> => engine.compile((value: Value) => sum(shift(value, 8)))(x);
    const waiting = begin();
    await collectGarbage();
    const y = await waiting;
    expect([...(await y.data())]).toEqual([15 * 9]);
    engine.free([x, y]);
    await collectGarbage();
    expect({ ...held(), pipelines: 0 }).toEqual({ ...before, pipelines: 0 });
  });

  it('dropped optimisers are freed with their moments', async () => {
    const params = { w: ones(18) };
    const before = held();
    const step = async (): Promise<void> => {
      const optimiser = engine.optimiser(adamw({ lr: 1e-3 }), params);
      await optimiser.step({ w: params.w });
      expect(held().buffers).toBeGreaterThan(before.buffers);
    };
    for (let i = 0; i < 2; i++) await step();
    await collectGarbage();
    expect({ ...held(), pipelines: 0 }).toEqual({ ...before, pipelines: 0 });
    engine.free(params);
  });

  it('dropped tensors and results are freed', async () => {
    const before = held();
    using add = engine.compile((x: Value) => shift(x, 11));
    const use = async (): Promise<void> => {
      const y = await add(ones(19));
      expect((await y.data())[0]).toBe(12);
    };
    for (let i = 0; i < 4; i++) await use();
    expect(held().buffers - before.buffers).toBeGreaterThanOrEqual(8);
    await collectGarbage();
    add.dispose();
    expect(held()).toEqual(before);
  });

  it('a dropped tensor stays while anything reads it: a function traced with it, an optimiser, a value', async () => {
    const before = held();
    const source: { w: Tensor | undefined } = { w: ones(20) };
    const value = (): Value => source.w!.value;
    const multiply = engine.compile((x: Value) => mul(x, source.w ? value() : x));
    const x = ones(20);
    const y = await multiply(x);
    const optimiser = engine.optimiser(sgd({ lr: 0.5 }), { p: ones(20) });
    const kept = ones(20).value;
    source.w = undefined;
    await collectGarbage();
    const again = await multiply(x);
    expect((await again.data())[0]).toBe(1);
    await optimiser.step({ p: x });
    const sums = engine.compile(() => sum(kept));
    const total = await sums();
    expect((await total.data())[0]).toBe(20);
    engine.free([x, y, again, total]);
    await optimiser.dispose();
    for (const each of [multiply, sums]) each.dispose();
    expect(held().buffers).toBeGreaterThan(before.buffers);
    expect(kept.shape).toEqual([20]);
  });

  it('a dropped compiled function stays while it can still be called', async () => {
    const add = engine.compile((x: Value) => shift(x, 9));
    await callWith(add, [16], 9);
    const { plans } = held();
    await collectGarbage();
    expect(held().plans).toBe(plans);
    await callWith(add, [16], 9);
    add.dispose();
  });
});

it('a call that failed is made anew, and leaves nothing', async () => {
  const before = held();
  let right = false;
  const add = engine.compile((x: Value) => {
    if (!right) throw new Error('not yet');
    return shift(x, 10);
  });
  const x = ones(17);
  await expect(add(x)).rejects.toThrow('not yet');
  right = true;
  engine.free(await add(x));
  add.dispose();
  engine.free(x);
  expect(held()).toEqual(before);
});
