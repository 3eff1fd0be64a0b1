import { expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { relu } from '../../src/graph/ops/pointwise.ts';
import { maxPool2d } from '../../src/graph/ops/pool.ts';
import { mean } from '../../src/graph/ops/reduce.ts';
import { assign } from '../../src/graph/ops/update.ts';
import { constant, input, state } from '../../src/graph/value.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { batchNorm } from '../../src/nn/norm.ts';
import { openSession } from '../../src/runtime/session.ts';
import { trainLoop } from '../../src/train/loop.ts';

/** A square root of a negative number is NaN; an activation or a maximum that made a number of it would train on nothing. */
it('stops the training of a network whose running variance is negative', async () => {
  const session = await openSession();
  session.state.set('weight', new Float32Array(2 * 9).fill(0.1), [2, 1, 3, 3]);
  const weight = state('weight', [2, 1, 3, 3]);
  const vector = (...data: number[]) => constant(data, [2]);
  const normal = batchNorm(conv2d(input('x', [1, 1, 8, 8]), weight), {
    weight: vector(1, 1),
    bias: vector(0, 0),
    mean: vector(0, 0),
    variance: vector(1, -1),
  });
  const loss = mean(maxPool2d(relu(normal), { kernel: 2 }));
  const [gradient] = grad(loss, [weight]);
  const executable = await session.compile('step', {
    outputs: new Map([['loss', loss]]),
    effects: [assign(weight, gradient!)],
  });
  const inputs = { x: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)) };
  const training = trainLoop({
    gpu: session.gpu,
    executable,
    start: 0,
    iterations: 20,
    inputsAt: async () => inputs,
  });
  await expect(training).rejects.toMatchObject({ code: 'E_NOT_FINITE' });
  session.close();
});
