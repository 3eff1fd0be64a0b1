import { describe, expect, it } from 'vitest';
import { networkPlans, scoringConfig } from '../../src/bench/networks.ts';
import {
  BASELINE_DEVICE,
  type DeviceFacts,
  makeKernel,
  read,
  withSharing,
  write,
} from '../../src/kernels/kernel.ts';
import { wgsl } from '../../src/kernels/wgsl.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { type MemoryRequest, planMemory } from '../../src/plan/planMemory.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { detectorStep } from '../../src/train/detectorPlans.ts';

const request = (bytes: number, first: number, last: number): MemoryRequest => ({
  bytes,
  first,
  last,
  conflicts: new Set(),
  apart: new Set(),
});
/** A dispatch reads one of them and writes the other. */
function conflict(a: MemoryRequest, b: MemoryRequest): void {
  (a.conflicts as Set<MemoryRequest>).add(b);
  (b.conflicts as Set<MemoryRequest>).add(a);
}
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('planMemory', () => {
  it('planMemory puts values that never live together into one place, in the lower bound', () => {
    const plan = planMemory([request(1024, 0, 1), request(1024, 2, 3), request(1024, 4, 5)]);
    expect(plan.arenaBytes).toEqual([1024]);
    expect(plan.lowerBound).toBe(1024);
  });

  it('planMemory keeps operands and results apart where that costs nothing', () => {
    const chain = Array.from({ length: 6 }, (_, i) => request(1024, i, i + 1));
    for (let i = 1; i < chain.length; i++) conflict(chain[i - 1]!, chain[i]!);
    const { placements, arenaBytes } = planMemory(chain);
    expect(arenaBytes).toEqual([1024, 1024]);
    for (let i = 1; i < chain.length; i++) {
      expect(placements.get(chain[i]!)!.arena).not.toBe(placements.get(chain[i - 1]!)!.arena);
    }
  });

  it('planMemory never puts into one arena what a dispatch reads twice and what it writes', () => {
    // A slot of 8 KiB in which both would fit at any saving.
    const [wide, x, y] = [request(8192, 0, 1), request(1024, 2, 3), request(1024, 3, 4)];
    conflict(x, y);
    expect(planMemory([wide, x, y]).arenaBytes).toEqual([8192]);
    (x.apart as Set<MemoryRequest>).add(y);
    (y.apart as Set<MemoryRequest>).add(x);
    const { placements, arenaBytes } = planMemory([wide, x, y]);
    expect(placements.get(x)!.arena).not.toBe(placements.get(y)!.arena);
    expect(sum(arenaBytes)).toBe(8192 + 1024);
  });

  it('planMemory lets operands and results share an arena where a third would be needed', () => {
    // A wide stem, its pooled result, and a residual block: y = f(x), z = g(y) + x.
    const [stem, x, y, z] = [
      request(8192, 0, 1),
      request(2048, 1, 3),
      request(2048, 2, 3),
      request(2048, 3, 4),
    ];
    for (const [a, b] of [
      [stem, x],
      [x, y],
      [y, z],
      [x, z],
    ] as const)
      conflict(a, b);
    const plan = planMemory([stem, x, y, z]);
    expect(plan.lowerBound).toBe(10_240);
    expect(sum(plan.arenaBytes)).toBe(10_240);
  });

  it('planMemory never puts two values that live together into one place', () => {
    const requests = Array.from({ length: 60 }, (_, i) =>
      request(256 * (1 + ((i * 7) % 5)), i, i + 1 + ((i * 3) % 6)),
    );
    for (let i = 1; i < requests.length; i++) conflict(requests[i - 1]!, requests[i]!);
    const { placements, arenaBytes } = planMemory(requests);
    const placeOf = (each: MemoryRequest) => placements.get(each)!;
    for (const a of requests) {
      const p = placeOf(a);
      expect(p.offset + a.bytes).toBeLessThanOrEqual(arenaBytes[p.arena]!);
      for (const b of requests) {
        const q = placeOf(b);
        if (a === b || p.arena !== q.arena || a.first > b.last || b.first > a.last) continue;
        expect(p.offset < q.offset + b.bytes && q.offset < p.offset + a.bytes).toBe(false);
      }
    }
  });

  it('planMemory lets no arena grow beyond what a buffer may have', () => {
    const requests = Array.from({ length: 10 }, () => request(1024, 0, 1));
    const { arenaBytes } = planMemory(requests, 4096);
    expect(Math.max(...arenaBytes)).toBe(4096);
    expect(sum(arenaBytes)).toBe(10_240);
  });
});

