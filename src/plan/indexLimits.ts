import { LimitError } from '../errors.ts';
import { has, OPS } from '../graph/ops/index.ts';
import { isOp, type Value } from '../graph/value.ts';
import { type Kernel, MAX_GROUPS_PER_AXIS } from '../kernels/kernel.ts';
import { programLabel } from '../kernels/program.ts';
import { product, type Shape, shapeText } from '../shape.ts';

/**
 * Kernels index with u32. Loops overshoot the end by at most a few steps of all lanes; those indices must not wrap
 * around to 0.
 */
export const MOST_INDEXED = 2 ** 32 - 2 ** 24;

/**
 * Also checks values that are never stored: a value broadcast inside a reduction is indexed, but has no buffer whose size
 * would be refused.
 * @throws LimitError naming the op
 */
export function requireIndexed(value: Value, label: string): void {
  for (const [what, count] of indexedBy(value)) {
    if (count <= MOST_INDEXED) continue;
    throw new LimitError(
      `${label}${detailOf(value)}: indexes ${what}: ${count}; kernels index at most ${MOST_INDEXED} (u32)`,
      { fix: 'use smaller sizes, or compute it in parts' },
    );
  }
}

/** @throws LimitError naming the kernel if WebGPU cannot dispatch that many workgroups. */
export function requireGrid({ label, grid }: Kernel): void {
  if (Math.max(...grid) <= MAX_GROUPS_PER_AXIS) return;
  throw new LimitError(
    `${label}: needs ${grid.join(' x ')} workgroups, WebGPU dispatches ${MAX_GROUPS_PER_AXIS} an axis`,
    { fix: 'use smaller sizes, or compute it in parts' },
  );
}

/** Index ranges of its kernels, and other products of sizes that they compute. */
function indexedBy(value: Value): [what: string, count: number][] {
  const { inputs, shape } = value;
  const elements = (of: Shape): [string, number] => [`the elements of ${shapeText(of)}`, product(of)];
  const found = [shape, ...inputs.map((each) => each.shape)].map(elements);
  // A prologue's result exists in registers only.
  if (has(value, 'takesPrologue') && value.attrs.shape) found.push(elements(value.attrs.shape));
  return [...found, ...(OPS[value.op].indexed?.(value) ?? [])];
}

/** Which member of a family of functions it is. */
function detailOf(value: Value): string {
  if (isOp(value, 'reduce')) return ` ${value.attrs.kind}`;
  return has(value, 'pointwise') ? ` ${programLabel(value.attrs.program)}` : '';
}
