import { fileURLToPath } from 'node:url';
import { NotFiniteError, WeightsError } from '../errors.js';
import { readSafetensors } from '../formats/safetensors.js';
/** The encoder that ships with the package: docs/encoder.md says what it is and is not. */
export const EMBEDDED_ENCODER = fileURLToPath(new URL('../../weights/encoder.safetensors', import.meta.url));
/**
 * A file's tensors under `prefix.`, in torchvision's names. `embedded` is the package's own file. Classifier
 * layers and counters are not needed and left out.
 * @throws WeightsError, FileError; NotFiniteError naming the tensor that holds NaN or infinity.
 */
export async function loadWeights(source, prefix) {
    const path = source === 'embedded' ? EMBEDDED_ENCODER : source;
    const { tensors } = await readSafetensors(path);
    if (tensors.size === 0)
        throw new WeightsError(`${path}: holds no tensor`);
    const found = new Map();
    for (const [name, tensor] of tensors) {
        refuseNonFinite(path, name, tensor.data);
        found.set(name.startsWith(`${prefix}.`) ? name : `${prefix}.${name}`, tensor);
    }
    return found;
}
export function refuseNonFinite(path, name, data) {
    const bad = data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
    if (bad > 0) {
        throw new NotFiniteError(`${path}: ${name} holds ${bad} of ${data.length} values that are NaN or infinite`);
    }
}
//# sourceMappingURL=encoderWeights.js.map