import { describe, expect, it } from 'vitest';
import { valueAndGrad } from '../../src/autograd/reverse.ts';
import { mul, relu, square } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import type { UpdateRule } from '../../src/graph/ops/update.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { initialize, ones, pytorchDefault } from '../../src/nn/init.ts';
import { declare, type Layers, layersOf } from '../../src/nn/layers.ts';
import { linear } from '../../src/nn/linear.ts';
import { mseLoss } from '../../src/nn/losses.ts';
import { adamw, type OptimiserConfig, sgd } from '../../src/nn/optimiser.ts';
import { Engine } from '../../src/runtime/engine.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testRandom } from '../seed.ts';
import { updateReference } from './updateReference.ts';

const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => testRandom().between(-2, 2));

const RULES: readonly (readonly [string, UpdateRule, OptimiserConfig])[] = [
  [
    'adamw by default',
    adamw(),
    { kind: 'adamw', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-2, amsgrad: false },
  ],
  [
    'adamw with amsgrad',
    adamw({ lr: 0.05, betas: [0.5, 0.9], weightDecay: 0.1, amsgrad: true }),
    { kind: 'adamw', lr: 0.05, betas: [0.5, 0.9], eps: 1e-8, weightDecay: 0.1, amsgrad: true },
  ],
  ['sgd by default', sgd(), { kind: 'sgd', lr: 1e-3, momentum: 0, weightDecay: 0 }],
  [
    'sgd with momentum',
    sgd({ lr: 0.1, momentum: 0.9, weightDecay: 0.1 }),
    { kind: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 0.1 },
  ],
];

describe('Engine.optimiser', () => {
  it.each(RULES)('%s follows its definition over 12 steps', async (_, rule, config) => {
    using engine = await Engine.create();
    const start = { a: numbers(7), b: numbers(65) };
    const params = { a: engine.tensor(start.a, [7]), b: engine.tensor(start.b, [5, 13]) };
    const optimiser = engine.optimiser(rule, params);
    const wanted = {
      a: { update: updateReference(config), now: Array.from(start.a) },
      b: { update: updateReference(config), now: Array.from(start.b) },
    };
    for (let step = 0; step < 12; step++) {
      // The last third with a rate of its own.
      const lr = step < 8 ? undefined : 0.5 * config.lr;
      const [a, b] = [numbers(7), numbers(65)];
      // In another order than the parameters.
      const grads = { b: engine.tensor(b, [5, 13]), a: engine.tensor(a, [7]) };
      await optimiser.step(grads, lr);
      engine.free(grads);
      for (const [name, gradient] of [['a', a] as const, ['b', b] as const]) {
        const each = wanted[name];
        each.now = each.now.map((p, i) => each.update(p, gradient[i]!, i, step, lr));
      }
    }
    expect(optimiser.steps).toBe(12);
    for (const name of ['a', 'b'] as const) {
      const got = await params[name].data();
      for (const [i, want] of wanted[name].now.entries()) expect(got[i]).toBeCloseTo(want, 4);
    }
  });

  it('an optimiser trains what compiled functions captured, weights that they packed ahead too', async () => {
    using engine = await Engine.create();
    const weights = { w: engine.tensor(numbers(8 * 4 * 9), [8, 4, 3, 3]) };
    const x = engine.tensor(numbers(4 * 64), [1, 4, 8, 8]);
    const energy = (w: Value | Tensor, y: Value): Value => sum(square(conv2d(y, w, { padding: 1 })));
    const captured = engine.compile((y: Value) => energy(weights.w, y));
    const step = engine.compile(valueAndGrad(({ w }: { w: Value }, y: Value) => energy(w, y)));
    const optimiser = engine.optimiser(sgd({ lr: 1e-4 }), weights);
    let last = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      const { loss, grads } = await step(weights, x);
      const before = (await loss.data())[0]!;
      expect((await (await captured(x)).data())[0]).toBeCloseTo(before, -1);
      expect(before).toBeLessThan(last);
      last = before;
      await optimiser.step(grads);
    }
  });

  it('an optimiser trains a network by the names of its tensors, and memory stays flat', async () => {
    using engine = await Engine.create();
    const net = (layers: Layers, x: Value): Value => {
      const inner = layers.child('hidden');
      const y = relu(
        linear(x, inner.parameter('weight', [16, 3], pytorchDefault), inner.parameter('bias', [16], ones)),
      );
      return linear(y, layers.parameter('weight', [1, 16], pytorchDefault));
    };
    const specs = declare((layers) => net(layers, input('x', [20, 3])));
    expect(specs.map(({ name }) => name)).toEqual(['hidden.weight', 'hidden.bias', 'weight']);
    const params = engine.load(initialize(specs, 1));
    const points = numbers(60);
    const x = engine.tensor(points, [20, 3]);
    const y = engine.tensor(
      Float32Array.from({ length: 20 }, (_, i) => Math.abs(points[3 * i]!) - points[3 * i + 1]!),
      [20, 1],
    );
    const step = engine.compile(
      valueAndGrad((weights: Record<string, Value>, images: Value, wanted: Value) =>
        mseLoss(net(layersOf(weights), images), wanted),
      ),
    );
    const optimiser = engine.optimiser(adamw({ lr: 0.03 }), params);
    const losses: number[] = [];
    let live = 0;
    for (let i = 0; i < 150; i++) {
      const { loss, grads } = await step(params, x, y);
      await optimiser.step(grads);
      losses.push((await loss.data())[0]!);
      engine.free([loss, grads]);
      if (i === 1) live = engine.memory().live;
    }
    expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
    expect(engine.memory().live).toBe(live);
    await optimiser.dispose();
    expect(engine.memory().live).toBeLessThan(live);
  });

  it('an optimiser says everything in which gradients do not fit, and what it cannot update', async () => {
    using engine = await Engine.create();
    const a = engine.tensor([1, 2], [2]);
    const b = engine.tensor([3], [1]);
    const optimiser = engine.optimiser(sgd(), { a, b } as Record<string, Tensor>);
    await expect(optimiser.step({ a: b, c: a })).rejects.toMatchObject({
      code: 'E_SHAPE',
      message: expect.stringContaining(
        'optimiser: grads do not fit params: a expects f32 [2], got f32 [1]; missing b [1]; unexpected c',
      ),
    });
    expect(optimiser.steps).toBe(0);
    const whole = engine.tensor(Int32Array.of(1), [1]);
    expect(() => engine.optimiser(sgd(), { whole })).toThrow('optimiser: whole expects f32, got i32');
    expect(() => engine.optimiser(sgd(), { a, again: a })).toThrow('a and again are the same tensor');
    expect(() => engine.optimiser(sgd(), {})).toThrow('optimiser: params expects tensors, got none');
  });
});

describe('layersOf', () => {
  it('layersOf names the tensor that is missing or has another shape', () => {
    const w = { value: mul(1, 1) };
    expect(() => layersOf({}).child('fc').parameter('weight', [2, 3], ones)).toThrow(
      'the state dict has no fc.weight [2, 3]',
    );
    expect(() => layersOf({ w }).parameter('w', [2], ones)).toThrow('w expects [2], got []');
  });
});
