import type { Floats } from './bytes.ts';
import type { TorchContainer } from './torch/container.ts';

/** A tensor as its file describes it; dtypes by safetensors' names. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** An open weight file of any kind, its description checked, read tensor by tensor. */
export interface WeightsContent {
  readonly kind: 'safetensors' | TorchContainer['kind'];
  readonly metadata: ReadonlyMap<string, string>;
  /** For the user: where in the file the tensors were found, if they had to be searched for. */
  readonly notes: readonly string[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * A float tensor as float32, row-major: F16 and BF16 widened exactly, F64 narrowed.
   * @param into memory that may be used instead of new one, at least as long as the tensor. @throws WeightsError.
   */
  read(name: string, into?: Floats): Promise<Float32Array>;
}
