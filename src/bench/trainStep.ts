import { REVDIST_DEFAULTS } from '../methods/revdist.ts';
import type { ResNetName } from '../models/resnet.ts';
import { initialize, type StateDict } from '../nn/init.ts';
import { momentNames, SETTINGS, settingsAt } from '../nn/optimiser.ts';
import { unpackSlab } from '../nn/slab.ts';
import type { Executable } from '../runtime/executable.ts';
import { detectorStep } from '../train/detectorPlans.ts';
import { type PartLayout, runLayouts } from '../train/layouts.ts';
import type { Session } from '../train/session.ts';
import { randomNumbers, randomTensors } from '../../bench/duels/classifier.ts';
import { INPUTS } from '../../bench/duels/duel.ts';

/** RevDist's training step as `train` runs it without cached features, on random images. */
export interface TrainStep {
  readonly executable: Executable;
  /** Encoder, bottleneck and decoder as they were before the first step. */
  readonly tensors: StateDict;
  readonly inputs: readonly Float32Array[];
  /** Trains on the input of this turn and reads the loss, the one wait. */
  step(turn: number): Promise<number>;
  /** AdamW's running means of the gradients as they are now. */
  moments(): Promise<StateDict>;
  /** Frees the plan and all of the state. */
  destroy(): void;
}

const { optimiser } = REVDIST_DEFAULTS;

/** The encoder has batch norms that change something; bottleneck and decoder are as training starts them. */
export async function compileTrainStep(
  session: Session,
  config: { readonly encoder: ResNetName; readonly batch: number; readonly size: number },
): Promise<TrainStep> {
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
  session.startOptimiser(detector, optimiser);
  const executable = await session.compile('training step', detectorStep(model, layouts, optimiser));
  const numbers = config.batch * 3 * config.size ** 2;
  const inputs = Array.from({ length: INPUTS }, (_, i) => randomNumbers(numbers, 1, i));
  const moments = momentNames(optimiser, detector.parameters.name);
  let steps = 0;
  return {
    executable,
    tensors,
    inputs,
    async step(turn) {
      executable.run({ images: inputs[turn % INPUTS]!, [SETTINGS]: settingsAt(optimiser, steps++) });
      return (await executable.read()).get('loss')![0]!;
    },
    async moments() {
      const slabs = await session.readSlabs(moments.slice(0, 1));
      return unpackSlab(detector.parameters, slabs.get(moments[0]!)!);
    },
    destroy() {
      executable.destroy();
      const slabs = [encoder, detector].flatMap((layout) => [layout.parameters.name, layout.buffers.name]);
      for (const name of [...slabs, ...moments]) session.state.delete(name);
    },
  };
}
