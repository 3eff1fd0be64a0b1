import { type HeadName, headsOf } from '../methods/alignments/index.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import { LOSS_SCALE_START } from '../nn/lossScale.ts';
import type { NetworkLayout } from '../nn/trainable.ts';
import type { CheckpointStage } from '../run/checkpoint.ts';
import { optimiserOf } from '../run/config.ts';
import { trainsInHalf } from '../run/detectorParts.ts';
import { type RunLayouts, trainedParts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import { trainingSlabs } from '../runtime/session.ts';

/** A stage whose steps are counted, and that a checkpoint resumes in. */
export type TrainedStage = 'detector' | HeadName;

/** The stages of a run in their order, with what their checkpoints hold: also what was trained before them. */
export function checkpointStages(
  config: RunConfig,
  layouts: RunLayouts,
): ReadonlyMap<TrainedStage, CheckpointStage> {
  const optimiser = optimiserOf(config);
  const done: NetworkLayout[] = [...trainedParts(layouts)];
  const stages = new Map<TrainedStage, CheckpointStage>([
    [
      'detector',
      {
        iterations: config.iterations,
        slabs: new Map([
          ...done.flatMap((layout) => trainingSlabs(layout, optimiser)),
          ...(trainsInHalf(config) ? [...LOSS_SCALE_START.keys()].map((name) => [name, 1] as const) : []),
        ]),
      },
    ],
  ]);
  for (const name of headsOf(config.align)) {
    const layout = layouts.heads[name];
    const slabs = new Map(trainingSlabs(layout, CADA_DEFAULTS.optimiser));
    for (const { parameters, buffers } of done) {
      slabs.set(parameters.name, parameters.length).set(buffers.name, buffers.length);
    }
    stages.set(name, { iterations: config.alignIterations, slabs });
    done.push(layout);
  }
  return stages;
}
