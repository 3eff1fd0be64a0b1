import type { StateDict } from '../nn/init.ts';
/** The encoder that ships with the package: docs/encoder.md says what it is and is not. */
export declare const EMBEDDED_ENCODER: string;
/**
 * A file's tensors under `prefix.`, in torchvision's names. `embedded` is the package's own file. Classifier
 * layers and counters are not needed and left out.
 * @throws WeightsError, FileError; NotFiniteError naming the tensor that holds NaN or infinity.
 */
export declare function loadWeights(source: string, prefix: string): Promise<StateDict>;
export declare function refuseNonFinite(path: string, name: string, data: Float32Array): void;
