import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor, Value } from '../../src/index.ts';
import * as wgad from '../../src/index.ts';
import { testRandom } from '../seed.ts';

let engine: wgad.Engine;
beforeAll(async () => {
  engine = await wgad.Engine.create();
});
afterAll(() => engine?.dispose());

const numbers = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());
const drawn = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => testRandom().between(-2, 2));

describe('valueAndGrad', () => {
  const params = () => ({
    layers: [{ w: engine.tensor([1, 2], [2]), b: engine.tensor([3], []) }],
    unused: engine.tensor([5, 6, 7], [3]),
  });

  it('valueAndGrad takes any tree, and what the loss does not depend on has a gradient of zeros', async () => {
    const step = engine.compile(
      wgad.valueAndGrad((p: { layers: readonly { w: Value; b: Value }[]; unused: Value }, x: Value) =>
        wgad.sum(wgad.add(wgad.mul(p.layers[0]!.w, x), p.layers[0]!.b)),
      ),
    );
    const { loss, grads } = await step(params(), engine.tensor([10, 20], [2]));
    expect(await numbers(loss)).toEqual([56]);
    expect(await numbers(grads.layers[0]!.w)).toEqual([10, 20]);
    expect(await numbers(grads.layers[0]!.b)).toEqual([2]);
    expect(await numbers(grads.unused)).toEqual([0, 0, 0]);
  });

  it('valueAndGrad with aux hands on what fn returns beside the loss', async () => {
    const step = engine.compile(
      wgad.valueAndGrad(
        (w: Value, x: Value) => {
          const predicted = wgad.mul(w, x);
          return { loss: wgad.sum(wgad.square(predicted)), aux: { predicted } };
        },
        { aux: true },
      ),
    );
    const { loss, aux, grads } = await step(engine.tensor([2], [1]), engine.tensor([3], [1]));
    expect([await numbers(loss), await numbers(aux.predicted), await numbers(grads)]).toEqual([
      [36],
      [6],
      [36],
    ]);
  });

  const x = wgad.input('x', [2]);
  it.each<[string, () => unknown]>([
    ['params expects floats, got i32 [2]', () => wgad.valueAndGrad((p: Value) => p)(wgad.cast(x, 'i32'))],
    [
      'params expects values, or arrays and objects of values, got 3',
      () => wgad.valueAndGrad((p: Value) => p)(3 as never),
    ],
    ['params expects values, got none', () => wgad.valueAndGrad((p: Value[]) => p[0]!)([])],
    [
      'with aux, fn expects to return { loss, aux }',
      () => wgad.valueAndGrad((p: Value) => p as never, { aux: true })(x),
    ],
  ])('valueAndGrad refuses what it cannot differentiate: %s', (message, call) => {
    expect(call).toThrow(
      expect.objectContaining({ code: 'E_DTYPE', message: expect.stringContaining(message) }),
    );
  });
});

describe('an optimiser’s state', () => {
  const start = { a: drawn(7), b: drawn(65) };
  const gradients = Array.from({ length: 6 }, () => ({ a: drawn(7), b: drawn(65) }));
  const run = async (rule: wgad.UpdateRule, stopAt?: number): Promise<number[][]> => {
    let params = { a: engine.tensor(start.a, [7]), b: engine.tensor(start.b, [5, 13]) };
    let optimiser = engine.optimiser(rule, params);
    for (const [i, each] of gradients.entries()) {
      if (i === stopAt) {
        const saved = await wgad.parseSafetensors(wgad.toSafetensors(await optimiser.state()));
        const weights = await wgad.parseSafetensors(wgad.toSafetensors(await engine.stateDict(params)));
        await optimiser.dispose();
        engine.free(params);
        params = engine.load(weights) as typeof params;
        optimiser = engine.optimiser(rule, params);
        await optimiser.restore(saved);
        expect(optimiser.steps).toBe(i);
      }
      await optimiser.step({ a: engine.tensor(each.a, [7]), b: engine.tensor(each.b, [5, 13]) });
    }
    return [await numbers(params.a), await numbers(params.b)];
  };

  it.each([
    ['adamw', wgad.adamw({ lr: 0.1, amsgrad: true })],
    ['sgd', wgad.sgd({ lr: 0.1, momentum: 0.9, nesterov: true })],
    ['lion', wgad.lion({ lr: 0.1 })],
  ])('a run of %s that is saved and restored ends with the same bytes', async (_, rule) => {
    const whole = await run(rule);
    expect(await run(rule, 3)).toEqual(whole);
    expect(await run(rule, 0)).toEqual(whole);
  });

  it('a state that does not fit is refused with everything that is wrong', async () => {
    const params = { a: engine.tensor(start.a, [7]) };
    const optimiser = engine.optimiser(wgad.sgd({ momentum: 0.9 }), params);
    const good = await optimiser.state();
    expect([...good.keys()]).toEqual(['step', 'momentum.a']);
    const bad = new Map([
      ['momentum.a', { shape: [2], data: new Float32Array(2) }],
      ['else', good.get('step')!],
    ] as const);
    await expect(optimiser.restore(bad)).rejects.toThrow(
      'optimiser: state does not fit: missing step [1]; momentum.a expects [7], got [2]; unexpected else',
    );
    await expect(optimiser.restore({} as never)).rejects.toThrow(/expects a Map/);
  });
});

