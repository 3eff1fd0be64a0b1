import { REVDIST_DEFAULTS } from '../methods/revdist.ts';
import type { ResNetName } from '../models/resnet.ts';
import { initialize, type StateDict } from '../nn/init.ts';
import { momentNames, SETTINGS, settingsAt } from '../nn/optimiser.ts';
import { type PartLayout, runLayouts } from '../run/networkLayouts.ts';
import type { Executable } from '../runtime/executable.ts';
import type { Session } from '../runtime/session.ts';
import { detectorStep } from '../train/detectorPlans.ts';
import { randomNumbers, randomTensors } from './randomNetwork.ts';

export interface StepConfig {
  readonly encoder: ResNetName;
  readonly batch: number;
  readonly size: number;
}

/** RevDist's training step as `train` runs it without cached features. */
export interface TrainStep {
  readonly executable: Executable;
  /** Encoder, bottleneck and decoder as they were before the first step. */
  readonly tensors: StateDict;
  /** Layout of the trained part. */
  readonly detector: PartLayout;
  /** Trains on images [batch, 3, size, size] and reads the loss, the one wait. */
  step(images: Float32Array): Promise<number>;
  /** Frees the plan and all of the state. */
  destroy(): void;
}

export const STEP_OPTIMISER = REVDIST_DEFAULTS.optimiser;

/** Random images for a step, from this stream. */
export const stepImages = ({ batch, size }: StepConfig, stream: number): Float32Array =>
  randomNumbers(batch * 3 * size ** 2, 1, stream);

/** The encoder has batch norms that change something; bottleneck and decoder are as training starts them. */
export async function compileTrainStep(session: Session, config: StepConfig): Promise<TrainStep> {
  const model = { ...config, method: 'revdist' } as const;
  const layouts = runLayouts(model, 1);
  const [encoder, detector] = layouts.parts as [PartLayout, PartLayout];
  const specsOf = ({ parameters, buffers }: PartLayout) => [...parameters.specs, ...buffers.specs];
  const tensors: StateDict = new Map([
    ...randomTensors(specsOf(encoder), 0),
    ...initialize(specsOf(detector), 0),
  ]);
  session.load(encoder, tensors);
  session.load(detector, tensors);
  session.startOptimiser(detector, STEP_OPTIMISER);
  const executable = await session.compile('training step', detectorStep(model, layouts, STEP_OPTIMISER));
  const moments = momentNames(STEP_OPTIMISER, detector.parameters.name);
  let steps = 0;
  return {
    executable,
    tensors,
    detector,
    async step(images) {
      executable.run({ images, [SETTINGS]: settingsAt(STEP_OPTIMISER, steps++) });
      return (await executable.read()).get('loss')![0]!;
    },
    destroy() {
      executable.destroy();
      const slabs = [encoder, detector].flatMap((layout) => [layout.parameters.name, layout.buffers.name]);
      for (const name of [...slabs, ...moments]) session.state.delete(name);
    },
  };
}
