import { gotText, ShapeError } from '../../errors.ts';
import { topKKernels } from '../../kernels/topK.ts';
import { refuseExtra } from '../../options.ts';
import { product } from '../../shape.ts';
import { floatOperand, requireRank } from '../operands.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { reshape } from './movement.ts';
import { takeAlongAxis } from './select.ts';

const attrs = attributes<{ readonly k: number }>();

export const topKOps = {
  /** The k-th largest of each row, by radix select. x [N, L] -> [N, 1]. */
  kthLargest: { attrs, readsHalf: true },
  /** Indices of the k largest of each row, in descending order. x [N, L] -> i32 [N, k]. */
  topKIndices: {
    attrs,
    readsHalf: true,
    nonDifferentiable: 'places are integers; the values of topK have a derivative',
  },
} as const satisfies OpTable;

const TOP_K: { readonly kernels: typeof topKKernels } = { kernels: topKKernels };

/**
 * The k-th largest element of each row (k from 1): x [N, L] -> [N, 1]. Among equal elements the first gets the
 * derivative.
 */
export function kthLargest(x: Operand, k: number, ...extra: never[]): Value {
  refuseExtra('kthLargest', extra);
  const value = floatOperand('kthLargest', 'x', x);
  requireRank('kthLargest', 'x', value, 2);
  requireCount('kthLargest', k, value.shape[1]!);
  return makeValue('kthLargest', [value], { k }, [value.shape[0]!, 1], 'f32', TOP_K);
}

/**
 * The k largest along the last axis, in descending order, equal elements by index: x [..., L] -> values and indices
 * (i32), both [..., k]. Work grows with L, and with k squared where k is large.
 */
export function topK(x: Operand, k: number, ...extra: never[]): { values: Value; indices: Value } {
  refuseExtra('topK', extra);
  const value = asValue(x, 'topK');
  const length = value.shape.at(-1);
  if (length === undefined) throw new ShapeError('topK: x expects at least one axis, got []');
  requireCount('topK', k, length);
  const outer = value.shape.slice(0, -1);
  const rows = reshape(value, [product(outer), length]);
  const indices = makeValue('topKIndices', [rows], { k }, [rows.shape[0]!, k], 'i32', TOP_K);
  const shape = [...outer, k];
  return { values: reshape(takeAlongAxis(rows, indices), shape), indices: reshape(indices, shape) };
}

function requireCount(op: string, k: number, length: number): void {
  if (!(k >= 1 && k <= length) || !Number.isInteger(k)) {
    throw new ShapeError(`${op}: k expects 1 to ${length}, got ${gotText(k)}`);
  }
}
