import { afterAll, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { input } from '../../src/graph/value.ts';
import { hardMiningCosineLoss } from '../../src/nn/losses.ts';
import { RandomStream } from '../../src/random.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';

const [N, C, PLACES] = [2, 5, 12];
const EACH = C * PLACES;

let session: Session | undefined;
afterAll(() => session?.close());

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((s, v, i) => s + v * y[i]!, 0);
const cosine = (x: readonly number[], y: readonly number[]): number =>
  dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));

/** methods.md 5.2 in float64: the derivative of the global cosine distance, 0 at easy positions. */
function reference(target: Float32Array, rebuilt: Float32Array, strictness: number) {
  const column = (x: Float32Array, n: number, p: number): number[] =>
    Array.from({ length: C }, (_, c) => x[n * EACH + c * PLACES + p]!);
  const places = Array.from({ length: N * PLACES }, (_, i) => [Math.floor(i / PLACES), i % PLACES] as const);
  const d = places.map(([n, p]) => 1 - cosine(column(target, n, p), column(rebuilt, n, p)));
  const mean = d.reduce((s, v) => s + v) / d.length;
  const std = Math.sqrt(d.reduce((s, v) => s + (v - mean) ** 2, 0) / (d.length - 1));
  const hard = d.map((each) => !(each < mean + strictness * std));
  const gradient = Array.from({ length: N * EACH }, (_, i) => {
    const n = Math.floor(i / EACH);
    if (!hard[n * PLACES + (i % PLACES)]) return 0;
    const a = [...target.subarray(n * EACH, (n + 1) * EACH)];
    const b = [...rebuilt.subarray(n * EACH, (n + 1) * EACH)];
    const [na, nb] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
    const j = i - n * EACH;
    return -(a[j]! / (na * nb) - (cosine(a, b) * b[j]!) / nb ** 2) / N;
  });
  return { gradient, hard: hard.filter(Boolean).length };
}

it('sends derivatives to the hard positions alone, and none to the target', async () => {
  session ??= await openSession();
  const shape = [N, C, 3, 4];
  const [target, rebuilt] = [input('target', shape), input('rebuilt', shape)];
  const loss = hardMiningCosineLoss(target, rebuilt, input('strictness', [1]));
  expect(() => grad(loss, [target])).toThrow('the loss does not depend on');
  const step = await session.compile('hard mining', {
    outputs: new Map([['gradient', grad(loss, [rebuilt])[0]!]]),
    effects: [],
  });
  const random = new RandomStream(11);
  const [a, b] = [0, 1].map(() => Float32Array.from({ length: N * EACH }, () => random.between(-1, 1)));
  const kept: number[] = [];
  for (const strictness of [-3, 0, 1]) {
    step.run({ target: a!, rebuilt: b!, strictness: Float32Array.of(strictness) });
    const got = (await step.read()).get('gradient')!;
    const want = reference(a!, b!, strictness);
    want.gradient.forEach((value, i) => {
      expect(Math.abs(got[i]! - value), `element ${i}`).toBeLessThan(1e-6);
    });
    kept.push(want.hard);
  }
  // All of them at first, then ever fewer: the test would not see a mask that is always open.
  expect(kept[0]).toBe(N * PLACES);
  expect(kept[1]).toBeLessThan(kept[0]!);
  expect(kept[2]).toBeLessThan(kept[1]!);
  expect(kept[2]).toBeGreaterThan(0);
  step.destroy();
});
