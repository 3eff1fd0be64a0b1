import { expect, it } from 'vitest';
import type { DeviceFacts } from '../../src/kernels/kernel.ts';
import { pointwiseKernels } from '../../src/kernels/pointwise.ts';
import type { Program } from '../../src/kernels/program.ts';
import { updateKernels } from '../../src/kernels/update.ts';
import { product, type Shape } from '../../src/shape.ts';
import { testRandom } from '../seed.ts';
import { runLowered, testDevice } from './device.ts';

/** What GPUs do with four numbers at a time, against what CPU adapters do with each. */

const drawn = (shape: Shape): Float32Array =>
  Float32Array.from({ length: product(shape) }, () => testRandom().between(0.25, 2));
const spec = (shape: Shape) => ({ shape, element: 'f32' as const });
const gpu = async (): Promise<DeviceFacts> => ({ ...(await testDevice()).facts, software: false });

const near = (got: Float32Array, want: ArrayLike<number>): void => {
  for (const [i, value] of got.entries())
    expect(Math.abs(value - want[i]!), `element ${i}`).toBeLessThan(1e-6 * Math.abs(want[i]!));
};

it('pointwise kernels of GPUs take four elements at a time where operands lie so, and one elsewhere', async () => {
  const program: Program = {
    inputs: 3,
    steps: [
      { fn: 'mul', args: [0, 1], params: [] },
      { fn: 'add', args: [3, 2], params: [] },
    ],
  };
  const cases: readonly [out: Shape, channel: Shape, fours: boolean][] = [
    [[3, 5, 3, 4], [5, 1, 1], true],
    [[3, 5, 7], [5, 1], false],
    [[2, 3, 8], [8], false],
  ];
  for (const [out, channel, fours] of cases) {
    const inputs = [drawn(out), drawn(channel), drawn([1])];
    const lowered = pointwiseKernels.pointwise(
      { label: 'p', inputs: [out, channel, [1]].map(spec), out: spec(out), attrs: { program } },
      await gpu(),
    );
    expect(lowered.steps[0]!.kernel.bindings.at(-1)!.vector ?? false).toBe(fours);
    const inner = channel.length === 1 ? 1 : product(out.slice(2));
    const want = inputs[0]!.map(
      (x, i) => x * inputs[1]![Math.floor(i / inner) % channel[0]!]! + inputs[2]![0]!,
    );
    near(await runLowered(lowered, inputs, product(out)), want);
  }
});

it('optimisers of GPUs update four parameters at a time as CPU adapters update each', async () => {
  const moments = { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01 };
  const sgd = { momentum: 0.9, weightDecay: 0.01 };
  const cases = [
    ['adamw', 3, [0.01, 0.5, 0.25], moments],
    ['adamwAmsgrad', 4, [0.01, 0.5, 0.25], moments],
    ['sgd', 2, [0.01, 0], { ...sgd, nesterov: true }],
    ['lion', 2, [0.01], moments],
    ['assignAverage', 1, undefined, { rate: 0.1 }],
  ] as const;
  const shape = [192];
  for (const [op, states, settings, attrs] of cases) {
    const inputs = [
      ...Array.from({ length: states + 1 }, () => drawn(shape)),
      ...(settings ? [Float32Array.from(settings)] : []),
    ];
    const run = (facts: DeviceFacts, updated: number): Promise<Float32Array> => {
      const request = {
        label: op,
        inputs: inputs.map(({ length }) => spec([length])),
        out: spec(shape),
        attrs: attrs as never,
      };
      return runLowered(updateKernels[op](request, facts), inputs, shape[0]!, updated);
    };
    const { facts } = await testDevice();
    for (const updated of [0, states - 1]) near(await run(await gpu(), updated), await run(facts, updated));
  }
});
