import { afterAll, describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { relu } from '../../src/graph/ops/pointwise.ts';
import { effect } from '../../src/graph/ops/update.ts';
import { input, state, type Value } from '../../src/graph/value.ts';
import { initialize, pytorchDefault, zeros } from '../../src/nn/init.ts';
import { declare, type Layers } from '../../src/nn/layers.ts';
import { linear } from '../../src/nn/linear.ts';
import { mseLoss } from '../../src/nn/losses.ts';
import { type OptimiserConfig, optimiserStep, SETTINGS, settingsAt } from '../../src/nn/optimiser.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { RandomStream } from '../../src/random.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { updateReference } from './updateReference.ts';

let session: Session;
const open = async (): Promise<Session> => {
  session ??= await openSession();
  return session;
};
afterAll(() => session?.close());

/** A two-layer network and its step, small enough for a thousand of them. */
async function smallModel(s: Session, optimiser: OptimiserConfig) {
  const x = input('x', [8, 5]);
  const net = (layers: Layers) => {
    const hidden = relu(
      linear(x, layers.parameter('w1', [7, 5], pytorchDefault), layers.parameter('b1', [7], zeros)),
    );
    return linear(hidden, layers.parameter('w2', [2, 7], pytorchDefault), layers.parameter('b2', [2], zeros));
  };
  const layout = networkLayout(`small ${optimiser.kind}`, declare(net));
  const start = initialize([...layout.parameters.specs], 3);
  s.load(layout, start);
  s.startOptimiser(layout, optimiser);
  const network = bindNetwork(layout, { training: true });
  const loss = mseLoss(net(network.layers), input('y', [8, 2]));
  const executable = await s.compile('small step', {
    outputs: new Map([['loss', loss], ...grad(loss, network.trained).map((g, i) => [`g${i}`, g] as const)]),
    effects: [optimiserStep(network, grad(loss, network.trained), optimiser)],
  });
  return { layout, start, executable };
}

const adamw: OptimiserConfig = {
  kind: 'adamw',
  lr: 1e-2,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0.1,
  amsgrad: true,
};
const sgd: OptimiserConfig = { kind: 'sgd', lr: 5e-2, momentum: 0.9, weightDecay: 0.1 };

describe.each([adamw, sgd])('$kind', (config) => {
  it('an optimiser updates like its definition over 20 steps', async () => {
    const s = await open();
    const { layout, start, executable } = await smallModel(s, config);
    const names = layout.parameters.specs.map((spec) => spec.name);
    const want = new Map(names.map((name) => [name, Float64Array.from(start.get(name)!.data)]));
    const rules = new Map(names.map((name) => [name, updateReference(config)]));
    const random = new RandomStream(11);
    for (let step = 0; step < 20; step++) {
      const x = Float32Array.from({ length: 40 }, () => random.normal());
      const y = Float32Array.from({ length: 16 }, () => random.normal());
      executable.run({ x, y, [SETTINGS]: settingsAt(config, step) });
      const out = await executable.read();
      names.forEach((name, at) => {
        const g = out.get(`g${at}`)!;
        const p = want.get(name)!;
        p.forEach((value, i) => {
          p[i] = rules.get(name)!(value, g[i]!, i, step);
        });
      });
    }
    const got = await s.save(layout);
    for (const name of names) {
      const worst = got.get(name)!.data.map((value, i) => Math.abs(value - want.get(name)![i]!));
      expect(Math.max(...worst), name).toBeLessThan(2e-6);
    }
  });
});

describe('a slab larger than a binding', () => {
  it('a slab larger than a binding is updated in parts, to the same bytes', async () => {
    const s = await open();
    const length = 1000;
    const names = ['p', 'm', 'v'] as const;
    const random = new RandomStream(3);
    const start = new Map(
      names.map((name) => [name, Float32Array.from({ length }, () => random.next())] as const),
    );
    const grads = Float32Array.from({ length }, () => random.normal());
    const results: Map<string, Float32Array>[] = [];
    for (const maxBindingBytes of [s.gpu.facts.maxBindingBytes, 1024]) {
      for (const [name, data] of start) s.state.set(name, data, [length]);
      const [p, m, v] = names.map((name) => state(name, [length])) as [Value, Value, Value];
      const step = effect('adamw', [p, m, v], [input('grad', [length]), input('settings', [3])], {
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.1,
      });
      const graph = { outputs: new Map(), effects: [step] };
      const plan = buildPlan(graph, { ...s.gpu.facts, maxBindingBytes });
      expect(plan.dispatches).toHaveLength(maxBindingBytes === 1024 ? 4 : 1);
      const executable = await compilePlan(s.gpu, plan, s.state);
      executable.run({ grad: grads, settings: Float32Array.of(0.01, 0.1, 0.001) });
      results.push(await s.readSlabs(names));
      executable.destroy();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]!.get('p')).not.toEqual(start.get('p'));
  });
});

describe('a thousand steps', () => {
  it('a thousand steps make no buffer and end in the same bytes as another thousand', async () => {
    const s = await open();
    const run = async (): Promise<Float32Array> => {
      const { layout, executable } = await smallModel(s, adamw);
      const random = new RandomStream(5);
      const step = (i: number): void =>
        executable.run({
          x: Float32Array.from({ length: 40 }, () => random.next()),
          y: Float32Array.from({ length: 16 }, () => random.next()),
          [SETTINGS]: settingsAt(adamw, i),
        });
      step(0);
      const before = { ...s.gpu.buffers.counters };
      for (let i = 1; i < 1000; i++) {
        step(i);
        if (i % 100 === 0) await executable.read(['loss']);
      }
      expect({ ...s.gpu.buffers.counters, peak: 0 }).toEqual({ ...before, peak: 0 });
      const weights = (await s.save(layout)).get('w1')!.data;
      executable.destroy();
      return weights;
    };
    expect(await run()).toEqual(await run());
  });
});
