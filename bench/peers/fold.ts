import type { NamedTensor, StateDict } from '../../src/nn/init.ts';

/** A convolution with the evaluation-mode batch norm after it folded in. */
export interface FoldedConv {
  /** [out, in, k, k] */
  readonly weight: NamedTensor;
  /** [out] */
  readonly bias: NamedTensor;
}

const EPS = 1e-5;

/**
 * What a converter hands an inference engine: scale and shift of the running statistics go into filter and bias, in
 * double precision. @throws Error naming a tensor that is missing.
 */
export function foldNorm(tensors: StateDict, conv: string, norm: string): FoldedConv {
  const { shape, data } = tensorOf(tensors, `${conv}.weight`);
  const [gain, shift, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (name) => tensorOf(tensors, `${norm}.${name}`).data,
  );
  const scale = Array.from(gain!, (g, i) => g / Math.sqrt(variance![i]! + EPS));
  const each = data.length / scale.length;
  return {
    weight: { shape, data: data.map((w, i) => w * scale[Math.floor(i / each)]!) },
    bias: { shape: [scale.length], data: shift!.map((b, i) => b - mean![i]! * scale[i]!) },
  };
}

/** @throws Error naming the tensor where it is missing: network and tensors do not belong together. */
export function tensorOf(tensors: StateDict, name: string): NamedTensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`no tensor ${name} for a peer's network`);
  return found;
}
