import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BenchSubject, measure, measureByTurns, type Pace } from '../../src/bench/index.ts';
import { prepareOperation } from '../../src/bench/operation.ts';
import { boundOf } from '../../src/bench/planCase.ts';
import { argmax, Engine, gather, matmul, mul, relu, sum, type Value } from '../../src/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
afterAll(() => engine?.dispose());

const PACE: Pace = {
  ...{ peakGflops: 2, peakAt: '', copyGbs: 1, copyAt: '' },
  ...{ submitMs: 0, dispatchMs: 0.001 },
};
const FEW = { samples: 1, pace: PACE };

/** Copies the first `written` elements and doubles them. */
const doubled = (written: number): BenchSubject => ({
  name: 'twice.wgsl',
  fn: engine.kernel({
    name: 'twice.wgsl',
    inputs: ['x'],
    outputs: { y: ({ x }) => x },
    wgsl: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < ${written}u) { y[id.x] = 2.0 * x[id.x]; }
}`,
    grid: 1,
    flops: ({ x }) => x[0]!,
  }),
  operands: [{ shape: [37] }],
});
const scaled: BenchSubject = { name: 'mul', fn: (x: Value) => mul(x, 2), operands: [{ shape: [37] }] };
const twice = (x: ArrayLike<number>): number[] => Array.from(x, (each) => 2 * each);

describe('measuring', () => {
  it('an own kernel is checked, measured, and what it leaves unwritten is found', async () => {
    const record = await measure(engine, doubled(37), { ...FEW, expected: twice });
    expect(record).toMatchObject({
      ...{ suite: 'op', name: 'twice.wgsl', shape: '[37] -> [37]', variant: 'twice.wgsl' },
      ...{ peer: null, ratio: null, bound: 'launch', runs: expect.any(Number) },
    });
    expect(record.medianMs).toBeGreaterThan(0);
    expect(record.gflops! * record.medianMs * 1e6).toBeCloseTo(37, 6);
    expect(Date.parse(record.date!)).toBeGreaterThan(0);
    await expect(measure(engine, doubled(20), { ...FEW, expected: twice })).rejects.toMatchObject({
      code: 'E_WRONG_RESULT',
      message: expect.stringMatching(
        /^twice.wgsl is wrong: 17 of 37 elements differ from the reference .* the first at \[20\]: expected .*, got NaN$/,
      ),
    });
  });

  it('two are measured by turns, and refused where they should be the same and are not', async () => {
    const { records, difference } = await measureByTurns(engine, [doubled(37), scaled], {
      ...FEW,
      same: true,
    });
    expect(difference).toBe(0);
    expect(records[0]).toMatchObject({ name: 'twice.wgsl', peer: 'mul' });
    expect(records[0].ratio).toBeCloseTo(records[1].medianMs / records[0].medianMs, 9);
    expect(records[1]).toMatchObject({ name: 'mul', peer: null, ratio: null });
    const other = { ...scaled, name: 'relu', fn: (x: Value) => relu(x) };
    await expect(measureByTurns(engine, [doubled(37), other], { ...FEW, same: true })).rejects.toMatchObject({
      code: 'E_WRONG_RESULT',
      message: expect.stringContaining('elements differ from relu'),
    });
    expect((await measureByTurns(engine, [doubled(37), other], FEW)).difference).toBeGreaterThan(0.1);
  });

  it('a pass is the function, its derivatives, or both; derivatives are of random cotangents', async () => {
    const operands = [{ shape: [2, 3] }, { shape: [3, 1], data: Float32Array.of(1, 2, 3) }];
    const product = (pass: 'forward' | 'backward' | 'both'): BenchSubject => ({
      ...{ name: 'matmul', fn: (a: Value, b: Value) => matmul(a, b), operands, pass },
    });
    const both = await prepareOperation(engine, product('both'));
    expect(both.shape).toBe('[2,3] [3,1] -> [2,3] [3,1] [2,1]');
    const [da, , y] = await both.results();
    const [a, b] = both.inputs;
    for (const i of [0, 1]) {
      const row = [0, 1, 2].map((k) => a![3 * i + k]! * b![k]!);
      expect(y!.data[i]).toBeCloseTo(
        row.reduce((x, each) => x + each),
        5,
      );
      // dL/da = cotangent x b, and b is 1, 2, 3.
      expect(da!.data[3 * i + 2]! / da!.data[3 * i]!).toBeCloseTo(3, 4);
    }
    both.destroy();
    const backward = await prepareOperation(engine, product('backward'));
    expect((await backward.results()).map(({ name }) => name)).toEqual(['d operand 0', 'd operand 1']);
    backward.destroy();
  });

  it('weights are done ahead, integers are indices, ranges hold, and nothing stays on the device', async () => {
    const before = engine.memory().live;
    const kept = await prepareOperation(engine, {
      name: 'sum of squares',
      fn: (x: Value, w: Value, at: Value) => mul(sum(mul(w, w)), gather(x, at)),
      operands: [{ shape: [3, 2] }, { shape: [5], state: true, range: [2, 3] }, { shape: [4], dtype: 'i32' }],
    });
    expect([...kept.inputs[2]!]).toEqual([0, 0, 0, 0]);
    expect(kept.executable.plan.prelude).toBeGreaterThan(0);
    expect(Math.min(...kept.inputs[1]!)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...kept.inputs[1]!)).toBeLessThan(3);
    kept.destroy();
    expect(engine.memory().live).toBe(before);
  });

  it('what cannot be measured is refused by name', async () => {
    const tensor = engine.tensor([1], [1]);
    const refused: [BenchSubject, string, string][] = [
      [
        { name: 'captures', fn: (x: Value) => mul(x, tensor), operands: [{ shape: [1] }] },
        'E_CONFIG',
        'captures: captures a tensor [1]',
      ],
      [
        { name: 'idle', fn: (x: Value) => relu(x), operands: [{ shape: [1], state: true }] },
        'E_CONFIG',
        'a replay computes nothing',
      ],
      [
        { name: 'whole', fn: (x: Value) => argmax(x, 0), operands: [{ shape: [3] }], pass: 'both' },
        'E_CONFIG',
        'whole: has no derivative: no result is f32',
      ],
      [
        { name: 'short', fn: (x: Value) => relu(x), operands: [{ shape: [2], data: Float32Array.of(1) }] },
        'E_CONFIG',
        'short: operand 0: expects 2 numbers, got 1',
      ],
    ];
    for (const [subject, code, message] of refused) {
      await expect(measure(engine, subject, FEW), subject.name).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    }
  });

  it('the slowest of arithmetic, memory and launching binds', () => {
    const dispatch = (flops: number, bytes: number) => [{ kernel: { flops, bytes } }] as never;
    expect(boundOf(dispatch(4e6, 1e6), PACE)).toMatchObject({ bound: 'arithmetic' });
    expect(boundOf(dispatch(1e6, 1e6), PACE)).toMatchObject({ bound: 'memory' });
    expect(boundOf(dispatch(1, 1), PACE)).toMatchObject({ bound: 'launch' });
  });
});

it('wgad/bench needs nothing of Node', () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const seen = new Set<string>();
  const needs: string[] = [];
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, from] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )(?:[^;'"]* from )?'([^']+)';/gm,
    )) {
      if (from!.startsWith('.')) walk(join(dirname(file), from!));
      else needs.push(`${file}: ${from}`);
    }
  };
  walk(join(source, 'bench/index.ts'));
  expect(needs).toEqual([]);
  expect(seen.size).toBeGreaterThan(50);
});
