import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANYONE, type PipelineCache, pipelineCache } from '../../src/gpu/pipelines.ts';
import { type Gpu, openDevice } from '../../src/runtime/gpu.ts';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openDevice();
});
afterAll(() => gpu.close());

const text = (n: number): string =>
  `@group(0) @binding(0) var<storage, read_write> x: array<f32>; @compute @workgroup_size(1) fn main() { x[0] = ${n}; }`;
const lease = (cache: PipelineCache, n: number) => cache.lease(`kernel ${n}`, text(n), [{ access: 'write' }]);

describe('pipelines by their text', () => {
  it('pipelines stay while they are used, however many there are', async () => {
    const cache = pipelineCache(gpu.device, 2);
    const leases = [1, 2, 3, 4].map((n) => lease(cache, n));
    const [first] = await Promise.all(leases.map(({ pipeline }) => pipeline));
    expect(cache.size).toBe(4);
    const again = lease(cache, 1);
    expect(await again.pipeline).toBe(first);
    leases[0]!.release(null);
    leases[0]!.release(null);
    expect(cache.size).toBe(4);
    again.release(null);
    expect(cache.size).toBe(3);
  });

  it('pipelines are kept for a while after their use, those used last', async () => {
    const cache = pipelineCache(gpu.device, 2);
    const made: GPUComputePipeline[] = [];
    for (const n of [1, 2, 3]) {
      const each = lease(cache, n);
      made.push(await each.pipeline);
      each.release(ANYONE);
    }
    expect(cache.size).toBe(2);
    const [second, third] = [lease(cache, 2), lease(cache, 3)];
    expect([await second.pipeline, await third.pipeline]).toEqual([made[1], made[2]]);
    const first = lease(cache, 1);
    expect(await first.pipeline).not.toBe(made[0]);
  });

  it('pipelines are forgotten with whom they were kept for', () => {
    const cache = pipelineCache(gpu.device);
    const [mine, theirs] = [{}, {}];
    for (const [n, keeper] of [mine, theirs, ANYONE].entries()) lease(cache, n).release(keeper);
    cache.forget(mine);
    expect(cache.size).toBe(2);
    cache.clear();
    expect(cache.size).toBe(0);
  });
});
