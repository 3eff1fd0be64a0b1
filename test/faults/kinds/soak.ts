import { getHeapCodeStatistics } from 'node:v8';
import { valueAndGrad } from '../../../src/autograd/reverse.ts';
import { relu } from '../../../src/graph/ops/pointwise.ts';
import { input, type Value } from '../../../src/graph/value.ts';
import { initialize, pytorchDefault, zeros } from '../../../src/nn/init.ts';
import { declare, type Layers, layersOf } from '../../../src/nn/layers.ts';
import { linear } from '../../../src/nn/linear.ts';
import { mseLoss } from '../../../src/nn/losses.ts';
import { adamw } from '../../../src/nn/optimiser.ts';
import { RandomStream } from '../../../src/random.ts';
import { Engine } from '../../../src/runtime/engine.ts';
import { collectGarbage } from '../../collectGarbage.ts';
import type { FaultKind } from '../kind.ts';

/** KB a step after the first half. The driver's own memory goes on growing a little; before it has settled, nothing can be said. */
const MOST = { heap: 0.5, process: 2 } as const;
/** Steps from which on the process as a whole is judged. */
const SETTLED = 5000;
const SAMPLES = 20;
const BATCHES = [64, 48] as const;
/** Every so often another batch comes, and takes the only place for a plan. Samples are whole turns apart. */
const TURN = 20;

interface Sample {
  readonly step: number;
  readonly heap: number;
  readonly process: number;
}

/** Trains a tiny network step by step, and looks at what the process holds. */
export const fault: FaultKind = {
  kind: 'training steps in one process, without growth',
  full: 10_000,
  short: 600,
  async run(count, seed, progress) {
    const engine = await Engine.create();
    const failures: string[] = [];
    const samples: Sample[] = [];
    const held = new Set<string>();
    const between = TURN * Math.ceil(count / 2 / SAMPLES / TURN);
    let done = 0;
    try {
      const step = await training(engine, seed);
      for (; done < count; done++) {
        const loss = await step(done);
        if (!Number.isFinite(loss)) failures.push(`step ${done}: the loss is ${loss}`);
        progress(done + 1);
        if (done < count / 2 || done % between > 0) continue;
        await collectGarbage();
        const { live, buffers, plans } = engine.memory();
        held.add(JSON.stringify({ live, buffers, plans }));
        const { rss } = process.memoryUsage();
        samples.push({ step: done, heap: heapWithoutCode() / 1024, process: rss / 1024 });
      }
    } catch (error) {
      failures.push(`step ${done}: ${String(error)}`);
    } finally {
      engine.dispose();
    }
    if (held.size > 1) failures.push(`the engine held ${[...held].join(', then ')}`);
    const { live, buffers, plans, pipelines } = engine.memory();
    if (live + buffers + plans + pipelines > 0) {
      failures.push(`after dispose it held ${JSON.stringify(engine.memory())}`);
    }
    const [heap, whole] = [usualGrowth(samples), slope(samples)];
    if (heap > MOST.heap) failures.push(`the heap grew by ${heap.toFixed(2)} KB a step`);
    if (count >= SETTLED && whole > MOST.process)
      failures.push(`the process grew by ${whole.toFixed(2)} KB a step`);
    return {
      tried: count,
      survived: failures.length === 0 ? count : 0,
      failures,
      note: `after step ${Math.floor(count / 2)} the heap grew by ${heap.toFixed(2)} KB a step, the process by ${whole.toFixed(2)}`,
    };
  },
};

/** One training step: forward, backward, update, the loss read, results freed. */
async function training(engine: Engine, seed: number): Promise<(at: number) => Promise<number>> {
  const net = (layers: Layers, x: Value): Value => {
    const first = [
      layers.parameter('w1', [32, 2], pytorchDefault),
      layers.parameter('b1', [32], zeros),
    ] as const;
    return linear(relu(linear(x, ...first)), layers.parameter('w2', [1, 32], pytorchDefault));
  };
  const random = new RandomStream(seed, 0);
  const batches = BATCHES.map((size) => {
    const x = Float32Array.from({ length: 2 * size }, () => random.between(-1, 1));
    const y = Float32Array.from({ length: size }, (_, i) => x[2 * i]! * x[2 * i + 1]!);
    return [engine.tensor(x, [size, 2]), engine.tensor(y, [size, 1])] as const;
  });
  const params = engine.load(
    initialize(
      declare((layers) => net(layers, input('x', [64, 2]))),
      seed,
    ),
  );
  const gradients = engine.compile(
    valueAndGrad((weights: Record<string, Value>, x: Value, y: Value) =>
      mseLoss(net(layersOf(weights), x), y),
    ),
    { maxPlans: 1 },
  );
  const optimiser = engine.optimiser(adamw({ lr: 1e-3 }), params);
  return async (at) => {
    const [x, y] = batches[at % TURN === TURN - 1 ? 1 : 0]!;
    const { loss, grads } = await gradients(params as never, x, y);
    await optimiser.step(grads as never);
    const [value] = await loss.data();
    engine.free({ loss, grads } as never);
    return value!;
  };
}

/** Bytes. What Node compiles goes on growing for thousands of steps: all that a heap gained in 250 new plans was code. */
function heapWithoutCode(): number {
  const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
  return process.memoryUsage().heapUsed - code - bytecode;
}

/**
 * KB of heap a step: the median from one sample to the next. What leaks grows each time; garbage that one collection left
 * (250 KB were seen) comes once.
 */
function usualGrowth(samples: readonly Sample[]): number {
  const growths = samples.slice(1).map(({ step, heap }, i) => {
    const before = samples[i]!;
    return (heap - before.heap) / (step - before.step);
  });
  return growths.sort((a, b) => a - b)[growths.length >> 1]!;
}

/** KB of the process a step, by least squares: it grows by pages, now and then. */
function slope(samples: readonly Sample[]): number {
  const mean = (of: (each: Sample) => number): number =>
    samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [step, value] = [mean((each) => each.step), mean((each) => each.process)];
  const spread = mean((each) => (each.step - step) ** 2);
  return mean((each) => (each.step - step) * (each.process - value)) / spread;
}
