import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pointwise } from '../../src/graph/ops/pointwise.ts';
import type { Value } from '../../src/graph/value.ts';
import { POINTWISE, type PointwiseEntry, type PointwiseName } from '../../src/kernels/pointwiseTable.ts';
import { RandomStream } from '../../src/random.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { erf } from '../../src/specs/reference/ops.ts';

/** Every function of one number over all of float32, subnormal to largest and of both signs, against float64. */

/** Phi(x); 1 + erf would lose its digits below -5. */
function normalCdf(x: number): number {
  const a = Math.abs(x) / Math.SQRT2;
  if (a < 2) return 0.5 * (1 + erf(x / Math.SQRT2));
  let fraction = 0;
  for (let k = 120; k >= 1; k--) fraction = k / 2 / (a + fraction);
  const tail = Math.exp(-a * a) / (2 * Math.sqrt(Math.PI) * (a + fraction));
  return x < 0 ? tail : 1 - tail;
}
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

interface Wanted {
  readonly f: (x: number) => number;
  /** Units in the last place of the result, or of `magnitude` where the result is a difference. */
  readonly ulps: number;
  readonly magnitude?: (x: number) => number;
}

const exact = (f: (x: number) => number): Wanted => ({ f, ulps: 0.51 });
const WANTED: Partial<Record<PointwiseName, Wanted>> = {
  identity: exact((x) => x),
  neg: exact((x) => -x),
  abs: exact(Math.abs),
  sign: exact(Math.sign),
  square: exact((x) => x * x),
  floor: exact(Math.floor),
  relu: exact((x) => Math.max(0, x)),
  relu6: exact((x) => Math.min(6, Math.max(0, x))),
  exp: { f: Math.exp, ulps: 2 },
  log: { f: Math.log, ulps: 2 },
  sqrt: { f: Math.sqrt, ulps: 2 },
  rsqrt: { f: (x) => 1 / Math.sqrt(x), ulps: 2 },
  reciprocal: { f: (x) => 1 / x, ulps: 2.5 },
  sigmoid: { f: sigmoid, ulps: 4 },
  tanh: { f: Math.tanh, ulps: 3 },
  silu: { f: (x) => x * sigmoid(x), ulps: 6 },
  gelu: { f: (x) => x * normalCdf(x), ulps: 8 },
  geluSlope: {
    f: (x) => normalCdf(x) + x * density(x),
    ulps: 8,
    magnitude: (x) => normalCdf(x) + Math.abs(x) * density(x),
  },
};
const functions = (Object.entries(POINTWISE) as [PointwiseName, PointwiseEntry][])
  .filter(([, { arity, params }]) => arity === 1 && params.length === 0)
  .map(([name]) => name);

const SMALLEST_NORMAL = 2 ** -126;
const ulp = (x: number): number => 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), SMALLEST_NORMAL))) - 23);

/** Some of every power of two, and more where functions change: about 1, where e^x leaves float32. */
function numbers(): Float32Array {
  const random = new RandomStream(11);
  const sizes: number[] = [0, 1, 2 ** -149, SMALLEST_NORMAL, 3.4028234663852886e38];
  for (let power = -149; power < 128; power++) {
    for (let i = 0; i < 12; i++) sizes.push(2 ** (power + random.next()));
  }
  for (let i = 0; i < 1500; i++) {
    sizes.push(random.between(0.75, 1.25), random.between(0, 20), random.between(80, 110));
  }
  return Float32Array.from([...sizes, ...sizes.map((size) => -size)]).filter(Number.isFinite);
}

describe('each function of one number', () => {
  const xs = numbers();
  let engine: Engine;
  const results = new Map<PointwiseName, Float32Array>();
  beforeAll(async () => {
    engine = await Engine.create();
    const all = engine.compile((x: Value) =>
      Object.fromEntries(functions.map((name) => [name, pointwise(name, [x])])),
    );
    const outs = await all(engine.tensor(xs, [xs.length]));
    for (const name of functions) results.set(name, (await outs[name]!.data()) as Float32Array);
  });
  afterAll(() => engine?.dispose());

  it.each(functions)('%s', (name) => {
    const wanted = WANTED[name];
    expect(wanted, `${name} needs a row in this table`).toBeDefined();
    const { f, ulps, magnitude = f } = wanted!;
    const wrong: string[] = [];
    results.get(name)!.forEach((got, i) => {
      const x = xs[i]!;
      const want = f(x);
      if (Number.isNaN(want)) {
        if (!Number.isNaN(got)) wrong.push(`${x}: got ${got}, expected NaN`);
        return;
      }
      const rounded = Math.fround(want);
      // Adapters may flush subnormal numbers, going in and coming out.
      const flushed = Math.abs(x) < SMALLEST_NORMAL ? Math.fround(f(Math.sign(x) * 0)) : 0;
      if (got === rounded || (Math.abs(x) < SMALLEST_NORMAL && got === flushed)) return;
      if (Math.abs(got - want) <= ulps * ulp(magnitude(x))) return;
      if (Math.abs(want) < SMALLEST_NORMAL && (got === 0 || Math.abs(got - want) <= 2 ** -144)) return;
      // Next to the largest number the last ulp decides between it and infinity.
      if (!Number.isFinite(got) && Math.abs(want) > 3.4028e38 && got > 0 === want > 0) return;
      wrong.push(
        `${x}: got ${got}, expected ${want}, ${(Math.abs(got - want) / ulp(magnitude(x))).toFixed(1)} ulp`,
      );
    });
    expect(wrong.slice(0, 5), `${wrong.length} of ${xs.length}`).toEqual([]);
  });
});
