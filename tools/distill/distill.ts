import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { grad } from '../../src/autograd/reverse.ts';
import { ConfigError } from '../../src/errors.ts';
import { makeFolder, requireWritable } from '../../src/formats/regularFile.ts';
import { sha256Of } from '../../src/formats/sha256.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { type AdaptedConfig, adapted } from '../../src/models/adapted.ts';
import type { PretrainedName } from '../../src/models/encoders/index.ts';
import { RESNETS, resnetFeatures } from '../../src/models/resnet.ts';
import { initialize, type StateDict } from '../../src/nn/init.ts';
import { declare, type Layers, within } from '../../src/nn/layers.ts';
import { ADAMW, optimiserStep, SETTINGS, settingsAt } from '../../src/nn/optimiser.ts';
import { bindNetwork, type NetworkLayout, networkLayout } from '../../src/nn/trainable.ts';
import {
  type Checkpoint,
  type CheckpointStage,
  loadCheckpoint,
  restoreSlabs,
  saveCheckpoint,
} from '../../src/run/checkpoint.ts';
import { folderStore } from '../../src/run/folderStore.ts';
import { type GpuRequest, openSession, type Session, trainingSlabs } from '../../src/runtime/session.ts';
import type { NumberArray } from '../../src/runtime/state.ts';
import { type StepReport, trainLoop } from '../../src/train/loop.ts';
import { weightsPath } from '../../src/weights/embedded.ts';
import { loadWeights, openPretrained } from '../../src/weights/encoder.ts';
import { underName } from '../../src/weights/tensorSource.ts';
import { pictureBatch } from './batch.ts';
import type { Photograph } from './crops.ts';
import { channelMoments, matchingLoss, momentName, pooledMoments, teacherTaps } from './task.ts';

/** Sides of the crops in pixels, and crops a step. */
const TASK: DistillTask = { size: 96, batch: 32 };
/** Of the student's random weights and the adapters. */
const WEIGHTS_SEED = 20_260_001;

const OPTIMISER = { ...ADAMW, lr: 2e-3, weightDecay: 1e-2 } as const;
const WARM_UP_STEPS = 50;
/** The rate falls to 0 over this last share of the steps. */
const FALL_SHARE = 0.3;

/** Steps after which the shipped file was written. */
export const DISTILLATION_STEPS = 1020;

/** Batches that the teacher's means and deviations are taken over, and the first of them: far beyond any training. */
const MOMENT_BATCHES = 8;
const MOMENT_STEP = 0x0800_0000;

export interface DistillTask {
  readonly size: number;
  readonly batch: number;
}

export interface DistillOptions {
  /** Name of the encoder, for the file. */
  readonly encoder: string;
  readonly student: AdaptedConfig;
  readonly teacher: PretrainedName;
  /** File with the teacher's weights, or `embedded`. */
  readonly weights: string;
  readonly photographs: readonly Photograph[];
  /** Default: 96 px, 32 a step. */
  readonly task?: DistillTask;
  /** The student's first weights; default: random ones. */
  readonly start?: string;
  /** Folder of the checkpoints. */
  readonly run: string;
  /** Goes on from the checkpoints there. */
  readonly resume?: boolean;
  readonly iterations: number;
  readonly out: string;
  readonly gpu?: GpuRequest;
  /** Ends the training after the step in flight, which is saved; nothing is written to `out` then. */
  readonly signal?: AbortSignal;
  readonly onReport?: (report: StepReport) => void;
}

/**
 * Trains a small encoder to give the features of a larger one for crops of photographs, and writes it, float32. Same adapter, same options, same bytes, however
 * often it was stopped. The rate is the same for all totals of steps until it falls, so a run can be prolonged from
 * the last checkpoint before that.
 * @returns the loss of the last step.
 */
