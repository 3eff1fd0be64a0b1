import { LOSS_SCALE_START } from '../nn/lossScale.ts';
import type { OptimiserConfig } from '../nn/optimiser.ts';
import { trainsInHalf } from '../run/detectorParts.ts';
import { type RunLayouts, trainedParts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Session } from '../runtime/session.ts';

/** Puts what a detector's steps keep beside its networks to where it starts: moments, and in f16 the loss's scale. */
export function startDetector(
  session: Session,
  config: Pick<RunConfig, 'method' | 'preset' | 'precision'>,
  layouts: RunLayouts,
  optimiser: OptimiserConfig,
): void {
  for (const part of trainedParts(layouts)) session.startOptimiser(part, optimiser);
  if (!trainsInHalf(config)) return;
  for (const [name, value] of LOSS_SCALE_START) session.state.set(name, Float32Array.of(value), [1]);
}