describe('learning rates', () => {
  // By torch.optim.lr_scheduler.
  it.each<[string, wgad.RateSchedule, readonly number[]]>([
    ['stepRate', wgad.stepRate({ lr: 0.1, every: 2, factor: 0.5 }), [0.1, 0.1, 0.05, 0.05, 0.025]],
    [
      'cosineRate',
      wgad.cosineRate({ lr: 0.1, steps: 4, last: 0.02 }),
      [0.1, 0.0882842712, 0.06, 0.0317157288, 0.02, 0.02],
    ],
    [
      'oneCycleRate',
      wgad.oneCycleRate({ lr: 0.1, steps: 10 }),
      [
        0.004, 0.052, 0.1, 0.0950484632, 0.0811745654, 0.0611262022, 0.0388741978, 0.0188258346, 0.0049519368,
        4e-7,
      ],
    ],
    [
      'warmUp',
      wgad.warmUp(4, wgad.stepRate({ lr: 0.1, every: 1, factor: 0.5 })),
      [0.025, 0.05, 0.075, 0.1, 0.1, 0.05],
    ],
  ])('%s has PyTorch’s rates', (_, schedule, rates) => {
    for (const [step, rate] of rates.entries()) expect(schedule(step)).toBeCloseTo(rate, 8);
  });
});

describe('clipping', () => {
  const grads = () => ({ a: engine.tensor([3, 0], [2]), b: [engine.tensor([-4], [1])] });

  it('clipByNorm scales all gradients of a tree together, clipByValue limits each element', async () => {
    const clipped = engine.compile((g: { a: Value; b: Value[] }) => ({
      norm: wgad.clipByNorm(g, 1),
      small: wgad.clipByNorm(g, 100),
      value: wgad.clipByValue(g, 3.5),
    }));
    const { norm, small, value } = await clipped(grads());
    const [a] = await numbers(norm.a);
    expect(a).toBeCloseTo(0.6, 5);
    expect((await numbers(norm.b[0]!))[0]).toBeCloseTo(-0.8, 5);
    expect(await numbers(small.a)).toEqual([3, 0]);
    expect(await numbers(value.b[0]!)).toEqual([-3.5]);
    expect(await numbers(value.a)).toEqual([3, 0]);
  });
});

describe('checkGradients', () => {
  it('checkGradients accepts right derivatives and names the argument of a wrong one', async () => {
    const [x, y] = [engine.tensor(drawn(12), [3, 4]), engine.tensor(drawn(4), [4])];
    const right = await engine.checkGradients((a, b) => wgad.tanh(wgad.mul(a!, b!)), [x, y]);
    expect(right.map(({ argument }) => argument)).toEqual([0, 1]);
    const wrong = (a: Value, b: Value): Value =>
      wgad.withVjp(wgad.mul(a, b), [a, b], (g) => [
        () => wgad.mul(g, b),
        () => wgad.sum(wgad.mul(g, 2), { axes: [0] }),
      ]);
    await expect(engine.checkGradients((a, b) => wrong(a!, b!), [x, y])).rejects.toThrow(
      /argument 1: derivative/,
    );
    await expect(engine.checkGradients((a, b) => wrong(a!, b!), [x, y])).rejects.not.toThrow(/argument 0/);
  });
});
