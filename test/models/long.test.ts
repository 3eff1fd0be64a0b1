import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { input } from '../../src/graph/value.ts';
import { CADA_DEFAULTS, regressorLoss } from '../../src/methods/cada.ts';
import { REVDIST_DEFAULTS } from '../../src/methods/revdist.ts';
import { alignHead } from '../../src/models/regressor.ts';
import { declare, type Layers, within } from '../../src/nn/layers.ts';
import { optimiserStep, SETTINGS, settingsAt } from '../../src/nn/optimiser.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { runLayouts, trainedParts } from '../../src/run/networkLayouts.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { detectorStep } from '../../src/train/detectorPlans.ts';
import { hashed, hashedWeights } from './hashed.ts';

/** tools/long_goldens.py has why: a network as drawn is chaotic. */
const LAST_NORM = /^(bottleneck\.bn_layer|decoder\.layer\d)\.\d+\.bn3\.weight$/;

/** What runs through the wide encoder's batch norms; its other weights come from the hash. */
const STATISTICS = fileURLToPath(new URL('../goldens/models/long_statistics.safetensors', import.meta.url));

/** The longest takes ten minutes on a software adapter, so they wait for LONG=1. */
const LIMIT = 1_800_000;

interface Run {
  losses: number[];
  /** The same training in float64. */
  float64?: number[];
  batch: number;
  size: number;
  /** Of the last batch norm's weight in each trained residual block, over what the hash gives. */
  branch?: number;
  channels: number;
  side: number;
  salt: string;
}
const CHAOTIC = 'wide_resnet50_2 as drawn';
const goldens: Record<'regressor' | 'resnet18' | 'wide_resnet50_2' | typeof CHAOTIC, Run> = JSON.parse(
  readFileSync(new URL('../goldens/models/long.json', import.meta.url), 'utf8'),
);

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

/**
 * Every loss lies within 1e-3 of PyTorch's float32. `chaotic`: or of its float64, or within three times what the two
 * have parted by then.
 */
async function expectLosses(
  { losses, float64 }: Run,
  lossAt: (step: number) => Promise<number>,
  chaotic = false,
): Promise<void> {
  let [worst, gap] = [0, 0];
  for (const [step, loss] of losses.entries()) {
    const exact = float64?.[step] ?? loss;
    gap = Math.max(gap, Math.abs(loss - exact));
    const got = await lossAt(step);
    const error = Math.min(Math.abs(got - loss), chaotic ? Math.abs(got - exact) : Number.POSITIVE_INFINITY);
    worst = Math.max(worst, error);
    const bound = chaotic ? Math.max(1e-3, 3 * gap) : 1e-3;
    expect(error, `step ${step}: ${got}, expected ${loss} or ${exact}`).toBeLessThan(bound);
  }
  // A bound that the reference itself does not keep would say nothing.
  if (!chaotic) expect(gap).toBeLessThan(5e-4);
  console.log(
    `worst of ${losses.length} losses differs by ${worst.toExponential(2)}; PyTorch's own two by ${gap.toExponential(2)}`,
  );
}

it(
  'the regressor without dropout follows PyTorch over 200 SGD steps',
  async () => {
    const { batch, channels, side, salt } = goldens.regressor;
    const { optimiser } = CADA_DEFAULTS;
    const feature = input('feature', [batch, channels, side, side]);
    const head = (layers: Layers) =>
      within(layers, 'regressor', (inner) => alignHead(inner, feature, { outputs: 2, dropout: 0 }));
    const layout = networkLayout('regressor', declare(head));
    session.load(layout, hashedWeights([...layout.parameters.specs, ...layout.buffers.specs]));
    session.startOptimiser(layout, optimiser);
    const network = bindNetwork(layout, { training: true });
    const loss = regressorLoss(
      head(network.layers),
      input('targets', [batch, 2]),
      REVDIST_DEFAULTS.alignAlpha,
    );
    const executable = await session.compile('regressor', {
      outputs: new Map([['loss', loss]]),
      effects: [
        optimiserStep(network, grad(loss, network.trained), optimiser),
        ...network.statisticsUpdate(),
      ],
    });
    await expectLosses(goldens.regressor, async (step) => {
      executable.run({
        feature: hashed(`feature ${salt} ${step % 5}`, batch * channels * side * side).map((v) =>
          Math.max(0, v),
        ),
        targets: hashed(`target ${salt} ${step % 5}`, batch * 2).map((v) => 0.5 + 0.1 * v),
        [SETTINGS]: settingsAt(optimiser, step),
      });
      return (await executable.read(['loss'])).get('loss')![0]!;
    });
    executable.destroy();
  },
  LIMIT,
);

describe.skipIf(!process.env.LONG)('full-width RevDist', () => {
  it.each(['resnet18', 'wide_resnet50_2', CHAOTIC] as const)(
    'full-width RevDist on %s follows PyTorch',
    async (name) => {
      const { batch, size, branch = 1 } = goldens[name];
      const encoder = name === CHAOTIC ? 'wide_resnet50_2' : name;
      const config = { method: 'revdist', encoder, size, batch } as const;
      const layouts = runLayouts(config, 2);
      const measured = name === 'wide_resnet50_2' ? (await readWeights(STATISTICS)).tensors : undefined;
      for (const layout of layouts.parts) {
        const start = hashedWeights([...layout.parameters.specs, ...layout.buffers.specs]);
        for (const [tensor, { shape, data }] of start) {
          if (LAST_NORM.test(tensor)) start.set(tensor, { shape, data: data.map((v) => branch * v) });
          const statistic = measured?.get(tensor);
          if (statistic) start.set(tensor, statistic);
        }
        session.load(layout, start);
      }
      const { optimiser } = REVDIST_DEFAULTS;
      for (const part of trainedParts(layouts)) session.startOptimiser(part, optimiser);
      const executable = await session.compile(encoder, detectorStep(config, layouts, optimiser));
      const lossAt = async (step: number): Promise<number> => {
        const images = hashed(`batch ${step % 5}`, batch * 3 * size * size).map((v) => v * 2);
        executable.run({ images, [SETTINGS]: settingsAt(optimiser, step) });
        return (await executable.read(['loss'])).get('loss')![0]!;
      };
      await expectLosses(goldens[name], lossAt, name === CHAOTIC);
      executable.destroy();
    },
    LIMIT,
  );
});
