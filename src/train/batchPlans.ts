import { momentNames } from '../nn/optimiser.ts';
import { optimiserOf } from '../run/config.ts';
import { type RunLayouts, trainedParts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { OtherPlans } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import { FEATURE_BUDGET, type FeatureBudget, frozenBytes, keepsFeatures } from './detectorInputs.ts';
import { collectPlan, detectorStep, frozenPlan, memoryPlan } from './detectorPlans.ts';
import { memoryParts } from './memory.ts';

/**
 * All that a training compiles for its batch, with what it will hold beside: the optimiser's moments, and on a software adapter,
 * which shares the host's memory, features that are kept there.
 * @param images tiles, or images that are not cut.
 */
export function batchPlans(
  { gpu }: Session,
  config: RunConfig,
  layouts: RunLayouts,
  images: number,
  budget?: FeatureBudget,
): OtherPlans {
  const optimiser = optimiserOf(config);
  const keeps = keepsFeatures(config, images, budget);
  const source = keeps ? 'frozen' : 'images';
  const trains = config.iterations > 0;
  const kept = gpu.adapter.software && keeps ? frozenBytes(config, images) : 0;
  const inMemory = kept <= (budget?.memory ?? FEATURE_BUDGET.memory) ? kept : 0;
  const moments = trainedParts(layouts).map(
    ({ parameters }) => 4 * parameters.length * momentNames(optimiser, parameters.name).length,
  );
  return {
    bytes: inMemory + (trains ? moments.reduce((sum, bytes) => sum + bytes, 0) : 0),
    graphsAt(batch) {
      const at = { ...config, batch };
      return [
        ...(keeps ? [frozenPlan(at, layouts)] : []),
        ...(memoryParts(layouts).length > 0 ? [memoryPlan(at, layouts, source)] : []),
        ...(trains ? [detectorStep(at, layouts, optimiser, source)] : []),
        collectPlan(at, layouts, source),
      ];
    },
  };
}