export async function distillEncoder(options: DistillOptions): Promise<number> {
  const { encoder, teacher, photographs, run, iterations, out, signal, onReport } = options;
  const { trunk, channels } = options.student;
  const { size, batch } = options.task ?? TASK;
  await Promise.all([run, dirname(out)].map((folder) => makeFolder(folder)));
  await requireWritable(out);
  const stages = await stagesOf(options);
  const imagesAt = (step: number): Float32Array => pictureBatch(photographs, step, batch, size);
  const session = await openSession(options.gpu);
  try {
    const images = input('images', [batch, 3, size, size]);
    const taught = await loadTeacher(session, images, options);
    const moments = await momentsOf(session, taught, imagesAt);
    const wanted = taught.map(({ shape }) => shape[1]!);
    if (`${wanted}` !== `${channels}`) {
      throw new ConfigError(`${encoder}: has taps of ${channels} channels, ${teacher} of ${wanted}`);
    }
    // The trunk under `encoder`, as files of first weights have it.
    const student = (layers: Layers): Value[] =>
      adapted(
        layers,
        within(layers, 'encoder', (inner) => resnetFeatures(inner, images, RESNETS[trunk])),
        channels,
      );
    const layout = networkLayout('distillation', declare(student));
    const slabs = new Map(trainingSlabs(layout, OPTIMISER));
    const checkpoint = await lastOf(stages, slabs, options);
    session.load(layout, await firstWeights(layout, options.start));
    session.startOptimiser(layout, OPTIMISER);
    if (checkpoint) restoreSlabs(session, checkpoint);
    const network = bindNetwork(layout, { training: true });
    const loss = matchingLoss(student(network.layers), taught);
    const executable = await session.compile('distillation step', {
      outputs: new Map([['loss', loss]]),
      effects: [
        optimiserStep(network, grad(loss, network.trained), OPTIMISER),
        ...network.statisticsUpdate(),
      ],
    });
    let last = Number.NaN;
    let done = checkpoint?.step ?? 0;
    for (const { name, place, hash, end } of stages) {
      if (done >= end) continue;
      done = await trainLoop({
        gpu: session.gpu,
        executable,
        start: done,
        iterations: end,
        inputsAt: async (step) => ({
          images: imagesAt(step),
          ...moments,
          [SETTINGS]: settingsAt(OPTIMISER, step, rateAt(step, iterations)),
        }),
        signal,
        onReport(report) {
          last = report.loss ?? last;
          onReport?.({ ...report, of: iterations });
        },
        save: (step) => saveCheckpoint(folderStore(place), session, name, step, [...slabs.keys()], hash),
        saveEvery: 120,
      });
      signal?.throwIfAborted();
    }
    await writeSafetensors(out, encoderTensors(await session.save(layout), moments), {
      format: 'wgad weights 1',
      encoder,
      task: `features of ${teacher} on crops of ${photographs.length} photographs, ${size} px, ${iterations} steps of ${batch}`,
    });
    return last;
  } finally {
    session.close();
  }
}

/** A stretch of the training with checkpoints of its own. */
interface Stage {
  readonly name: 'steady' | 'falling';
  /** Folder of its checkpoint. */
  readonly place: string;
  /** What its checkpoint depends on. */
  readonly hash: string;
  /** The step before which it ends. */
  readonly end: number;
}

const fallsAt = (iterations: number): number => Math.ceil(iterations * (1 - FALL_SHARE));

/** The steady stage depends on all that fixes the recipe but the number of steps, the falling one on that too. */
async function stagesOf(options: DistillOptions): Promise<readonly Stage[]> {
  const { student, teacher, weights, photographs, task = TASK, start, run, iterations } = options;
  const recipe = [
    { student, teacher, task, OPTIMISER, WARM_UP_STEPS, MOMENT_BATCHES, FALL_SHARE },
    photographs.map(([whole]) => createHash('sha256').update(whole!.data).digest('hex')),
    await sha256Of(weightsPath(teacher, weights)),
    start === undefined ? null : await sha256Of(start),
  ];
  const hashOf = (...known: unknown[]): string =>
    createHash('sha256').update(JSON.stringify(known)).digest('hex');
  const stages: readonly Stage[] = [
    { name: 'steady', place: join(run, 'steady'), hash: hashOf(recipe), end: fallsAt(iterations) },
    {
      name: 'falling',
      place: join(run, `falling-${iterations}`),
      hash: hashOf(recipe, iterations),
      end: iterations,
    },
  ];
  for (const { place } of stages) await makeFolder(place);
  return stages;
}

