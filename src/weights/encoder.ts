import type { PretrainedName } from '../models/encoders/index.ts';
import type { StateDict } from '../nn/init.ts';
import { weightsPath } from './embedded.ts';
import { encoderNames, pretrainedNames } from './encoderNames.ts';
import { openTensors } from './openTensors.ts';
import { readAll, type TensorSource } from './tensorSource.ts';

/**
 * The tensors of a safetensors or PyTorch file under `prefix.`, in torchvision's names. `whole` takes a detector's own
 * tensors (`bottleneck.`, `decoder.`) too, under their own names. What no detector needs is left out: `layer4`, `fc` and counters.
 * @throws WeightsError, FileError.
 * @public for a test of the built module.
 */
export const openEncoderWeights = async (
  path: string,
  prefix: string,
  whole = false,
): Promise<TensorSource> => (await openTensors(path, (file) => encoderNames(file, prefix, whole))).source;

/** All of them in memory. @throws also NotFiniteError naming the tensor that holds NaN or infinity. */
export const loadWeights = async (path: string, prefix: string): Promise<StateDict> =>
  readAll(await openEncoderWeights(path, prefix));

/** The tensors of a pre-trained encoder as `encoder.*`, and which member of its family they are for. */
export interface OpenEncoder {
  readonly source: TensorSource;
  readonly encoder: PretrainedName;
}

/**
 * The encoder of that name in a file under any of its publishers' names, and the arithmetic it was trained for.
 * @param whole as of `openEncoderWeights`.
 * @throws WeightsError, also where the file does not tell which lineage it is; FileError.
 */
export async function openPretrained(
  encoder: PretrainedName,
  weights: string,
  whole = false,
): Promise<OpenEncoder> {
  const { source, found } = await openTensors(weightsPath(encoder, weights), (file) =>
    pretrainedNames(file, encoder, whole),
  );
  return { source, encoder: found.member };
}
