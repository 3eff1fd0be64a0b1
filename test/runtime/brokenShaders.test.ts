import { afterAll, beforeAll, expect, it } from 'vitest';
import { GpuError } from '../../src/errors.ts';
import { add, exp, relu } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input } from '../../src/graph/value.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import { type Gpu, openDevice } from '../../src/runtime/gpu.ts';
import { type StateStore, stateStore } from '../../src/runtime/state.ts';

/** A text that no compiler takes, whatever the reason, costs the plan that has it and nothing else. */

let gpu: Gpu;
let store: StateStore;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(async () => {
  process.on('unhandledRejection', note);
  gpu = await openDevice();
  store = stateStore(gpu.device, gpu.buffers);
});
afterAll(() => {
  gpu.close();
  process.off('unhandledRejection', note);
});

/** Three kernels that differ: nothing is fused. */
function plan(label: string): Plan {
  const x = input('x', [64]);
  const outputs = new Map([['out', sum(exp(relu(add(x, x))))]]);
  return buildPlan({ outputs, effects: [] }, gpu.facts, { label, fuse: false });
}

/** The plan with what `spoil` makes of the texts of the dispatches that `which` picks. */
const spoilt = (whole: Plan, spoil: (text: string) => string, which: (at: number) => boolean): Plan => ({
  ...whole,
  dispatches: whole.dispatches.map((dispatch, at) => {
    if (!which(at)) return dispatch;
    const { kernel } = dispatch;
    return { ...dispatch, kernel: { ...kernel, wgsl: spoil(kernel.wgsl) } };
  }),
});

const SPOILS: readonly (readonly [kind: string, spoil: (text: string) => string])[] = [
  ['no WGSL', (text) => `${text}\nthis is none`],
  ['an unknown name', (text) => text.replace('@compute', 'const nothing = unknown;\n@compute')],
  ['a number beyond f32', (text) => text.replace('@compute', 'const most: f32 = 1e39;\n@compute')],
  ['a constant NaN', (text) => text.replace('@compute', 'const nan = bitcast<f32>(0x7fc00000u);\n@compute')],
  ['no entry point', (text) => text.replace('fn main', 'fn other')],
  ['too large a workgroup', (text) => text.replace(/@workgroup_size\(\d+\)/, '@workgroup_size(1000000)')],
  ['another kind of binding', (text) => text.replace('var<storage, read>', 'var<storage, read_write>')],
];

it.each(SPOILS)('%s rejects once, typed, and leaves the device usable', async (kind, spoil) => {
  const { live, buffers } = gpu.buffers.counters;
  const whole = plan(kind);
  for (const all of [false, true]) {
    const broken = spoilt(whole, spoil, (at) => all || at === 1);
    const first = await compilePlan(gpu, broken, store).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(GpuError);
    const { code, message } = first as GpuError;
    expect(code).toBe('E_GPU');
    const { label, wgsl } = broken.dispatches[1]!.kernel;
    expect(message).toContain(': the shader does not compile:');
    // Of several that fail any may be the first.
    if (!all) {
      expect(message).toContain(label);
      expect(message).toContain(wgsl.split('\n')[3]);
    }
    // The same text may be tried again: it says the same, anew.
    const second = await compilePlan(gpu, broken, store).catch((error: unknown) => error);
    expect((second as GpuError).code).toBe('E_GPU');
    expect(second).not.toBe(first);
  }
  gpu.guard.check();
  expect(gpu.buffers.counters).toMatchObject({ live, buffers });
  const sound = await compilePlan(gpu, whole, store);
  sound.run({ x: new Float32Array(64).fill(0.5) });
  const out = (await sound.read()).get('out')!;
  expect(out[0]).toBeCloseTo(64 * Math.E, 2);
  sound.destroy();
  await new Promise((done) => setTimeout(done, 20));
  expect(unhandled).toEqual([]);
});
