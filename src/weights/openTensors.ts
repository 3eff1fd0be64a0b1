import { openWeights, type WeightsFile } from '../formats/weightsFile.ts';
import { sourceOf, type TensorSource } from './tensorSource.ts';

/**
 * @param pick picks what is wanted from the file: `names` (own name to the file's), `notes` on where they were, and
 * other results.
 * @throws WeightsError, FileError, whatever `pick` throws; the file is then closed.
 */
export async function openTensors<
  T extends { readonly names: ReadonlyMap<string, string>; readonly notes?: readonly string[] },
>(path: string, pick: (file: WeightsFile) => T): Promise<{ source: TensorSource; found: T }> {
  const file = await openWeights(path);
  try {
    const found = pick(file);
    return { source: sourceOf(file, found.names, found.notes), found };
  } catch (error) {
    await file.close();
    throw error;
  }
}
