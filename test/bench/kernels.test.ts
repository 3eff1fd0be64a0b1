import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkCases } from '../../src/bench/cases.ts';
import { benchKernels, chooseCases, prepareCase } from '../../src/bench/kernels.ts';
import { leastMs } from '../../src/bench/planCase.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import { countMacs } from '../../src/graph/count.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';

const PACE = { peakGflops: 2, peakAt: '', copyGbs: 1, copyAt: '', submitMs: 0, dispatchMs: 0 };

describe('the cases of networks', () => {
  const cases = networkCases(BASELINE_DEVICE, {
    networks: ['resnet18', 'resnet50', 'efficientnet_b4'],
    batches: [1, 2],
    size: 64,
  });
  const named = (name: string) => cases.filter((each) => each.name === name);

  it('each kernel case is listed once, with the networks that share it', () => {
    expect(new Set(cases.map(({ name, shape }) => `${name} ${shape}`)).size).toBe(cases.length);
    const shared = cases.filter(({ networks }) => networks.length > 1);
    expect(shared.length).toBeGreaterThan(10);
    expect(named('resnet18/conv2d 7x7 s2 3x64x64->64')[0]!.networks).toEqual(['resnet18', 'resnet50']);
  });

  it.each([
    ['resnet18/conv2d 3x3 s1 64x16x16->64', 2],
    ['resnet18/conv2d input gradient 3x3 s1 64x16x16->64', 2],
    ['resnet18/conv2d weight gradient 3x3 s2 64x16x16->128', 2],
    ['resnet18/convTranspose2d 2x2 s2 512x2x2->256', 2],
    ['resnet18/matmul 1x512x256 tb', 1],
    ['efficientnet_b4/depthwise 5x5 s2 192x16x16->192', 2],
  ])('the kernel cases have %s for both batches', (name, count) => {
    expect(named(name)).toHaveLength(count);
  });

  it('kernel cases do the arithmetic that their name says', () => {
    const macs = 64 * 64 * 9 * 16 * 16;
    const [one, two] = named('resnet18/conv2d 3x3 s1 64x16x16->64');
    expect([one!.macs, two!.macs]).toEqual([macs, 2 * macs]);
    expect(countMacs(one!.build().graph)).toBe(macs);
  });

  it('kernel cases count how often they are computed', () => {
    const [three] = networkCases(BASELINE_DEVICE, { networks: ['resnet18'], batches: [1], size: 64 }).filter(
      ({ name }) => name === 'resnet18/conv2d 3x3 s1 64x16x16->64',
    );
    // Four in the encoder, three in the decoder, in scoring and in training.
    expect(three!.uses).toBe(14);
  });

  it('kernel cases time no packing of weights where the network does not', () => {
    const scored = named('resnet18/conv2d 3x3 s1 64x16x16->64')[0]!.build();
    expect(scored.states).toHaveLength(1);
    const trained = named('resnet18/conv2d input gradient 3x3 s1 64x16x16->64')[0]!.build();
    expect(trained.states).toHaveLength(0);
  });
});

it('the least time takes the slower of arithmetic and copying', () => {
  const [each] = networkCases(BASELINE_DEVICE, { networks: ['resnet18_w16'], batches: [1], size: 64 });
  const { dispatches, prelude } = buildPlan(each!.build().graph, BASELINE_DEVICE);
  const rest = dispatches.slice(prelude);
  const [{ kernel }] = rest as [(typeof rest)[number]];
  expect(rest).toHaveLength(1);
  expect(leastMs(rest, { ...PACE, copyGbs: 1e9 })).toBeCloseTo(kernel.flops / 2e6, 9);
  expect(leastMs(rest, { ...PACE, peakGflops: 1e9 })).toBeCloseTo(kernel.bytes / 1e6, 9);
});

describe('on an adapter', () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession();
  });
  afterAll(() => session.close());

  const small = { models: ['resnet18_w16'], batches: [1], size: 64 } as const;

  it('bench kernels measures the heaviest case of each kind', async () => {
    const cases = chooseCases(session, small);
    const kinds = cases.map(({ kind }) => kind);
    expect(kinds).toEqual(
      expect.arrayContaining(['conv2d', 'conv2d input gradient', 'convTranspose2d', 'matmul', 'adamw']),
    );
    const before = session.gpu.buffers.counters.live;
    const light = cases.filter(({ name }) => /matmul \d+x|adamw|convTranspose2d/.test(name));
    const records = await benchKernels(session, light, { pace: PACE, onCase() {} });
    expect(records).toHaveLength(light.length);
    for (const record of records) {
      expect(record.medianMs, record.name).toBeGreaterThan(0);
      expect(record.rooflineShare, record.name).toBeGreaterThan(0);
      expect(record.gflops! / 2, record.name).toBeCloseTo(record.gemmShare!, 9);
    }
    expect(session.gpu.buffers.counters.live).toBe(before);
  });

  it('bench kernels in f16 takes scoring’s cases, named so, and computes the same', async () => {
    const half = { ...small, precision: 'f16' } as const;
    const filter = /matmul 1x128x256|conv2d 3x3 s1 16x16x16->16/;
    const cases = chooseCases(session, { ...half, filter });
    expect(cases.map(({ name }) => name)).toEqual([
      'resnet18_w16/conv2d 3x3 s1 16x16x16->16 f16',
      'resnet18_w16/matmul 1x128x256 tb f16',
    ]);
    const records = await benchKernels(session, cases, { pace: PACE, onCase() {} });
    expect(records.map(({ dtype }) => dtype)).toEqual(['f16', 'f16']);
    const results: Float32Array[] = [];
    for (const precision of ['f32', 'f16'] as const) {
      const [conv] = chooseCases(session, { ...small, precision, filter: /conv2d 3x3 s1 16x16x16->16/ });
      const prepared = await prepareCase(session, conv!);
      results.push((await prepared.executable.read(['out'])).get('out') as Float32Array);
      prepared.destroy();
    }
    const distance = relativeDistance(results[1]!, results[0]!);
    expect(distance).toBeGreaterThan(1e-5);
    expect(distance).toBeLessThan(1e-3);
    expect(() => chooseCases(session, { ...half, filter: /adamw|gradient/ })).toThrow(/none of/);
  });

  it('a filter of kernel cases finds a case under each of its networks, or says what there is', () => {
    const models = ['resnet18', 'resnet50'] as const;
    const stem = chooseCases(session, { ...small, models, filter: /^resnet50\/conv2d 7x7/ });
    expect(stem.map(({ name }) => name)).toEqual(['resnet18/conv2d 7x7 s2 3x64x64->64']);
    expect(() => chooseCases(session, { ...small, filter: /fft/ })).toThrow(
      /none of \d+ kernel cases matches/,
    );
  });
});
