import { DtypeError, gotText } from '../errors.ts';
import type { GPUBuffer } from '../gpu/webgpuTypes.ts';
import { flattenTree, type Tree } from '../graph/tree.ts';
import { type Dtype, isValue, nameOf, type Value } from '../graph/value.ts';
import type { OptionNames } from '../options.ts';
import type { Shape } from '../shape.ts';
import type { NumberArray } from './state.ts';

/** A tensor on the device. Ops take it wherever they take a value. `using` frees it at the end of a block. */
export interface Tensor {
  /** The value that represents it in functions of values. */
  readonly value: Value;
  readonly shape: Shape;
  readonly dtype: Dtype;
  /**
   * Its numbers, row-major: waits for the device. f16 comes as f32.
   * @throws ConfigError where the tensor or its engine was disposed of; GpuError where the device failed.
   */
  data(): Promise<NumberArray>;
  /**
   * The buffer that it lies in, lent: what is read there is what the work enqueued so far leaves. It is valid until the
   * tensor is disposed of.
   */
  readonly buffer: { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };
  /**
   * Says that somebody else has written into its buffer: what compiled functions computed from it ahead is computed again.
   */
  changed(): void;
  /**
   * Frees its memory now. Calling it twice is harmless. Otherwise the memory is freed with the engine, or some time
   * after garbage collection; the collector does not know its size, so loops should not rely on that.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** A tensor in the host's memory, as it is loaded. */
export interface HostTensor {
  readonly shape: Shape;
  /** Row-major. */
  readonly data: Float32Array;
}

export const HOST_TENSOR: OptionNames<HostTensor> = { shape: true, data: true };

/** A tensor of a tree: its path there, and its name in the store. */
export interface StoredLeaf {
  /** Keeps the tensor alive. */
  readonly value: Value;
  readonly path: string;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** The tensors of a tree. @throws DtypeError if it holds anything else. */
export const storedLeaves = (tree: Tree<Tensor>): StoredLeaf[] =>
  flattenTree<Tensor>(tree, isTensor).map(([path, { value, shape, dtype }]) => ({
    value,
    path,
    name: nameOf(value),
    shape,
    dtype,
  }));

/** Whether a node of a tree is a tensor. @throws DtypeError for anything but a tensor, array or object. */
export function isTensor(node: unknown): node is Tensor {
  if (typeof node !== 'object' || node === null || isValue(node)) {
    throw new DtypeError(
      `expects tensors (engine.tensor(data, shape)), or arrays and objects of them, got ${gotText(node)}`,
    );
  }
  return 'value' in node && isValue(node.value);
}

/**
 * Whether a node of a compiled function's result is a value. @throws DtypeError for anything but a value, array or
 * object.
 */
export function isResult(node: unknown): node is Value {
  const tensor = typeof node === 'object' && node !== null && 'value' in node && isValue(node.value);
  if (typeof node !== 'object' || node === null || tensor) {
    throw new DtypeError(
      `a compiled function expects to return values, or arrays and objects of them, got ${tensor ? 'a tensor; return its value' : gotText(node)}`,
    );
  }
  return isValue(node);
}
