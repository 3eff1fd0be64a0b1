import { openWeights, type WeightsFile } from '../formats/weightsFile.ts';
import { pickTensors, type TensorSource } from './tensorSource.ts';

/** As `pickTensors`, from a path. @throws also WeightsError, FileError. */
export const openTensors = async <
  T extends { readonly names: ReadonlyMap<string, string>; readonly notes?: readonly string[] },
>(
  path: string,
  pick: (file: WeightsFile) => T,
): Promise<{ source: TensorSource; found: T }> => pickTensors(await openWeights(path), pick);
