import { describe, expect, it } from 'vitest';
import { reshape } from '../../src/graph/ops/movement.ts';
import { add, mul, relu, scale, shift, sigmoid } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { pack } from '../../src/graph/ops/slab.ts';
import { assign, assignAverage } from '../../src/graph/ops/update.ts';
import { fuseElementwise } from '../../src/graph/passes/fuseElementwise.ts';
import { fuseEpilogue } from '../../src/graph/passes/fuseEpilogue.ts';
import { optimize } from '../../src/graph/passes/optimize.ts';
import { simplify } from '../../src/graph/passes/simplify.ts';
import { input, state, type Value } from '../../src/graph/value.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { batchNorm } from '../../src/nn/norm.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { printGraph } from '../../src/plan/print.ts';

const graphOf = (...values: Value[]) => ({
  outputs: new Map(values.map((value, i) => [`y${i}`, value])),
  effects: [],
});
const x = input('x', [2, 3]);

describe('simplify', () => {
  it('simplify drops arithmetic that changes nothing and views of views', () => {
    const value = reshape(reshape(shift(scale(x, 1), 0), [6]), [3, 2]);
    expect(printGraph(simplify(graphOf(value)))).toMatchInlineSnapshot(`
      "%0 = input() [2, 3] {name: x}
      %1 = reshape(%0) [3, 2]
      output y0 %1"
    `);
  });

  it('simplify computes equal subexpressions once', () => {
    const value = add(sigmoid(relu(x)), mul(sigmoid(relu(x)), x));
    expect(printGraph(graphOf(value)).match(/sigmoid/g)).toHaveLength(2);
    expect(printGraph(simplify(graphOf(value)))).toMatchInlineSnapshot(`
      "%0 = input() [2, 3] {name: x}
      %1 = pointwise(%0) [2, 3] {program: t0 = relu(x0)}
      %2 = pointwise(%1) [2, 3] {program: t0 = sigmoid(x0)}
      %3 = pointwise(%2, %0) [2, 3] {program: t0 = mul(x0, x1)}
      %4 = pointwise(%2, %3) [2, 3] {program: t0 = add(x0, x1)}
      output y0 %4"
    `);
  });
});

describe('fuseElementwise', () => {
  it('fuseElementwise makes one kernel of a chain with broadcasting', () => {
    const row = input('row', [3]);
    const graph = fuseElementwise(graphOf(relu(add(mul(x, row), row))), 7);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = input() [2, 3] {name: x}
      %1 = input() [3] {name: row}
      %2 = pointwise(%0, %1) [2, 3] {program: t0 = mul(x0, x1); t1 = add(t0, x1); t2 = relu(t1)}
      output y0 %2"
    `);
  });

  it('fuseElementwise lets a reduction read the chain before it', () => {
    expect(printGraph(fuseElementwise(graphOf(sum(mul(x, x), { axes: [1] })), 7))).toMatchInlineSnapshot(`
      "%0 = input() [2, 3] {name: x}
      %1 = reduce(%0) [2, 1] {kind: sum, axes: [1], factor: 1, prologue: t0 = mul(x0, x0); t1 = identity(t0), shape: [2, 3]}
      %2 = reshape(%1) [2]
      output y0 %2"
    `);
  });

  it('fuseElementwise keeps a value that somebody else reads', () => {
    const shared = relu(x);
    const graph = fuseElementwise(graphOf(sigmoid(shared), shared), 7);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = input() [2, 3] {name: x}
      %1 = pointwise(%0) [2, 3] {program: t0 = relu(x0)}
      %2 = pointwise(%1) [2, 3] {program: t0 = sigmoid(x0)}
      output y0 %2
      output y1 %1"
    `);
  });

  it('fuseElementwise stops at the number of bindings the adapter has', () => {
    const many = Array.from({ length: 12 }, (_, i) => input(`x${i}`, [4]));
    const graph = fuseElementwise(graphOf(many.reduce((total, each) => add(total, each))), 4);
    const most = Math.max(
      ...printGraph(graph)
        .split('\n')
        .map((line) => line.split('%').length - 2),
    );
    expect(most).toBeLessThanOrEqual(4);
  });
});

