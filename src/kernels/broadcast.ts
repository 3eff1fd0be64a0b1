import { product, type Shape, stridesOf } from '../shape.ts';

/**
 * WGSL expression for where an operand of shape `from` is read when the flat row-major index into `to` is
 * `index` (a u32 expression): broadcasting as arithmetic on constants. Neighbouring axes that advance together
 * are merged first, so a bias over [N, C, H, W] costs one division and one remainder.
 */
export function broadcastIndex(index: string, to: Shape, from: Shape): string {
  if (product(from) === 1) return '0u';
  const terms: string[] = [];
  let below = 1;
  for (const run of mergedAxes(to, from).reverse()) {
    if (run.stride > 0) {
      const outer = below === 1 ? index : `${index} / ${below}u`;
      const wraps = below * run.size < product(to);
      const at = wraps ? `(${outer}) % ${run.size}u` : `${outer}`;
      terms.push(run.stride === 1 ? `(${at})` : `(${at}) * ${run.stride}u`);
    }
    below *= run.size;
  }
  return terms.reverse().join(' + ');
}

/** Whether four elements of `to` from a multiple of four on read the same element of `from`. */
export function sameInFours(to: Shape, from: Shape): boolean {
  if (product(from) === 1) return true;
  const last = mergedAxes(to, from).at(-1);
  return last !== undefined && last.stride === 0 && last.size % 4 === 0;
}

/** Axes of `to` with the stride of `from` along each (0 where it stretches), adjacent compatible ones merged. */
function mergedAxes(to: Shape, from: Shape): { size: number; stride: number }[] {
  const strides = stridesOf(from);
  const lead = to.length - from.length;
  const runs: { size: number; stride: number }[] = [];
  to.forEach((size, axis) => {
    if (size === 1) return;
    const own = axis - lead;
    const stride = own < 0 || from[own] === 1 ? 0 : strides[own]!;
    const last = runs.at(-1);
    if (last && last.stride === stride * size) {
      last.size *= size;
      last.stride = stride;
    } else runs.push({ size, stride });
  });
  return runs;
}
