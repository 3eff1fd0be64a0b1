import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alternate } from '../../src/bench/alternate.ts';
import { exitCodeOf } from '../../src/cli/exitCodes.ts';
import { ConfigError } from '../../src/errors.ts';
import { loadPeers } from '../peers/loadPeers.ts';
import { provideNavigator } from '../peers/navigatorGpu.ts';
import type { PeerName } from '../peers/peer.ts';

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
  ] as const)('the missing peer %s is a usage error that says how to install it', async (name, missing) => {
    writeFileSync(join(folder, 'package.json'), '{}');
    const error = await failure(name);
    expect(error).toBeInstanceOf(ConfigError);
    expect(exitCodeOf(error)).toBe(2);
    expect(error.message).toContain(`--peers ${name}: ${missing} is not installed in ${folder}`);
    expect(error.fix).toBe(`(cd ${folder} && npm ci --ignore-scripts)`);
  });

  it('peers need a checkout where there is no bench/peers', async () => {
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

it('bounds a sample by the clock where an engine’s own time is a small part of a run, or none', async () => {
  let time = 0;
  const runs = { short: 0, none: 0 };
  const single = (name: keyof typeof runs, ms: number) => async () => {
    runs[name] += 1;
    time += 50;
    return { ms };
  };
  const duel = await alternate(single('short', 0.03125), single('none', 0), 3, () => time);
  expect(duel.ours).toMatchObject({ medianMs: 0.03125, runs: 30 });
  expect(duel.theirs).toMatchObject({ medianMs: 0, runs: 30 });
  expect(Math.max(...Object.values(runs))).toBeLessThan(30 + 25 * 10);
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