describe('fuseEpilogue', () => {
  it('fuseEpilogue puts batch norm, residual and activation into the convolution', () => {
    const image = input('image', [1, 4, 8, 8]);
    const w = input('w', [4, 4, 3, 3]);
    const channel = (name: string): Value => input(name, [4]);
    const state = {
      weight: channel('weight'),
      bias: channel('bias'),
      mean: channel('mean'),
      variance: channel('variance'),
      eps: 1e-5,
    };
    const y = relu(add(batchNorm(conv2d(image, w, { padding: 1 }), state), image));
    const graph = optimize(graphOf(y), BASELINE_DEVICE);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0 = input() [1, 4, 8, 8] {name: image}
      %1 = input() [4, 4, 3, 3] {name: w}
      %2 = input() [4] {name: weight}
      %3 = input() [4] {name: bias}
      %4 = input() [4] {name: mean}
      %5 = input() [4] {name: variance}
      %6 = pointwise(%2, %5) [4] {program: t0 = shift(x1, 0.00001); t1 = rsqrt(t0); t2 = mul(x0, t1)}
      %7 = pointwise(%3, %4, %6) [4] {program: t0 = mul(x1, x2); t1 = sub(x0, t0)}
      %8 = reshape(%6) [1, 4, 1, 1]
      %9 = reshape(%7) [1, 4, 1, 1]
      %10 = conv2d(%0, %1, %8, %9, %0) [1, 4, 8, 8] {geometry: {stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1}, epilogue: t0 = mul(x0, x1); t1 = add(t0, x2); t2 = add(t1, x3); t3 = relu(t2)}
      output y0 %10"
    `);
  });

  it('batch norm in evaluation takes no dispatch of a run: its scale and shift follow from state', () => {
    const held = (name: string): Value => state(name, [4], 'f32');
    const norm = {
      weight: held('weight'),
      bias: held('bias'),
      mean: held('mean'),
      variance: held('variance'),
    };
    const x = input('image', [1, 4, 8, 8]);
    const y = relu(batchNorm(conv2d(x, state('w', [4, 4, 3, 3], 'f32')), norm));
    const plan = buildPlan(graphOf(y), BASELINE_DEVICE);
    expect(plan.dispatches.length - plan.prelude).toBe(1);
    expect(plan.prelude).toBe(2);
  });

  it('fuseEpilogue leaves a product alone whose raw result is read too', () => {
    const y = conv2d(input('image', [1, 4, 8, 8]), input('w', [4, 4, 3, 3]));
    expect(printGraph(fuseEpilogue(graphOf(relu(y), y), 7))).not.toContain('epilogue');
  });
});

describe('a pack', () => {
  it('a pack leaves out what a value in it reads, in either order: one dispatch would read and write one buffer', () => {
    const first = sum(input('x', [64, 3]), { axes: [1] });
    const second = sigmoid(add(first, input('y', [64])));
    for (const inputs of [
      [first, second],
      [second, first],
    ]) {
      const packed = pack(inputs);
      const effects = [assign(state('slab', packed.shape), packed)];
      // buildPlan checks the rule itself.
      const { dispatches } = buildPlan({ outputs: new Map(), effects }, BASELINE_DEVICE);
      // Two that compute, the copy of the one left out, the update.
      expect(dispatches).toHaveLength(4);
    }
  });
});

it('an assignment counts no bytes read of the state it overwrites; a running mean does', () => {
  const bytesOf = (effect: Value): number[] =>
    buildPlan({ outputs: new Map(), effects: [effect] }, BASELINE_DEVICE).dispatches.map(
      ({ kernel }) => kernel.bytes,
    );
  const [target, value] = [state('slab', [64]), input('x', [64])];
  expect(bytesOf(assign(target, value))).toEqual([2 * 64 * 4]);
  expect(bytesOf(assignAverage(target, value, 0.1))).toEqual([3 * 64 * 4]);
});
