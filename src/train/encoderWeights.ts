import { fileURLToPath } from 'node:url';
import { NotFiniteError, WeightsError } from '../errors.ts';
import { readWeights } from '../formats/weightsFile.ts';
import type { StateDict } from '../nn/init.ts';

/** The encoder that ships with the package: docs/encoder.md says what it is and is not. */
export const EMBEDDED_ENCODER = fileURLToPath(new URL('../../weights/encoder.safetensors', import.meta.url));

/** The classifier, the stage before it, and batch norms' counters. */
const UNUSED = /(^|\.)(fc|layer4)\.|num_batches_tracked$/;

/**
 * The tensors of a safetensors or PyTorch file under `prefix.`, in torchvision's names. `embedded` is the
 * package's own file. What no detector needs is left out: `layer4`, `fc` and counters.
 * @throws WeightsError, FileError; NotFiniteError naming the tensor that holds NaN or infinity.
 */
export async function loadWeights(source: string, prefix: string): Promise<StateDict> {
  const path = source === 'embedded' ? EMBEDDED_ENCODER : source;
  const { tensors } = await readWeights(path, (name) => !UNUSED.test(name));
  if (tensors.size === 0) throw new WeightsError(`${path}: holds no tensor`);
  const found: StateDict = new Map();
  for (const [name, tensor] of tensors) {
    refuseNonFinite(path, name, tensor.data);
    found.set(name.startsWith(`${prefix}.`) ? name : `${prefix}.${name}`, tensor);
  }
  return found;
}

export function refuseNonFinite(path: string, name: string, data: Float32Array): void {
  const bad = data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  if (bad > 0) {
    throw new NotFiniteError(
      `${path}: ${name} holds ${bad} of ${data.length} values that are NaN or infinite`,
    );
  }
}
