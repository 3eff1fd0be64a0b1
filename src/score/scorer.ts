import { openWeights, type WeightsFile } from '../formats/weightsFile.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { runFiles } from '../run/folder.ts';
import type { RunConfig } from '../run/settings.ts';
import { type GpuRequest, openSession } from '../runtime/session.ts';
import { allTensors } from '../weights/tensorSource.ts';
import { type Scorer, scorerOn } from './scorerOn.ts';

/**
 * A scorer of a run folder.
 * @param options.alignments default: none and all that the run was trained with.
 * @param options.weights the run's file, open already; it stays open. Default: opened and closed here.
 */
export async function openScorer(
  run: string,
  config: RunConfig,
  options: { gpu?: GpuRequest; alignments?: readonly Alignment[]; weights?: WeightsFile } = {},
): Promise<Scorer> {
  const session = await openSession(options.gpu);
  const { weights } = options;
  if (weights) return scorerOn(session, allTensors(weights), config, options.alignments);
  const file = await openWeights(runFiles(run).weights).catch((error: unknown) => {
    session.close();
    throw error;
  });
  try {
    return await scorerOn(session, allTensors(file), config, options.alignments);
  } finally {
    await file.close();
  }
}