it('a kernel that shares is declared so, and is else the same', () => {
  const kernel = makeKernel({
    label: 'copy',
    bindings: [read('x', 4), read('xy', 4), write('y', 4)],
    grid: [1, 1, 1],
    flops: 0,
    wgsl: wgsl`@compute @workgroup_size(1) fn main() { y[0] = x[0] + xy[0]; }`,
  });
  const shared = withSharing(kernel, (i) => i === 0);
  expect(shared.wgsl).toBe(kernel.wgsl.replace('var<storage, read> x:', 'var<storage, read_write> x:'));
  expect(shared.wgsl).not.toBe(kernel.wgsl);
  expect(shared.bindings.map((binding) => binding.shared)).toEqual([true, undefined, undefined]);
  expect(shared.bindings[0]!.access).toBe('read');
  expect(withSharing(kernel, () => false)).toBe(kernel);
});

const GPU: DeviceFacts = { ...BASELINE_DEVICE, maxBindingBytes: 2 ** 31 };
const CPU: DeviceFacts = {
  ...GPU,
  software: true,
  subgroupSize: 8,
  maxImageSide: 16_384,
  maxImageLayers: 2048,
};

describe('plans of the real networks take at most 1.15 times the memory that lives at once', () => {
  it.each([
    ['resnet18', 1, 256, 'GPU', GPU],
    ['resnet18', 16, 256, 'GPU', GPU],
    ['resnet18', 16, 256, 'software', CPU],
    ['resnet50', 8, 128, 'software', CPU],
    ['wide_resnet50_2', 1, 256, 'GPU', GPU],
    ['wide_resnet50_2', 1, 256, 'software', CPU],
    ['resnet18_w16', 16, 128, 'software', CPU],
    ['efficientnet_b4', 1, 256, 'GPU', GPU],
    ['efficientnet_b4', 4, 256, 'software', CPU],
  ] as const)(
    'memory is at most 1.15 times what lives at once: %s, batch %i, %i px, on a %s adapter',
    (encoder, batch, size, _, device) => {
      for (const { purpose, graph } of networkPlans(encoder, { batch, size })) {
        const { memory } = buildPlan(graph, device);
        expect(memory.lowerBound).toBeGreaterThan(0);
        expect(memory.arenas / memory.lowerBound, purpose).toBeLessThanOrEqual(1.15);
      }
    },
  );

  it.each([
    ['GPU', GPU],
    ['software', CPU],
  ] as const)('ReContrast’s memory is at most 1.15 times what lives at once on a %s adapter', (_, device) => {
    const config = { method: 'recontrast', encoder: 'resnet18', size: 128, batch: 8 } as const;
    const { memory } = buildPlan(detectorStep(config, runLayouts(config, 1)), device);
    expect(memory.arenas / memory.lowerBound).toBeLessThanOrEqual(1.15);
  });
  it.each([
    ['GPU', GPU],
    ['software', CPU],
  ] as const)(
    'CFA’s memory is at most 1.15 times what lives at once on a %s adapter, without a matrix of distances',
    (_, device) => {
      const config = scoringConfig('cfa', 'wide_resnet50_2', { batch: 4, size: 224, images: 1 });
      const layouts = runLayouts(config, 1);
      for (const graph of [
        scorePlan(config, layouts, ['cada'], 1),
        detectorStep(config, layouts, undefined, 'frozen'),
      ]) {
        const { memory, dispatches } = buildPlan(graph, device);
        expect(memory.arenas / memory.lowerBound).toBeLessThanOrEqual(1.15);
        const largest = Math.max(...dispatches.flatMap(({ kernel }) => kernel.bindings.map((b) => b.length)));
        expect(largest).toBeLessThan(config.batch * 3136 ** 2);
        expect(4 * largest).toBeLessThanOrEqual(BASELINE_DEVICE.maxBindingBytes);
      }
    },
  );
});
