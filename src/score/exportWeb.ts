import { readWeights } from '../formats/weightsFile.ts';
import { type FloatDtype, writeSafetensors } from '../formats/writeSafetensors.ts';
import { readFinishedRun } from '../run/finished.ts';
import { runFiles } from '../run/folder.ts';
import { type StoredThreshold, servedAlignment, thresholdIn } from './storedThreshold.ts';
import { readResults } from './testRun.ts';
import { webMetadata } from './webRun.ts';

/**
 * Writes a finished run as one safetensors file that pages judge images by: its weights, configuration, threshold and the
 * colour scale of its maps.
 * @param floats F16: half the size, and scores that differ in the fourth digit or so.
 * @returns its threshold, and whether it was tested: without, colours span 0 to 1 of the calibrated map.
 * @throws as `readFinishedRun`; FileError where the file cannot be written.
 */
export async function exportWeb(
  run: string,
  file: string,
  floats: FloatDtype = 'F32',
): Promise<{ threshold: StoredThreshold | null; tested: boolean }> {
  const config = await readFinishedRun(run);
  const { weights } = runFiles(run);
  const { tensors, metadata } = await readWeights(weights);
  const results = await readResults(run).catch(() => null);
  const scale = results?.mapScale?.[servedAlignment(config)] ?? null;
  const threshold = thresholdIn(weights, metadata);
  await writeSafetensors(
    file,
    tensors,
    {
      ...Object.fromEntries(metadata),
      ...webMetadata({ config, scale }),
    },
    floats,
  );
  return { threshold, tested: results !== null };
}
