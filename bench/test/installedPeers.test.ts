import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomNumbers } from '../../src/bench/randomNetwork.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import { REVDIST_DEFAULTS } from '../../src/methods/revdist.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { compileClassifier } from '../duels/classifier.ts';
import { compileScoring, scoreFraction } from '../duels/scoring.ts';
import { compileDuelStep, treeDistance } from '../duels/training.ts';
import { PEERS_FOLDER } from '../peers/install.ts';
import { type LoadedPeers, loadPeers } from '../peers/loadPeers.ts';
import type { PeerName } from '../peers/peer.ts';
import { SAMPLE_OPERATIONS } from './operations.ts';

const installed = (name: string): boolean => existsSync(join(PEERS_FOLDER, 'node_modules', name));

/** Whether `python` finds a PyTorch, of 2.1 or newer where it is to compile. */
const torchIn = (python: string, compiles = false): boolean => {
  const found = `import importlib.metadata as m; v = m.version("torch").split(".")`;
  const enough = compiles ? 'assert (int(v[0]), int(v[1])) >= (2, 1)' : '';
  return spawnSync(python, ['-c', `${found}\n${enough}`]).status === 0;
};
const { WGAD_PYTHON } = process.env;
const python = [WGAD_PYTHON ?? '/usr/bin/python3', 'python3'].find((each) => torchIn(each));

/** Peers are installed by hand; where one is not, its cases are reported as skipped. Compiling shaders takes minutes. */
const CASES: readonly [PeerName, { trains?: boolean; scores?: boolean; there: boolean }][] = [
  ['ort-cpu', { there: installed('onnxruntime-node') }],
  ['tfjs-webgpu', { trains: true, there: installed('@tensorflow/tfjs-backend-webgpu') }],
  ['jax-js', { trains: true, there: installed('@jax-js/jax') }],
  ['torch', { trains: true, scores: true, there: python !== undefined }],
  // Minutes of C++ for each network: only where it was asked for by name.
  [
    'torch-compiled',
    { trains: true, scores: true, there: WGAD_PYTHON !== undefined && torchIn(WGAD_PYTHON, true) },
  ],
];
const TIMEOUT = 900_000;
const encoder = 'resnet18_w16';
const sizes = { batch: 2, size: 64 };
const config = RESNETS[encoder];

describe.each(CASES)('%s', (name, { trains, scores, there }) => {
  let session: Session;
  let loaded: LoadedPeers;
  beforeAll(async () => {
    if (!there) return;
    session = await openSession();
    loaded = await loadPeers([name], { python });
  }, TIMEOUT);
  afterAll(() => {
    loaded?.close();
    session?.close();
  });

  it.skipIf(!there)(
    'a peer computes our classifier’s logits, each of its inputs in turn',
    async () => {
      const classifier = await compileClassifier(session, encoder, sizes);
      const inputs = [1, 2].map((seed) => randomNumbers(2 * 3 * 64 * 64, seed, 0));
      const [peer] = loaded.peers;
      const network = await peer!.classifier({ config, tensors: classifier.tensors, inputs, ...sizes });
      for (const turn of [0, 1, 2]) {
        classifier.executable.run({ images: inputs[turn % 2]! });
        const ours = (await classifier.executable.read()).get('logits') as Float32Array;
        expect(relativeDistance(await network.run(turn), ours)).toBeLessThan(1e-4);
      }
      await network.close();
      classifier.destroy();
    },
    TIMEOUT,
  );

  it.skipIf(!there || !scores)(
    'a peer computes our RevDist scores',
    async () => {
      const scoring = await compileScoring(session, { encoder, ...sizes, precision: 'f32' });
      const inputs = [1, 2].map((seed) => randomNumbers(2 * 3 * 64 * 64, seed, 0));
      const start = { config, tensors: scoring.tensors, inputs, ...sizes };
      const network = await loaded.peers[0]!.scoring!(start, { scoreFraction });
      for (const turn of [0, 1]) {
        scoring.executable.run({ images: inputs[turn]! });
        const ours = (await scoring.executable.read()).get('score') as Float32Array;
        expect(ours.length).toBe(2);
        expect(relativeDistance(await network.run(turn), ours)).toBeLessThan(1e-5);
        expect(network.ownMs!()).toBeGreaterThan(0);
      }
      await network.close();
      scoring.destroy();
    },
    TIMEOUT,
  );

  it.skipIf(!there || name === 'torch-compiled')(
    'a peer computes single operations',
    async () => {
      for (const { label, start, expected } of SAMPLE_OPERATIONS) {
        const kernel = await loaded.peers[0]!.operation!(start);
        if (!kernel) {
          // The one thing that one of them does not have.
          expect([name, start.operation], label).toMatchObject(['tfjs-webgpu', { geometry: { groups: 2 } }]);
          continue;
        }
        const { run, onDevice, close } = kernel;
        const distance = relativeDistance(await run(), Float32Array.from(expected.data));
        expect(distance, label).toBeLessThan(1e-6);
        onDevice?.enqueue(2);
        await onDevice?.finish();
        expect(onDevice === undefined, label).toBe(name.startsWith('ort'));
        await close();
      }
    },
    TIMEOUT,
  );

  it.skipIf(!there || scores)('a peer without scoring is not asked for scores', () => {
    expect(loaded.peers[0]!.scoring).toBeUndefined();
  });

  it.skipIf(!there || trains)('a peer without training has no training step', () => {
    expect(loaded.peers[0]!.training).toBeUndefined();
  });

  it.skipIf(!there || !trains)(
    'a peer takes our training step: losses and gradients',
    async () => {
      const ours = await compileDuelStep(session, { encoder, ...sizes });
      const { tensors, inputs } = ours;
      const start = { config, tensors, inputs, ...sizes };
      const theirs = await loaded.peers[0]!.training!(start, REVDIST_DEFAULTS.optimiser);
      const losses = [await ours.step(0)];
      expect(await theirs.step(0)).toBeCloseTo(losses[0]!, 4);
      expect(treeDistance(await theirs.moments(), await ours.moments())).toBeLessThan(1e-3);
      for (const turn of [1, 2]) {
        losses.push(await ours.step(turn));
        expect(await theirs.step(turn)).toBeCloseTo(losses[turn]!, 2);
      }
      // Each step did update the weights: the first loss comes from none, the third from two.
      expect(losses[2]).toBeLessThan(losses[0]!);
      await theirs.close();
      ours.destroy();
    },
    TIMEOUT,
  );
});