/** The checkpoint to go on from; null at the beginning. @throws ConfigError. */
async function lastOf(
  stages: readonly Stage[],
  slabs: CheckpointStage['slabs'],
  { run, resume }: DistillOptions,
): Promise<Checkpoint | null> {
  for (const { name, place, hash, end } of stages.toReversed()) {
    // The end depends on --iterations, and is looked at below.
    const stage = { iterations: Number.MAX_SAFE_INTEGER, slabs };
    const found = await loadCheckpoint(folderStore(place), [hash], new Map([[name, stage]]));
    if (!found) continue;
    if (!resume)
      throw new ConfigError(`${run}: holds a distillation`, {
        fix: 'go on with --resume, or choose another --run',
      });
    if (found.step <= end) return found;
    throw new ConfigError(
      `${place}: is at step ${found.step} of the ${name} stage, which ends at ${end} for these --iterations`,
      { fix: `give at least --iterations ${Math.ceil(found.step / (1 - FALL_SHARE))}` },
    );
  }
  return null;
}

/** Loads the teacher and returns its features of `images`. */
async function loadTeacher(
  session: Session,
  images: Value,
  { teacher, weights }: DistillOptions,
): Promise<Value[]> {
  const { source, encoder } = await openPretrained(teacher, weights);
  try {
    const layout = networkLayout(
      'teacher',
      declare((layers) => teacherTaps(layers, images, encoder)),
    );
    await session.loadFrom(layout, underName(source, 'encoder', 'teacher'));
    return teacherTaps(bindNetwork(layout, { training: false }).layers, images, encoder);
  } finally {
    await source.close();
  }
}

/** Means and deviations of the teacher's channels over pictures that are not trained on. */
async function momentsOf(
  session: Session,
  taught: readonly Value[],
  imagesAt: (step: number) => Float32Array,
): Promise<Record<string, Float32Array>> {
  const executable = await session.compile('teacher moments', {
    outputs: channelMoments(taught),
    effects: [],
  });
  const batches: ReadonlyMap<string, NumberArray>[] = [];
  for (let i = 0; i < MOMENT_BATCHES; i++) {
    executable.run({ images: imagesAt(MOMENT_STEP + i) });
    batches.push(await executable.read());
  }
  return pooledMoments(batches, taught.length);
}

/** The student's random weights, but for what the file `start` has. */
async function firstWeights(layout: NetworkLayout, start: string | undefined): Promise<StateDict> {
  const random = initialize([...layout.parameters.specs, ...layout.buffers.specs], WEIGHTS_SEED);
  if (start === undefined) return random;
  return new Map([...random, ...(await loadWeights(start, 'encoder'))]);
}

/** The student's tensors under its own names. Its adapters gave the teacher's features in units of their deviations: now they give them as they are. */
function encoderTensors(trained: StateDict, moments: Readonly<Record<string, Float32Array>>): StateDict {
  const tensors: StateDict = new Map();
  for (const [name, tensor] of trained) tensors.set(name.replace(/^encoder\./, ''), tensor);
  for (const tap of [0, 1, 2]) {
    const [mean, deviation] = [moments[momentName('mean', tap)]!, moments[momentName('deviation', tap)]!];
    const [weight, bias] = ['weight', 'bias'].map((name) => tensors.get(`adapter${tap + 1}.${name}`)!);
    const inputs = weight!.shape[1]!;
    tensors.set(`adapter${tap + 1}.weight`, {
      shape: weight!.shape,
      data: weight!.data.map((value, i) => value * deviation[Math.floor(i / inputs)]!),
    });
    tensors.set(`adapter${tap + 1}.bias`, {
      shape: bias!.shape,
      data: bias!.data.map((value, c) => value * deviation[c]! + mean[c]!),
    });
  }
  return tensors;
}

/** Rises over the first steps, then stays, then falls to 0 in a straight line. */
function rateAt(step: number, iterations: number): number {
  const fall = fallsAt(iterations);
  const rise = Math.min(1, (step + 1) / WARM_UP_STEPS);
  return OPTIMISER.lr * rise * (step < fall ? 1 : (iterations - step) / (iterations - fall));
}
