import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { input } from '../../src/graph/value.ts';
import { encode, REVDIST_DEFAULTS, revdistSpecs } from '../../src/methods/revdist.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import { SETTINGS, settingsAt } from '../../src/nn/optimiser.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { runLayouts, trainedParts } from '../../src/run/networkLayouts.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { detectorStep } from '../../src/train/detectorPlans.ts';
import { hashed, hashedWeights, sampled } from './hashed.ts';

interface Goldens {
  features: { norm: number; sample: number[] }[];
  losses: number[];
  weights: Record<string, number[]>;
}
const goldens: Goldens = JSON.parse(
  readFileSync(new URL('../goldens/models/revdist.json', import.meta.url), 'utf8'),
);

let session: Session;
afterAll(() => session?.close());

describe('against PyTorch', () => {
  it('resnet18 gives PyTorch’s features within 1e-4', async () => {
    session ??= await openSession();
    const { frozen } = revdistSpecs(RESNETS.resnet18);
    const layout = networkLayout('golden encoder', frozen);
    session.load(layout, hashedWeights(frozen));
    const taps = encode(
      bindNetwork(layout, { training: false }).layers,
      input('images', [2, 3, 64, 64]),
      RESNETS.resnet18,
    );
    const executable = await session.compile('features', {
      outputs: new Map(taps.map((tap, i) => [`f${i}`, tap])),
      effects: [],
    });
    executable.run({ images: hashed('images', 2 * 3 * 64 * 64).map((v) => v * 2) });
    const out = await executable.read();
    taps.forEach((_, i) => {
      const got = out.get(`f${i}`) as Float32Array;
      const { norm, sample } = goldens.features[i]!;
      const own = Math.sqrt(got.reduce((total, v) => total + v * v, 0));
      expect(Math.abs(own / norm - 1)).toBeLessThan(1e-4);
      const error = sampled(got, sample.length).reduce((total, v, j) => total + (v - sample[j]!) ** 2, 0);
      const size = sample.reduce((total, v) => total + v * v, 0);
      expect(Math.sqrt(error / size)).toBeLessThan(1e-4);
    });
    executable.destroy();
  });

  it('RevDist trains 20 steps with PyTorch’s losses and weights', async () => {
    session ??= await openSession();
    const config = { method: 'revdist', encoder: 'resnet18_w16', size: 64, batch: 4 } as const;
    const layouts = runLayouts(config, 2);
    for (const layout of layouts.parts) {
      session.load(layout, hashedWeights([...layout.parameters.specs, ...layout.buffers.specs]));
    }
    const { optimiser } = REVDIST_DEFAULTS;
    const [detector] = trainedParts(layouts);
    session.startOptimiser(detector!, optimiser);
    const executable = await session.compile('golden step', detectorStep(config, layouts, optimiser));
    for (const [step, want] of goldens.losses.entries()) {
      const images = hashed(`batch ${step}`, 4 * 3 * 64 * 64).map((v) => v * 2);
      executable.run({ images, [SETTINGS]: settingsAt(optimiser, step) });
      const loss = (await executable.read(['loss'])).get('loss')![0]!;
      expect(Math.abs(loss - want), `step ${step}: ${loss} against ${want}`).toBeLessThan(1e-3);
    }
    const weights = await session.save(detector!);
    for (const [name, sample] of Object.entries(goldens.weights)) {
      const got = sampled(weights.get(name)!.data, sample.length);
      const error = Math.sqrt(got.reduce((total, v, i) => total + (v - sample[i]!) ** 2, 0));
      const size = Math.sqrt(sample.reduce((total, v) => total + v * v, 0));
      expect(error / size, name).toBeLessThan(2e-2);
    }
  }, 400_000);
});
