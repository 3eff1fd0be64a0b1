import { afterAll, beforeAll, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { mul, square } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input } from '../../src/graph/value.ts';
import { batchNormTrain } from '../../src/nn/norm.ts';
import { RandomStream } from '../../src/random.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { product } from '../../src/shape.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

it('a penalty on gradients through a batch norm has the slope that differences show', async () => {
  const shape = [2, 3, 3, 2];
  const random = new RandomStream(1, 2);
  const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const [x, w, b, c] = [input('x', shape), input('w', [3]), input('b', [3]), input('c', shape)];
  const [dx] = grad(sum(mul(square(batchNormTrain(x, w, b).out), c)), [x]);
  const penalty = sum(square(dx!));
  const [ddx, ddw] = grad(penalty, [x, w]);
  const executable = await session.compile('penalty', {
    outputs: new Map([
      ['penalty', penalty],
      ['ddx', ddx!],
      ['ddw', ddw!],
    ]),
    effects: [],
  });
  const [values, weights, bias, factors, along] = [36, 3, 3, product(shape), 36].map(normal);
  /** All outputs, `t` steps along a direction from where it starts. */
  const at = (t: number): Promise<Map<string, ArrayLike<number>>> => {
    executable.run({
      x: values!.map((v, i) => v + t * along![i]!),
      w: weights!.map((v, i) => v + t * along![i]!),
      b: bias!,
      c: factors!,
    });
    return executable.read();
  };
  const here = await at(0);
  const slope = ['ddx', 'ddw'].reduce(
    (total, name) => total + Array.from(here.get(name)!).reduce((s, v, i) => s + v * along![i]!, 0),
    0,
  );
  const step = 3e-3;
  const [above, below] = [(await at(step)).get('penalty')![0]!, (await at(-step)).get('penalty')![0]!];
  const seen = (above - below) / (2 * step);
  expect(Math.abs(seen - slope) / Math.abs(slope)).toBeLessThan(1e-2);
  executable.destroy();
});
