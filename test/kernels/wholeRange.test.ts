import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pointwise } from '../../src/graph/ops/pointwiseOps.ts';
import type { Value } from '../../src/graph/value.ts';
import { POINTWISE, type PointwiseEntry, type PointwiseName } from '../../src/kernels/pointwiseTable.ts';
import { RandomStream } from '../../src/random.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { type PointwiseSpec, pointwiseSpecs } from '../../src/specs/pointwise.ts';

/** Every function of one number over all of float32, subnormal to largest and of both signs, against float64. */

const functions = (Object.entries(POINTWISE) as [PointwiseName, PointwiseEntry][])
  .filter(([, { arity, params }]) => arity === 1 && params.length === 0)
  .map(([name]) => name);
const specs: Readonly<Record<PointwiseName, PointwiseSpec>> = pointwiseSpecs;

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

  it.each(functions)('%s agrees with float64 over its whole range', (name) => {
    const { wholeRange } = specs[name];
    expect(wholeRange, `${name} needs its bound over all of float32 in its spec`).toBeDefined();
    const { f, lastPlaces, magnitude = f } = wholeRange!;
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
      if (Math.abs(got - want) <= lastPlaces * ulp(magnitude(x))) return;
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
