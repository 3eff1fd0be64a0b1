import { openWeights } from '../formats/weightsFile.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { runFiles } from '../run/folder.ts';
import type { RunConfig } from '../run/settings.ts';
import { type GpuRequest, openSession } from '../runtime/session.ts';
import { allTensors } from '../weights/tensorSource.ts';
import { type Scorer, scorerOn } from './scorerOn.ts';

/** A scorer of a run folder. @param options.alignments default: none and all that the run was trained with. */
export async function openScorer(
  run: string,
  config: RunConfig,
  options: { gpu?: GpuRequest; alignments?: readonly Alignment[] } = {},
): Promise<Scorer> {
  const session = await openSession(options.gpu);
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
