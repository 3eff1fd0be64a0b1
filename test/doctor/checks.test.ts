import { afterAll, describe, expect, it } from 'vitest';
import { type Family, OP_CHECKS, type OpCheck, UPDATE_CHECKS } from '../../src/doctor/checks/index.ts';
import { byFamily, finding } from '../../src/doctor/finding.ts';
import { runCheck, runSpecials, runUpdateCheck, traced } from '../../src/doctor/runCheck.ts';
import { OPS, type OpName } from '../../src/graph/ops/index.ts';
import { mul, scale } from '../../src/graph/ops/pointwise.ts';
import { input, state, topological, type Value } from '../../src/graph/value.ts';
import { openSession, type Session } from '../../src/train/session.ts';

let opened: Promise<Session> | undefined;
const session = (): Promise<Session> => {
  opened ??= openSession();
  return opened;
};
afterAll(async () => (await opened)?.close());

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;
const families = Object.keys(OP_CHECKS) as (keyof typeof OP_CHECKS)[];

describe('the checks of wgad doctor', () => {
  it('have every op that computes, its derivative too', () => {
    const covered = new Set<OpName>();
    const cover = (roots: Value[]): void => {
      for (const value of topological(roots)) covered.add(value.op);
    };
    for (const check of Object.values(OP_CHECKS).flat()) {
      const { out, grads } = traced(check);
      cover([out, ...grads.map(([, value]) => value)]);
    }
    for (const check of UPDATE_CHECKS) {
      const states = Array.from({ length: check.states }, (_, i) => state(`s${i}`, [check.length]));
      cover([
        check.effect(
          states,
          check.inputs.map(({ shape }, i) => input(`x${i}`, shape)),
        ),
      ]);
    }
    const missing = (Object.keys(OPS) as OpName[]).filter(
      (op) => !covered.has(op) && !OPS[op].leaf && !OPS[op].identity,
    );
    expect(missing).toEqual([]);
  });

  it.each(families)(
    '%s: agree with float64 on this adapter',
    async (family) => {
      for (const check of OP_CHECKS[family]) {
        const run = [await session(), family, check] as const;
        for (const found of [...(await runCheck(...run)), ...(await runSpecials(...run))]) {
          expect(found, found.name).toMatchObject({ ok: true });
        }
      }
    },
    SLOW,
  );

  it('update: agree with float64 on this adapter', async () => {
    for (const check of UPDATE_CHECKS) {
      const found = await runUpdateCheck(await session(), check);
      expect(found, found.name).toMatchObject({ ok: true });
    }
  });
});

describe('what is wrong is found', () => {
  const square: OpCheck = {
    name: 'square',
    inputs: [{ shape: [9] }],
    run: (x) => mul(x!, x!),
    reference: (x) => ({ shape: x.shape, data: x.data.map((value) => value * value) }),
  };

  it('in an op, and in its derivative alone', async () => {
    const family: Family = 'pointwise';
    const off: OpCheck = { ...square, run: (x) => scale(mul(x!, x!), 1.001) };
    expect((await runCheck(await session(), family, off)).map(({ ok }) => ok)).toEqual([false, false]);
    const right = await runCheck(await session(), family, square);
    expect(right.map(({ ok }) => ok)).toEqual([true, true]);
    expect(right[1]!.name).toBe('square, derivative');
  });

  it('where a number is NaN or missing', () => {
    const want = Float64Array.of(1, 2);
    expect(finding('conv', 'x', Float32Array.of(1, Number.NaN), want).ok).toBe(false);
    expect(finding('conv', 'x', Float32Array.of(1), want).ok).toBe(false);
  });

  it('and its family is named with the worst of it', () => {
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
