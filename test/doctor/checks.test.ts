import { afterAll, describe, expect, it } from 'vitest';
import { CHECKS, type Check } from '../../src/doctor/checks.ts';
import { byFamily, finding } from '../../src/doctor/finding.ts';
import { runCheck, runSpecials, traced } from '../../src/doctor/runCheck.ts';
import { stopGradient } from '../../src/graph/ops/control.ts';
import { OPS } from '../../src/graph/ops/index.ts';
import { equal, mul, scale, where } from '../../src/graph/ops/pointwise.ts';
import type { OpName } from '../../src/graph/value.ts';
import { input, state, topological, type Value } from '../../src/graph/value.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { map1 } from '../../src/specs/reference/ops.ts';
import { type Sample, shaped } from '../../src/specs/spec.ts';
import { type UpdateSpec, updateSpecs } from '../../src/specs/update.ts';

let opened: Promise<Session> | undefined;
const session = (): Promise<Session> => {
  opened ??= openSession();
  return opened;
};
afterAll(async () => (await opened)?.close());

describe('the checks of wgad doctor', () => {
  it('wgad doctor checks every op that computes, its derivative too', () => {
    const covered = new Set<OpName>();
    const cover = (roots: Value[]): void => {
      for (const value of topological(roots)) covered.add(value.op);
    };
    for (const check of CHECKS) {
      const { out, grads } = traced(check);
      cover([out, ...grads.map(([, value]) => value)]);
    }
    for (const spec of Object.values<UpdateSpec>(updateSpecs)) {
      const states = Array.from({ length: spec.states }, (_, i) => state(`s${i}`, [spec.length]));
      const inputs = spec.inputs.map(({ shape }, i) => input(`x${i}`, shape));
      cover([spec.effect(states, inputs)]);
    }
    const missing = (Object.keys(OPS) as OpName[]).filter(
      (op) => !covered.has(op) && !OPS[op].leaf && !OPS[op].identity,
    );
    expect(missing).toEqual([]);
  });
});

describe('what is wrong is found', () => {
  const check = (run: (x: Value) => Value): Check => {
    const squares = (value: number): number => value * value;
    const sample: Sample = { label: 'of nine', inputs: shaped([9]), run, reference: (x) => map1(x, squares) };
    return { family: 'pointwise', name: 'square', spec: { samples: [sample] }, sample };
  };
  const right = check((x) => mul(x, x));

  it('doctor finds what is wrong in an op, and in its derivative alone', async () => {
    const off = check((x) => scale(mul(x, x), 1.001));
    expect((await runCheck(await session(), off)).map(({ ok }) => ok)).toEqual([false, false]);
    const slope = check((x) => mul(x, stopGradient(x)));
    expect((await runCheck(await session(), slope)).map(({ ok }) => ok)).toEqual([true, false]);
    const found = await runCheck(await session(), right);
    expect(found.map(({ ok }) => ok)).toEqual([true, true]);
    expect(found[1]!.name).toBe('square, derivative');
  });

  it('doctor finds an op out of which NaN does not come', async () => {
    const deaf = check((x) => where(equal(x, x), mul(x, x), 0));
    expect(await runSpecials(await session(), right)).toMatchObject([{ ok: true }]);
    expect(await runSpecials(await session(), deaf)).toMatchObject([{ ok: false }]);
  });

  it('doctor finds a number that is NaN or missing', () => {
    const want = Float64Array.of(1, 2);
    expect(finding('conv', 'x', Float32Array.of(1, Number.NaN), want).ok).toBe(false);
    expect(finding('conv', 'x', Float32Array.of(1), want).ok).toBe(false);
  });

  it('doctor names a family with the worst of its checks', () => {
    const want = Float64Array.of(1, 2);
    const found = byFamily([
      finding('conv', 'good', Float32Array.of(1, 2), want),
      finding('conv', 'bad', Float32Array.of(1, 2.5), want),
      finding('pool', 'good', Float32Array.of(1, 2), want),
    ]);
    expect(found).toEqual([
      { family: 'conv', checks: 2, maxAbsolute: 0.5, maxRelative: 0.25, worst: 'bad', ok: false },
      { family: 'pool', checks: 1, maxAbsolute: 0, maxRelative: 0, worst: 'good', ok: true },
    ]);
  });
});
