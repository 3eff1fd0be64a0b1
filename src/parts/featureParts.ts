import { join } from 'node:path';
import { openWeights, type WeightsFile } from '../formats/weightsFile.ts';
import { type WritableTensor, writeSafetensors } from '../formats/writeSafetensors.ts';
import type { Parts } from './readParts.ts';

/** The features of a part's inputs, named by their places among all. */
export const FEATURES_FILE = 'features.safetensors';

/** Writes the features of all parts into one file, tensor by tensor. @returns how many. */
export async function mergeFeatures({ whole, parts }: Parts, out: string): Promise<number> {
  const files: WeightsFile[] = [];
  try {
    for (const { folder } of parts) files.push(await openWeights(join(folder, FEATURES_FILE)));
    const tensors = new Map(
      files.flatMap((file) =>
        [...file.tensors].map(([name, { shape }]): [string, WritableTensor] => [
          name,
          { shape, data: () => file.read(name) },
        ]),
      ),
    );
    const { encoder, inputs } = whole.settings as { encoder: string; inputs: string };
    await writeSafetensors(out, tensors, { encoder, inputs });
    return tensors.size;
  } finally {
    for (const file of files) await file.close();
  }
}
