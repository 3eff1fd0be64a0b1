import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { grad } from '../autograd/reverse.ts';
import { textureBatch, textureClasses } from '../data/textures.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { linear } from '../graph/ops/matmul.ts';
import { globalAvgPool2d } from '../graph/ops/pool.ts';
import { input, type Value } from '../graph/value.ts';
import { RESNETS, resnetFeatures } from '../models/resnet.ts';
import { initialize, pytorchDefault, zeros } from '../nn/init.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { crossEntropy } from '../nn/losses.ts';
import { optimiserStep, SETTINGS, settingsAt } from '../nn/optimiser.ts';
import { bindNetwork, networkLayout } from '../nn/trainable.ts';
import { type StepReport, trainLoop } from './loop.ts';
import { type GpuRequest, openSession } from './session.ts';

const TASK = { classes: 64, size: 64, batch: 32, encoder: 'resnet18_w16', seed: 20_260_000 } as const;
const OPTIMISER = {
  kind: 'adamw',
  lr: 3e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 1e-2,
  amsgrad: false,
} as const;

/** Batches that are only looked at: steps far beyond any training. */
const HELD_OUT_STEP = 0x0800_0000;

export interface PretrainOptions {
  readonly out: string;
  readonly iterations: number;
  readonly gpu?: GpuRequest;
  readonly onReport?: (report: StepReport) => void;
}

/**
 * Trains the small encoder to tell procedural textures apart and writes its layers 1 to 3, float32, in
 * torchvision's names. Same adapter and iterations, same bytes. @returns the accuracy on unseen views.
 */
export async function pretrainEncoder({ out, iterations, gpu, onReport }: PretrainOptions): Promise<number> {
  const session = await openSession(gpu);
  try {
    const images = input('images', [TASK.batch, 3, TASK.size, TASK.size]);
    const layout = networkLayout(
      'pretraining',
      declare((layers) => classify(layers, images)),
    );
    const specs = [...layout.parameters.specs, ...layout.buffers.specs];
    session.load(layout, initialize(specs, TASK.seed));
    session.startOptimiser(layout, OPTIMISER);
    const network = bindNetwork(layout, { training: true });
    const loss = crossEntropy(classify(network.layers, images), input('labels', [TASK.batch], 'i32'));
    const gradients = grad(loss, network.trained);
    const executable = await session.compile('pretraining step', {
      outputs: new Map([['loss', loss]]),
      effects: [optimiserStep(network, gradients, OPTIMISER), ...network.statisticsUpdate()],
    });
    const classes = textureClasses(TASK.classes);
    await trainLoop({
      gpu: session.gpu,
      executable,
      start: 0,
      iterations,
      inputsAt: async (step) => ({
        ...textureBatch(classes, step, TASK.batch, TASK.size),
        [SETTINGS]: settingsAt(OPTIMISER, step, cosineRate(step, iterations, OPTIMISER.lr)),
      }),
      onReport,
    });
    const evaluation = bindNetwork(layout, { training: false });
    const scorer = await session.compile('pretraining test', {
      outputs: new Map([['logits', classify(evaluation.layers, images)]]),
      effects: [],
    });
    let right = 0;
    const batches = 8;
    for (let i = 0; i < batches; i++) {
      const { images: views, labels } = textureBatch(classes, HELD_OUT_STEP + i, TASK.batch, TASK.size);
      scorer.run({ images: views });
      const logits = (await scorer.read()).get('logits') as Float32Array;
      labels.forEach((label, n) => {
        const row = logits.subarray(n * TASK.classes, (n + 1) * TASK.classes);
        if (row.indexOf(Math.max(...row)) === label) right += 1;
      });
    }
    const accuracy = right / (batches * TASK.batch);
    const trained = await session.save(layout);
    const encoder = new Map(
      [...trained].flatMap(([name, tensor]) =>
        name.startsWith('encoder.') ? [[name.slice(8), tensor] as const] : [],
      ),
    );
    await mkdir(dirname(out), { recursive: true });
    await writeSafetensors(out, encoder, {
      format: 'wgad weights 1',
      encoder: TASK.encoder,
      task: `${TASK.classes} procedural textures, ${TASK.size} px, ${iterations} steps of ${TASK.batch}`,
      accuracy: accuracy.toFixed(4),
    });
    return accuracy;
  } finally {
    session.close();
  }
}

/** The encoder's three layers, pooled, and one linear layer that is thrown away afterwards. */
function classify(layers: Layers, images: Value): Value {
  const [, , f3] = within(layers, 'encoder', (inner) => resnetFeatures(inner, images, RESNETS[TASK.encoder]));
  return within(layers, 'fc', (inner) =>
    linear(
      globalAvgPool2d(f3),
      inner.parameter('weight', [TASK.classes, f3.shape[1]!], pytorchDefault),
      inner.parameter('bias', [TASK.classes], zeros),
    ),
  );
}

/** Warm-up over the first 5 %, then half a cosine to 0. */
function cosineRate(step: number, iterations: number, lr: number): number {
  const warm = Math.max(1, Math.floor(iterations * 0.05));
  if (step < warm) return (lr * (step + 1)) / warm;
  return lr * 0.5 * (1 + Math.cos((Math.PI * (step - warm)) / Math.max(1, iterations - warm)));
}
