import { afterAll, describe, expect, it } from 'vitest';
import { create, globals } from 'webgpu';
import { LimitError, OutOfMemoryError } from '../../src/errors.ts';
import { broadcastTo } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input } from '../../src/graph/value.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { REVDIST_DEFAULTS } from '../../src/methods/revdist.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { initialize } from '../../src/nn/init.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { excessesOf } from '../../src/plan/limits.ts';
import { runLayouts, trainedParts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import {
  type BatchJob,
  checkBatch,
  compileBatch,
  compileFitting,
  largestBatch,
  type PlanTarget,
} from '../../src/runtime/fitBatch.ts';
import { openDevice } from '../../src/runtime/gpu.ts';
import { planBytes } from '../../src/runtime/planBytes.ts';
import { type Session, sessionOn } from '../../src/runtime/session.ts';
import { batchPlans } from '../../src/train/batchPlans.ts';
import { detectorStep } from '../../src/train/detectorPlans.ts';

Object.assign(globalThis, globals);

const MIB = 2 ** 20;
const config = {
  method: 'revdist',
  encoder: 'resnet18_w16',
  size: 256,
  scoreFraction: 0.01,
  smoothing: 'author',
} as RunConfig;
const layouts = runLayouts(config, 1);

const job = (batch: number, more: Partial<BatchJob> = {}): BatchJob => ({
  label: 'training',
  batch,
  least: 2,
  graphsAt: (each) => [detectorStep({ ...config, batch: each }, layouts)],
  ...more,
});
const target = (maxBindingBytes: number, maxBufferBytes = Number.POSITIVE_INFINITY): PlanTarget => ({
  facts: { ...BASELINE_DEVICE, maxBindingBytes },
  limits: { maxBindingBytes, maxBufferBytes },
});

function refusal(act: () => void): LimitError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(LimitError);
    return error as LimitError;
  }
  return expect.fail('expected a LimitError');
}

it('a batch whose indices are too large is refused with one that fits', () => {
  const stretched = (batch: number) => sum(broadcastTo(input('x', [1]), [batch, 2 ** 20]));
  const long = job(8192, {
    graphsAt: (batch) => [{ outputs: new Map([['out', stretched(batch)]]), effects: [] }],
  });
  const { message, fix } = refusal(() => checkBatch(target(2 ** 31), long));
  expect(message).toMatch(/^training, batch 8192: .*kernels index at most 4278190080.*; batch 4080 fits$/);
  expect(fix).toContain('use --batch 4080 or less');
});

it('a training knows all that it compiles for its batch, and what it will hold', () => {
  const plansOf = (run: RunConfig, software: boolean, budget?: { memory: number }) => {
    const session = { gpu: { adapter: { software } } } as Session;
    const own = runLayouts(run, 1);
    const { graphsAt, bytes } = batchPlans(session, run, own, 100, budget);
    return { names: graphsAt(2).map(({ outputs }) => [...outputs.keys()]), bytes, own };
  };
  const steps = { ...config, size: 64, iterations: 10 };
  const { names, bytes, own } = plansOf(steps, true);
  expect(names.map(([first]) => first)).toEqual(['tap1', 'loss', expect.any(String)]);
  expect(names[2]).toContain('u');
  const moments = trainedParts(own).reduce((sum, { parameters }) => sum + 2 * 4 * parameters.length, 0);
  // Layers 1 to 3 of resnet18_w16 at 64 px.
  const features = 100 * 4 * (16 * 16 ** 2 + 32 * 8 ** 2 + 64 * 4 ** 2);
  expect(bytes).toBe(moments + features);
  // On disk, and in a computer beside a GPU of its own memory, features take none of what plans have.
  expect(plansOf(steps, true, { memory: features - 1 }).bytes).toBe(moments);
  expect(plansOf(steps, false).bytes).toBe(moments);
  const memory = plansOf({ ...steps, method: 'patchcore', iterations: 0, memoryRows: 8 }, false);
  expect(memory.names.flat()).toContain('rows');
  expect(memory.names.flat()).not.toContain('loss');
  expect(memory.bytes).toBe(0);
});

describe('largestBatch', () => {
  it.each([
    [16, 2, 7],
    [16, 2, 2],
    [16, 2, 15],
    [16, 2, 1],
    [2, 2, 1],
    [3, 1, 1],
  ])('largestBatch below %i, from %i, is right where up to %i fit', (batch, least, most) => {
    const asked: number[] = [];
    const found = largestBatch({ batch, least }, (each) => {
      asked.push(each);
      return each <= most;
    });
    expect(found).toBe(most < least ? 0 : Math.min(most, batch - 1));
    for (const each of asked) expect(each >= least && each < batch).toBe(true);
  });
});

