import type { Graph } from '../graph/graph.ts';
import { HEAD_RECORDS, type HeadName } from '../methods/alignments/index.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import { SETTINGS, settingsAt } from '../nn/optimiser.ts';
import { settingOf } from '../run/config.ts';
import type { MapConfig } from '../run/detectorParts.ts';
import type { RunLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { NumberArray } from '../runtime/state.ts';
import { batchAt } from './batches.ts';
import type { Targets } from './collect.ts';
import type { DetectorInputs } from './detectorInputs.ts';
import { type HeadConfig, headStep, wholeHeadStep } from './detectorPlans.ts';
import type { TrainingTiles } from './trainingTiles.ts';

type HeadTrainingConfig = HeadConfig &
  MapConfig &
  Pick<RunConfig, 'seed' | 'encoderNorm' | 'alignBase' | 'alignLr'>;

/** How a head is trained: the graph of a step, and what a step reads. */
export interface HeadTraining {
  readonly graph: Graph;
  inputsAt(step: number): Promise<Record<string, NumberArray>>;
}

/**
 * In evaluation mode the detector gives the same result for an image at every step, so heads learn from the results of
 * `collectTargets` (methods.md 7.4). In training mode, where statistics and noise depend on the batch, it runs at every
 * step, on `inputs`.
 */
export function headTraining(
  config: HeadTrainingConfig,
  layouts: RunLayouts,
  { train, classes }: Pick<TrainingTiles, 'train' | 'classes'>,
  which: HeadName,
  { targets, inputs }: { readonly targets: Targets; readonly inputs: DetectorInputs },
): HeadTraining {
  const { optimiser, batch } = CADA_DEFAULTS;
  const labels = train.map((sample) => classes.indexOf(sample.className));
  const count = labels.length;
  const { learns } = HEAD_RECORDS[which];
  const pickedAt = (step: number): number[] => batchAt(config.seed + 1, step, count, batch);
  const common = (step: number, picked: readonly number[]): Record<string, NumberArray> => ({
    labels: Int32Array.from(picked, (i) => labels[i]!),
    key: Uint32Array.of(config.seed >>> 0, 0, step, 0),
    [SETTINGS]: settingsAt(optimiser, step, settingOf(config, 'alignLr')),
  });
  if (config.alignBase === 'training') {
    return {
      graph: wholeHeadStep(config, layouts, which, classes.length, 'training', inputs.source),
      async inputsAt(step) {
        const picked = pickedAt(step);
        return { ...(await inputs.at(picked)), ...common(step, picked) };
      },
    };
  }
  return {
    graph: headStep(config, layouts, which, classes.length),
    async inputsAt(step) {
      const picked = pickedAt(step);
      const [feature] = await targets.features.take(picked);
      return {
        feature: feature!,
        ...(learns !== 'label' && {
          targets: Float32Array.from(picked.flatMap((i) => [targets.u[i]!, targets[learns][i]!])),
        }),
        ...common(step, picked),
      };
    },
  };
}
