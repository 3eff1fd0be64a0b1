import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alternate } from '../turns/alternate.ts';
import { matching } from '../../src/bench/caseFilter.ts';
import { relativeDistance } from '../duels/duel.ts';
import { loadPeers } from '../peers/loadPeers.ts';
import { provideNavigator } from '../peers/navigatorGpu.ts';
import type { PeerName } from '../peers/peer.ts';
import { type BenchRecord, formatRecords } from '../../src/bench/record.ts';
import { exitCodeOf } from '../../src/cli/exitCodes.ts';
import { ConfigError } from '../../src/errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgad-peers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const failure = (name: PeerName): Promise<ConfigError> =>
  loadPeers([name], { folder }).then(
    () => {
      throw new Error('loaded a peer from an empty folder');
    },
    (error: ConfigError) => error,
  );

describe('a peer that is not there', () => {
  it.each([
    ['ort-webgpu', 'onnxruntime-node'],
    ['tfjs-webgpu', '@tensorflow/tfjs-backend-webgpu'],
    ['jax-js', '@jax-js/jax'],
  ] as const)('%s is a usage error that says how to install it', async (name, missing) => {
    writeFileSync(join(folder, 'package.json'), '{}');
    const error = await failure(name);
    expect(error).toBeInstanceOf(ConfigError);
    expect(exitCodeOf(error)).toBe(2);
    expect(error.message).toContain(`--peers ${name}: ${missing} is not installed in ${folder}`);
    expect(error.fix).toBe(`(cd ${folder} && npm ci --ignore-scripts)`);
  });

  it('needs a checkout where there is no bench/peers', async () => {
    expect((await failure('ort-cpu')).fix).toContain('checkout of the repository');
  });
});

it('that is there and does not load is a usage error that names its version', async () => {
  const home = join(folder, 'node_modules', 'onnxruntime-node');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "version": "9.8.7", "main": "index.js" }');
  writeFileSync(join(home, 'index.js'), 'throw new Error("no build for this platform")');
  const error = await failure('ort-cpu');
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toContain('onnxruntime-node 9.8.7 does not load: no build for this platform');
});

it('puts navigator back as it was', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const gpu = {} as GPU;
  const restore = provideNavigator(gpu);
  expect((globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu).toBe(gpu);
  restore();
  expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
});

it('are pinned exactly, and by no registry’s address', () => {
  const read = (name: string): string => readFileSync(`bench/peers/${name}`, 'utf8');
  for (const version of Object.values(JSON.parse(read('package.json')).dependencies)) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  }
  for (const [address] of read('package-lock.json').matchAll(/"resolved": "[^"]*/g)) {
    expect(address).toContain('https://registry.npmjs.org/');
  }
});

it('takes turns: who begins changes, inputs rotate, the ratio is theirs over ours', async () => {
  const turns: string[] = [];
  let time = 0;
  const contender = (name: string, ms: number) => async (turn: number) => {
    turns.push(`${name}${turn}`);
    time += ms;
  };
  const duel = await alternate(contender('a', 10), contender('b', 30), 4, () => time);
  // A sample of the fast one is the two runs that fill 20 ms.
  expect(
    turns
      .slice(-12)
      .map((turn) => turn[0])
      .join(''),
  ).toBe('aabbaaaabbaa');
  for (const name of ['a', 'b']) {
    const counts = turns.filter((turn) => turn[0] === name).map((turn) => Number(turn.slice(1)));
    expect(counts).toEqual(counts.map((_, i) => i));
  }
  expect(duel).toEqual({
    ours: { medianMs: 10, p10Ms: 10, p90Ms: 10, runs: 8 },
    theirs: { medianMs: 30, p10Ms: 30, p90Ms: 30, runs: 4 },
    ratio: 3,
    ratioP10: 3,
    ratioP90: 3,
  });
});

it('enqueues all runs of a sample before it waits, and takes an engine’s own time', async () => {
  const enqueued: number[] = [];
  let time = 0;
  const ours = {
    enqueue: (repeats: number) => void enqueued.push(repeats),
    finish: async () => void (time += 5 * enqueued.at(-1)!),
  };
  const theirs = { enqueue: () => {}, finish: async () => ({ ms: 100 }) };
  const duel = await alternate(ours, theirs, 2, () => time);
  expect(enqueued.at(-1)).toBe(4);
  expect(duel.ours).toMatchObject({ medianMs: 5, runs: 8 });
  expect(duel.theirs).toMatchObject({ medianMs: 100, runs: 2 });
  expect(duel.ratio).toBe(20);
});

it('a filter takes cases by name and shape, or says which there are', () => {
  const cases = ['a none', 'a cada', 'b none'].map((name) => ({ name, shape: '1 x 64 px' }));
  const names = (filter?: RegExp): string[] => matching(cases, { filter }).map(({ name }) => name);
  expect(names()).toHaveLength(3);
  expect(names(/^a none 1 x/)).toEqual(['a none']);
  expect(() => names(/16 x/)).toThrow('--filter 16 x: none of 3 cases matches');
});

it('warms up while samples disagree, for a minute at most', async () => {
  let time = 0;
  let calls = 0;
  const restless = async (): Promise<void> => {
    time += 10_000 * (1 + (calls++ % 2));
  };
  await alternate(
    restless,
    async () => void (time += 1000),
    1,
    () => time,
  );
  // Four samples pass the minute, one is the round's.
  expect(calls).toBe(5);
});

it('measures distance relative to the second', () => {
  expect(relativeDistance(Float32Array.of(3, 5), Float32Array.of(3, 4))).toBeCloseTo(0.2, 12);
  expect(relativeDistance(Float32Array.of(1), Float32Array.of(1, 0))).toBe(Infinity);
  expect(relativeDistance(Float32Array.of(NaN), Float32Array.of(1))).toBeNaN();
});

describe('records', () => {
  const record = (more: Partial<BenchRecord>): BenchRecord => ({
    ...{ suite: 'latency', name: 'n', adapter: 'a', shape: 's', dtype: 'f32', variant: 'v' },
    ...{ medianMs: 10, p10Ms: 10, p90Ms: 10, runs: 9 },
    ...{ gflops: 1, gbs: 1, rooflineShare: null, peer: null, ratio: null },
    ...more,
  });
  const against = { peer: 'ort-cpu', ratio: 5, ratioP10: 4.9, ratioP90: 5.1 };

  it('print the ratio with its spread where there is one', () => {
    expect(formatRecords([record(against)])).toContain('5.00 (4.90 to 5.10)');
    expect(formatRecords([record({})])).not.toContain('times as fast');
  });
});