describe('a batch that the adapter cannot bind', () => {
  it('a batch too large to bind is refused with the layer, the bytes asked and allowed, and a batch that fits', () => {
    // The stem's result is [batch, 16, 128, 128] in float32: 1 MiB an image.
    const small = target(5 * MIB + 4096);
    const { message, fix, code } = refusal(() => checkBatch(small, job(8)));
    expect(code).toBe('E_LIMIT');
    expect(message).toMatch(
      /^training, batch 8: encoder\.\S*.* needs a binding of 8388608 bytes \(8\.0 MiB\)/,
    );
    expect(message).toContain('this adapter allows 5246976 bytes (5.0 MiB) (');
    expect(message).toMatch(/more values are too large\); batch 5 fits$/);
    expect(fix).toBe('use --batch 5 or less, or a smaller --size');
    checkBatch(small, job(5));
    expect(() => checkBatch(small, job(6))).toThrow('batch 5 fits');
  });

  it('a batch too large to bind is refused with as much where none fits', () => {
    const { message, fix } = refusal(() => checkBatch(target(MIB), job(4)));
    expect(message).toContain('not even batch 2 fits');
    expect(fix).toBe('train at a smaller --size, or use another adapter');
  });

  it('a batch that fits is let through', () => {
    checkBatch(target(BASELINE_DEVICE.maxBindingBytes), job(8));
  });

  it('a batch too large to bind names an input by its own name', () => {
    const graph = {
      outputs: new Map([['y', conv2d(input('photos', [4, 3, 512, 512]), input('w', [2, 3, 3, 3]))]]),
      effects: [],
    };
    const found = excessesOf(buildPlan(graph, BASELINE_DEVICE), {
      maxBindingBytes: 10 * MIB,
      maxBufferBytes: 11 * MIB,
    });
    expect(found.map(({ of }) => of)).toContain('buffer');
    expect(found[0]!.bytes).toBe(4 * 3 * 512 * 512 * 4);
    expect(found.map(({ what }) => what).join()).toContain('input photos');
  });
});

it('spreads intermediate values over more buffers where one would exceed what a buffer may have', () => {
  const graph = detectorStep({ ...config, batch: 4 }, layouts);
  const whole = buildPlan(graph, BASELINE_DEVICE);
  const parts = buildPlan(graph, BASELINE_DEVICE, { maxBufferBytes: 4.25 * MIB });
  const arenas = (plan: typeof whole): number[] =>
    plan.slots.flatMap((slot) => (slot.kind === 'arena' ? [slot.bytes] : []));
  expect(Math.max(...arenas(whole))).toBeGreaterThan(4.25 * MIB);
  expect(Math.max(...arenas(parts))).toBeLessThanOrEqual(4.25 * MIB);
});

/** Dawn's Null backend has 512 MiB of memory and no more. */
describe('a batch that memory does not hold', () => {
  // Collected while its device is in use, it would take the process with it.
  const nullGpu = create(['backend=null']);
  let opened: Session | undefined;
  const session = async (): Promise<Session> => {
    if (opened) return opened;
    const adapter = await nullGpu.requestAdapter({});
    const device = await adapter!.requestDevice({
      requiredLimits: {
        maxBufferSize: adapter!.limits.maxBufferSize,
        maxStorageBufferBindingSize: adapter!.limits.maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage: adapter!.limits.maxStorageBuffersPerShaderStage,
      },
    });
    opened = sessionOn(await openDevice({ device }));
    for (const layout of layouts.parts) {
      opened.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], 0));
      opened.startOptimiser(layout, REVDIST_DEFAULTS.optimiser);
    }
    return opened;
  };
  afterAll(() => opened?.close());

  it('a batch too large for memory is refused with the bytes asked and had, and a batch that fits; nothing stays allocated', async () => {
    const { gpu } = await session();
    const before = gpu.buffers.counters.live;
    const error = await compileBatch(await session(), job(120)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OutOfMemoryError);
    const { message, fix, asked, available, code } = error as OutOfMemoryError;
    expect(code).toBe('E_OUT_OF_MEMORY');
    expect(available).toBeGreaterThan(0);
    expect(available).toBeLessThan(512 * MIB);
    expect(asked).toBeGreaterThan(512 * MIB);
    const fitting = Number(/^use --batch (\d+) or less/.exec(fix!)![1]);
    expect(message).toBe(
      `training, batch 120: needs ${asked} bytes (${(asked / MIB).toFixed(1)} MiB) beside the weights, memory ran out after ${available} bytes (${(available / MIB).toFixed(1)} MiB); batch ${fitting} fits`,
    );
    expect(gpu.buffers.counters.live).toBe(before);
    const executable = await compileBatch(await session(), job(fitting));
    expect(planBytes(executable.plan)).toBeLessThanOrEqual(available);
    executable.destroy();
    gpu.guard.check();
  });

  it('a batch too large for memory is done in smaller ones where the images do not depend on each other', async () => {
    const { executable, batch } = await compileFitting(await session(), job(120));
    expect(batch).toBeGreaterThan(1);
    expect(batch).toBeLessThan(120);
    expect(executable.plan.inputs.get('images')!.shape[0]).toBe(batch);
    executable.destroy();
  });
});
