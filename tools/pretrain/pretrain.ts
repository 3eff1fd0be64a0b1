import { dirname } from 'node:path';
import { grad } from '../../src/autograd/reverse.ts';
import { makeFolder, requireWritable } from '../../src/formats/regularFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { input } from '../../src/graph/value.ts';
import { auroc } from '../../src/metrics/index.ts';
import type { EmbeddedEncoder } from '../../src/models/embedded.ts';
import { initialize } from '../../src/nn/init.ts';
import { declare, type Layers } from '../../src/nn/layers.ts';
import { optimiserStep, SETTINGS, settingsAt } from '../../src/nn/optimiser.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { type GpuRequest, openSession } from '../../src/runtime/session.ts';
import { type StepReport, trainLoop } from '../../src/train/loop.ts';
import { placesBatch } from './places.ts';
import { choicesAt, comparedLabels, PLACES, type PlaceMaps, placeMaps, placesLoss } from './placesTask.ts';

const TASK = { size: 64, batch: 32, seed: 20_260_000 } as const;

/** Steps after which each shipped file was written. */
export const PRETRAINING_STEPS = {
  resnet18_w16: 1000,
  resnet18_w32: 3600,
} as const satisfies Partial<Record<EmbeddedEncoder, number>>;

export type ScenesEncoder = keyof typeof PRETRAINING_STEPS;

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
const HELD_OUT_BATCHES = 8;

export interface PretrainOptions {
  readonly encoder: ScenesEncoder;
  readonly out: string;
  readonly iterations: number;
  readonly gpu?: GpuRequest;
  /** Ends the training after the step in flight; nothing is written then. */
  readonly signal?: AbortSignal;
  readonly onReport?: (report: StepReport) => void;
}

/**
 * Trains a small encoder to tell the places of scenes apart and to find those that don't belong, and writes
 * its layers 1 to 3, float32, in torchvision's names. Same adapter and iterations, same bytes.
 * @returns how well it ranks the places of unseen scenes, as AUROC at strides 4, 8 and 16.
 */
export async function pretrainEncoder({
  encoder,
  out,
  iterations,
  gpu,
  signal,
  onReport,
}: PretrainOptions): Promise<number[]> {
  await makeFolder(dirname(out));
  await requireWritable(out);
  const session = await openSession(gpu);
  try {
    const images = input('images', [2 * TASK.batch, 3, TASK.size, TASK.size]);
    const maps = (layers: Layers): PlaceMaps => placeMaps(layers, images, encoder);
    const layout = networkLayout('pretraining', declare(maps));
    const specs = [...layout.parameters.specs, ...layout.buffers.specs];
    session.load(layout, initialize(specs, TASK.seed));
    session.startOptimiser(layout, OPTIMISER);
    const network = bindNetwork(layout, { training: true });
    const compared = comparedLabels(TASK.batch);
    const loss = placesLoss(maps(network.layers), input('compared', [compared.length], 'i32'));
    const gradients = grad(loss, network.trained);
    const executable = await session.compile('pretraining step', {
      outputs: new Map([['loss', loss]]),
      effects: [optimiserStep(network, gradients, OPTIMISER), ...network.statisticsUpdate()],
    });
    await trainLoop({
      gpu: session.gpu,
      executable,
      start: 0,
      iterations,
      inputsAt: async (step) => ({
        ...inputsOf(step),
        ...choicesAt(TASK.seed, step, TASK.size),
        compared,
        [SETTINGS]: settingsAt(OPTIMISER, step, cosineRate(step, iterations, OPTIMISER.lr)),
      }),
      signal,
      onReport,
    });
    signal?.throwIfAborted();
    const evaluation = bindNetwork(layout, { training: false });
    const scorer = await session.compile('pretraining test', {
      outputs: new Map(maps(evaluation.layers).logits.map((logits, i) => [PLACES[i]!, logits])),
      effects: [],
    });
    const scores = PLACES.map((): number[] => []);
    const labels = PLACES.map((): number[] => []);
    for (let i = 0; i < HELD_OUT_BATCHES; i++) {
      const { images: views, ...places } = inputsOf(HELD_OUT_STEP + i);
      scorer.run({ images: views });
      const logits = await scorer.read();
      PLACES.forEach((name, k) => {
        scores[k]!.push(...(logits.get(name) as Float32Array));
        labels[k]!.push(...places[name]);
      });
    }
    const ranking = scores.map((values, k) => auroc(values, labels[k]!).value ?? Number.NaN);
    const trained = await session.save(layout);
    const tensors = new Map(
      [...trained].flatMap(([name, tensor]) =>
        name.startsWith('encoder.') ? [[name.slice(8), tensor] as const] : [],
      ),
    );
    await writeSafetensors(out, tensors, {
      format: 'wgad weights 1',
      encoder,
      task: `places of procedural scenes, ${TASK.size} px, ${iterations} steps of ${TASK.batch}`,
      auroc: ranking.map((value) => value.toFixed(4)).join(' '),
    });
    return ranking;
  } finally {
    session.close();
  }
}

function inputsOf(step: number): Record<'images' | (typeof PLACES)[number], Float32Array> {
  const { images, places } = placesBatch(step, TASK.batch, TASK.size);
  return { images, places1: places[0], places2: places[1], places3: places[2] };
}

/** Warm-up over the first 5 %, then half a cosine to 0. */
function cosineRate(step: number, iterations: number, lr: number): number {
  const warm = Math.max(1, Math.floor(iterations * 0.05));
  if (step < warm) return (lr * (step + 1)) / warm;
  return lr * 0.5 * (1 + Math.cos((Math.PI * (step - warm)) / Math.max(1, iterations - warm)));
}
