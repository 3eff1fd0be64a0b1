import { openBytes } from './byteSource.ts';
import type { TorchOptions } from './torch/container.ts';
import { tensorsIn, type WeightsFile, weightsIn } from './weightsBytes.ts';

export type { WeightsFile };

/** Opens safetensors, or a file of torch.save, as `weightsIn`. @throws as that; FileError where it cannot be opened. */
export const openWeights = async (path: string, options: TorchOptions = {}): Promise<WeightsFile> =>
  weightsIn(await openBytes(path), options);

/**
 * All tensors of a weight file that hold floats, in memory; those of integers are left out.
 * @throws as `openWeights`; WeightsError for element types that are neither.
 */
export const readWeights = async (
  path: string,
  wanted?: (name: string) => boolean,
): ReturnType<typeof tensorsIn> => tensorsIn(await openWeights(path), wanted);
