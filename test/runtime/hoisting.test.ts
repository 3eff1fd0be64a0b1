import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { add, mul, relu, rsqrt, scale } from '../../src/graph/ops/pointwise.ts';
import { mean, sum } from '../../src/graph/ops/reduce.ts';
import { assign } from '../../src/graph/ops/update.ts';
import { input, state, type Value } from '../../src/graph/value.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import type { PlannedDispatch } from '../../src/plan/plan.ts';
import { RandomStream } from '../../src/random.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const outputs = (y: Value) => ({ outputs: new Map([['y', y]]), effects: [] });
const set = (...numbers: number[]): void =>
  session.state.set('still', Float32Array.from(numbers), [numbers.length]);

/** Sums of a state-only part keep its value in memory of its own rather than fused into its reader. */
const model = (): Value => {
  const still = state('still', [2], 'f32');
  const norm = rsqrt(sum(mul(still, still)));
  const other = relu(scale(input('x', [2]), 2));
  return add(sum(mul(other, other)), norm);
};

describe('what follows from state alone', () => {
  it('what follows from state alone is computed once, and again after the state was set or updated by a plan', async () => {
    set(3, 4);
    const run = await session.compile('hoisted', outputs(model()));
    const update = await session.compile('update', {
      outputs: new Map(),
      effects: [assign(state('still', [2], 'f32'), input('to', [2]))],
    });
    expect(run.plan.prelude).toBeGreaterThan(0);
    expect(run.plan.prelude).toBeLessThan(run.plan.dispatches.length);
    expect(update.plan.prelude).toBe(0);
    const y = async (): Promise<number> => {
      run.run({ x: Float32Array.of(1, -1) });
      return (await run.read()).get('y')![0]!;
    };
    expect(await y()).toBeCloseTo(4 + 1 / 5, 6);
    // The second run reads what the first left: nothing of the rest may lie on it.
    expect(await y()).toBeCloseTo(4 + 1 / 5, 6);
    set(0, 2);
    expect(await y()).toBeCloseTo(4 + 1 / 2, 6);
    update.run({ to: Float32Array.of(6, 8) });
    expect(await y()).toBeCloseTo(4 + 1 / 10, 6);
  });

  it('what follows from state is computed too where it follows from constants alone', async () => {
    // The cotangent of a mean: 1 / n, from the constant 1.
    const x = input('x', [4]);
    const step = await session.compile('constants alone', outputs(grad(mean(mul(x, x)), [x])[0]!));
    expect(step.plan.prelude).toBeGreaterThan(0);
    step.run({ x: Float32Array.of(1, 2, 3, 4) });
    expect([...(await step.read()).get('y')!]).toEqual([0.5, 1, 1.5, 2]);
  });

  it('a plan that updates state hoists nothing that follows from it', async () => {
    set(3, 4);
    const step = await session.compile('step', {
      ...outputs(model()),
      effects: [assign(state('still', [2], 'f32'), input('to', [2]))],
    });
    expect(step.plan.prelude).toBe(0);
    const y: number[] = [];
    for (let i = 0; i < 2; i++) {
      step.run({ x: Float32Array.of(1, -1), to: Float32Array.of(6, 8) });
      y.push((await step.read()).get('y')![0]!);
    }
    expect(y[0]).toBeCloseTo(4 + 1 / 5, 6);
    expect(y[1]).toBeCloseTo(4 + 1 / 10, 6);
  });

  it('a GPU computes once what follows from state that a step leaves alone, a CPU at every step', async () => {
    set(3, 4);
    session.state.set('moving', Float32Array.of(1, 2), [2]);
    const [x, moving] = [input('x', [2]), state('moving', [2], 'f32')];
    const graph = {
      ...outputs(add(model(), sum(mul(moving, moving)))),
      effects: [assign(moving, add(moving, x))],
    };
    expect(buildPlan(graph, { ...session.gpu.facts, software: true }).prelude).toBe(0);
    const plan = buildPlan(graph, { ...session.gpu.facts, software: false });
    const named = ({ ranges }: PlannedDispatch): string[] =>
      ranges.flatMap(({ slot }) => {
        const known = plan.slots[slot]!;
        return known.kind === 'state' ? [known.name] : [];
      });
    const ahead = plan.dispatches.slice(0, plan.prelude).flatMap(named);
    expect([...new Set(ahead)]).toEqual(['still']);
    expect(plan.dispatches.slice(plan.prelude).flatMap(named)).not.toContain('still');
    const step = await compilePlan(session.gpu, plan, session.state);
    const y = async (): Promise<number> => {
      step.run({ x: Float32Array.of(1, -1) });
      return (await step.read()).get('y')![0]!;
    };
    expect(await y()).toBeCloseTo(4 + 1 / 5 + 1 + 4, 6);
    expect(await y()).toBeCloseTo(4 + 1 / 5 + 4 + 1, 6);
    set(0, 2);
    expect(await y()).toBeCloseTo(4 + 1 / 2 + 9 + 0, 6);
    session.state.set('moving', Float32Array.of(0, 0), [2]);
    expect(await y()).toBeCloseTo(4 + 1 / 2, 6);
    step.destroy();
  });

  it('packed weights of equal shape are kept apart, and packed again after they were set', async () => {
    const [c, size] = [16, 16];
    const random = new RandomStream(7, 0);
    const numbers = (count: number): Float32Array =>
      Float32Array.from({ length: count }, () => random.between(-1, 1));
    const x = numbers(c * size * size);
    const weights = ['first', 'second'].map((name) => state(name, [c, c, 3, 3], 'f32'));
    const load = (): void =>
      weights.forEach((_, i) => {
        const data = numbers(c * c * 9);
        session.state.set(['first', 'second'][i]!, data, [data.length]);
      });
    const convs = (w: readonly Value[]): Value =>
      w.reduce((y, each) => conv2d(y, each, { padding: 1 }), input('x', [1, c, size, size]));
    load();
    const run = await session.compile('packed', outputs(convs(weights)));
    const labels = run.plan.dispatches.map(({ kernel }) => kernel.label);
    const { software, maxImageSide } = session.gpu.facts;
    const packed = labels.slice(0, run.plan.prelude).filter((label) => label.endsWith('pack weights'));
    expect(packed).toHaveLength(software && maxImageSide > 0 ? 2 : 0);
    expect(labels.slice(run.plan.prelude).filter((label) => label.endsWith('pack weights'))).toEqual([]);
    // The same weights as inputs: nothing is ahead of the run then.
    const anew = await session.compile(
      'anew',
      outputs(convs(weights.map((w, i) => input(`w${i}`, w.shape)))),
    );
    for (let round = 0; round < 2; round++) {
      run.run({ x });
      run.run({ x });
      const [w0, w1] = await Promise.all(
        ['first', 'second'].map(async (name) => (await session.readSlabs([name])).get(name)!),
      );
      anew.run({ x, w0: w0!, w1: w1! });
      expect((await run.read()).get('y')).toEqual((await anew.read()).get('y'));
      load();
    }
  });
});
