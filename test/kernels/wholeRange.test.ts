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

  it('pow agrees with float64 over both of its ranges, and with PyTorch where something is not finite or 0', async () => {
    const random = new RandomStream(12);
    const special = [0, 1, 2, 3, 0.5, 2 ** 24 - 1, 2 ** 24, 1e30, 2 ** -149, Infinity].flatMap((x) => [
      x,
      -x,
    ]);
    const pairs = [...special, NaN].flatMap((a) => [...special, NaN].map((b) => [a, b] as const));
    for (let i = 0; i < 20_000; i++) {
      const a = Math.fround(i % 2 ? random.between(0.3, 3) : 2 ** random.between(-149, 128));
      // Most powers are finite and not 0.
      const b = Math.fround((random.between(-150, 130) * (i % 3 ? 1 : random.next() ** 3)) / Math.log2(a));
      pairs.push(i % 5 ? [a, b] : [-a, Math.round(b)]);
    }
    const [a, b] = [0, 1].map((side) => Float32Array.from(pairs, (pair) => pair[side]!)) as [
      Float32Array,
      Float32Array,
    ];
    const power = engine.compile((x: Value, y: Value) => pointwise('pow', [x, y]));
    const out = await power(engine.tensor(a, [a.length]), engine.tensor(b, [b.length]));
    const wrong: string[] = [];
    (await out.data()).forEach((got, i) => {
      const [x, y] = [a[i]!, b[i]!];
      // JavaScript alone has NaN for these.
      const want = x === 1 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y)) ? 1 : x ** y;
      const rounded = Math.fround(want);
      const close = Math.abs(got - want) <= 4 * ulp(want) || (Math.abs(want) < SMALLEST_NORMAL && got === 0);
      const ends = !Number.isFinite(got) && Math.abs(want) > 3.4028e38 && got > 0 === want > 0;
      const [fx, fy] = [x, y].map((each) => (Math.abs(each) < SMALLEST_NORMAL ? 0 * each : each));
      const flushed = Object.is(got, Math.fround(fx! ** fy!));
      if (Object.is(got, rounded) || (close && want !== 0) || ends || flushed) return;
      wrong.push(
        `${x} ^ ${y}: got ${got}, expected ${want}, ${(Math.abs(got - want) / ulp(want)).toFixed(1)} ulp`,
      );
    });
    expect(wrong.slice(0, 8), `${wrong.length} of ${a.length}`).toEqual([]);
  });

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
