import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { input } from '../../src/graph/value.ts';
import { encode, rebuild, revdistSpecs } from '../../src/methods/revdist.ts';
import { type DecoderActivation, RESNETS } from '../../src/models/resnet.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { openSession } from '../../src/runtime/session.ts';
import { openEncoder } from '../../src/score/features.ts';
import { embeddedPath } from '../../src/weights/embedded.ts';
import { loadWeights } from '../../src/weights/encoder.ts';
import { TINY_DATA, wgad } from '../cli/wgad.ts';
import { savedStateDict } from '../formats/forge.ts';
import { hashed, hashedWeights } from '../models/hashed.ts';

const ENCODER = RESNETS.resnet18_w16;
const theirs = hashedWeights(revdistSpecs(ENCODER).trained);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-start-'));
  await writeFile(join(folder, 'rd4ad.pth'), rd4ad());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As RD4AD's trainer saves it: torch.save({'bn': state dict, 'decoder': state dict}). */
const rd4ad = (): Uint8Array =>
  savedStateDict(new Map([...theirs].map(([name, each]) => [name.replace(/^bottleneck/, 'bn'), each])), true);

/** The coarsest map that the detector rebuilds from an image, straight from its graph. */
async function rebuilt(image: Float32Array, decoderActivation: DecoderActivation): Promise<Float32Array> {
  const session = await openSession();
  try {
    const { frozen, trained } = revdistSpecs(ENCODER);
    const layout = networkLayout('all', [...frozen, ...trained]);
    const tensors: StateDict = new Map([
      ...(await loadWeights(embeddedPath('resnet18_w16'), 'encoder')),
      ...theirs,
    ]);
    session.load(layout, tensors);
    const { layers } = bindNetwork(layout, { training: false });
    const features = encode(layers, input('image', [1, 3, 64, 64]), ENCODER);
    const made = rebuild(layers, features, { ...ENCODER, decoderActivation });
    const outputs = new Map([['out', made.rebuilt[2]]]);
    const executable = await session.compile('rebuilt', { outputs, effects: [] });
    executable.run({ image });
    return (await executable.read()).get('out') as Float32Array;
  } finally {
    session.close();
  }
}

it("RD4AD's checkpoint becomes a run: its detector, its activation, and our alignment on top", async () => {
  const data = join(folder, 'data');
  const run = join(folder, 'run');
  expect((await wgad(['data', 'synth', '--out', data, ...TINY_DATA])).code).toBe(0);
  const trained = await wgad([
    ...['train', data, '--out', run, '--detector', join(folder, 'rd4ad.pth')],
    ...['--encoder', 'resnet18_w16', '--align-iterations', '2', '--size', '64', '--batch', '4'],
  ]);
  expect(trained.code, trained.stderr).toBe(0);
  expect(trained.stderr).not.toContain('detector');
  const config = JSON.parse(await readFile(join(run, 'config.json'), 'utf8'));
  expect(config).toMatchObject({ iterations: 0, activation: 'relu', detector: join(folder, 'rd4ad.pth') });

  const weights = join(run, 'weights.safetensors');
  const { tensors, metadata } = await readWeights(weights);
  expect(metadata.get('activation')).toBe('relu');
  for (const [name, { data: numbers }] of theirs) {
    expect(Buffer.from(tensors.get(name)!.data.buffer).equals(Buffer.from(numbers.buffer)), name).toBe(true);
  }
  expect([...tensors.keys()].some((name) => name.startsWith('regressor.'))).toBe(true);

  const image = hashed('image', 3 * 64 * 64);
  const encoder = await openEncoder('resnet18_w16', weights, [64, 64], { names: ['rebuilt3'] });
  const { data: fromRun } = (await encoder.features(image)).get('rebuilt3')!;
  encoder.close();
  const [relu, gelu] = [await rebuilt(image, 'relu'), await rebuilt(image, 'gelu')];
  const distance = (a: Float32Array, b: Float32Array): number =>
    Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
  expect(distance(fromRun, relu)).toBeLessThan(1e-5);
  expect(distance(fromRun, gelu)).toBeGreaterThan(1e-2);

  const predicted = await wgad(['predict', run, data]);
  expect(predicted.code, predicted.stderr).toBe(0);
  for (const line of predicted.stdout.trim().split('\n')) {
    expect(Number.isFinite(JSON.parse(line).calibrated), line).toBe(true);
  }
}, 600_000);
