import { fileURLToPath } from 'node:url';
import { NotFiniteError, WeightsError } from '../errors.ts';
import { openWeights, readWeights } from '../formats/weightsFile.ts';
import type { EfficientNetConfig } from '../models/efficientnet.ts';
import { lineageOf, namingOf, torchvisionName } from '../models/efficientnetNames.ts';
import type { StateDict } from '../nn/init.ts';

/** The encoder that ships with the package: docs/encoder.md says what it is and is not. */
export const EMBEDDED_ENCODER = fileURLToPath(new URL('../../weights/encoder.safetensors', import.meta.url));

/** What a trained run's file holds beside the encoder, under names of its own. */
const DETECTOR = /^(bottleneck|decoder)\./;

/** The classifier, the stage before it, and batch norms' counters. */
const UNUSED = /(^|\.)(fc|layer4)\.|num_batches_tracked$/;

/**
 * The tensors of a safetensors or PyTorch file under `prefix.`, in torchvision's names. `embedded` is the
 * package's own file. A detector's own tensors (`bottleneck.`, `decoder.`) keep their names. What no detector needs is left out: `layer4`, `fc` and counters.
 * @throws WeightsError, FileError; NotFiniteError naming the tensor that holds NaN or infinity.
 */
export async function loadWeights(source: string, prefix: string): Promise<StateDict> {
  const path = source === 'embedded' ? EMBEDDED_ENCODER : source;
  const { tensors } = await readWeights(path, (name) => !UNUSED.test(name));
  if (tensors.size === 0) throw new WeightsError(`${path}: holds no tensor`);
  const found: StateDict = new Map();
  for (const [name, tensor] of tensors) {
    refuseNonFinite(path, name, tensor.data);
    const whole = name.startsWith(`${prefix}.`) || DETECTOR.test(name);
    found.set(whole ? name : `${prefix}.${name}`, tensor);
  }
  return found;
}

/**
 * EfficientNet-B4 up to stage 4 under torchvision's names, from a file in torchvision's, timm's or
 * EfficientNet-PyTorch's, and the arithmetic it was trained for.
 * @throws WeightsError, also where a timm file does not say which of the two lineages it is.
 */
export async function loadEfficientnet(
  path: string,
): Promise<{ tensors: StateDict; config: EfficientNetConfig }> {
  const file = await openWeights(path);
  try {
    const naming = namingOf(file.tensors.keys());
    if (!naming) {
      throw new WeightsError(`${path}: holds no EfficientNet: no tensor features.0.0.weight`, {
        fix: 'choose the --encoder that the file belongs to',
      });
    }
    const config = lineageOf(naming, file.metadata);
    if (!config) {
      throw new WeightsError(`${path}: does not say whether it is efficientnet_b4 or tf_efficientnet_b4`, {
        fix: 'wgad weights convert it with --padding symmetric (efficientnet_b4) or same (tf_efficientnet_b4)',
      });
    }
    const tensors: StateDict = new Map();
    for (const [name, { shape }] of file.tensors) {
      const own = torchvisionName(name, naming);
      if (own === null) continue;
      const data = await file.read(name);
      refuseNonFinite(path, name, data);
      tensors.set(own, { shape, data });
    }
    return { tensors, config };
  } finally {
    await file.close();
  }
}

export function refuseNonFinite(path: string, name: string, data: Float32Array): void {
  const bad = data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  if (bad > 0) {
    throw new NotFiniteError(
      `${path}: ${name} holds ${bad} of ${data.length} values that are NaN or infinite`,
    );
  }
}
