import { WgadError } from '../errors.ts';
import { type movementOps, pad, permute, reshape, slice } from '../graph/ops/movement.ts';
import { makeValue, type Value } from '../graph/value.ts';
import { product, type Shape } from '../shape.ts';
import type { VjpTable } from './rule.ts';

export const movementVjps: VjpTable<typeof movementOps> = {
  reshape: ({ inputs: [x], cotangent }) => [() => reshape(cotangent, x!.shape)],
  slabView: ({ inputs: [slab], out, cotangent, attrs }) => [
    () => {
      if (slab!.op === 'state') {
        throw new WgadError('E_CONFIG', 'slabView: differentiate with respect to the view, not to its slab');
      }
      const { offset } = attrs;
      const size = product(out.shape);
      return pad(reshape(cotangent, [size]), [offset], [product(slab!.shape) - offset - size]);
    },
  ],
  pack: ({ inputs, cotangent, attrs }) => {
    const { offsets } = attrs;
    return inputs.map((value, i) => () => {
      const start = offsets[i]!;
      return reshape(slice(cotangent, [{ start, end: start + product(value.shape) }]), value.shape);
    });
  },
  permute({ inputs: [x], cotangent, attrs }) {
    const { order } = attrs;
    return [
      () =>
        permute(
          cotangent,
          x!.shape.map((_, axis) => order.indexOf(axis)),
        ),
    ];
  },
  /** Back to its place, zeros elsewhere; a step spreads the elements apart first. */
  slice({ inputs: [x], out, cotangent, attrs }) {
    const { starts, steps } = attrs;
    return [
      () => {
        const spread = steps.reduce((g, step, axis) => spreadAxis(g, axis, step), cotangent);
        const extent = (axis: number): number =>
          out.shape[axis] === 0 ? 0 : (out.shape[axis]! - 1) * steps[axis]! + 1;
        const after = x!.shape.map((size, axis) => size - starts[axis]! - extent(axis));
        return pad(spread, starts, after);
      },
    ];
  },
  pad({ inputs: [x], cotangent, attrs }) {
    const { before, mode } = attrs;
    return [
      () =>
        mode === 'constant'
          ? slice(cotangent, inside(x!.shape, before))
          : makeValue('padGrad', [cotangent], { before, mode }, x!.shape),
    ];
  },
  padGrad({ inputs: [dy], cotangent, attrs }) {
    const { before, mode } = attrs;
    const after = dy!.shape.map((size, axis) => size - before[axis]! - cotangent.shape[axis]!);
    return [() => pad(cotangent, before, after, { mode })];
  },
  concat({ inputs, cotangent, attrs }) {
    const { axis } = attrs;
    let start = 0;
    return inputs.map((value) => {
      const range = { start, end: start + value.shape[axis]! };
      start = range.end;
      return () =>
        slice(
          cotangent,
          value.shape.map((_, i) => (i === axis ? range : null)),
        );
    });
  },
};

const inside = (shape: Shape, before: readonly number[]) =>
  shape.map((size, axis) => ({ start: before[axis]!, end: before[axis]! + size }));

/** `step - 1` zeros between neighbours along `axis`: [.., n, ..] -> [.., (n - 1) step + 1, ..]. */
function spreadAxis(x: Value, axis: number, step: number): Value {
  const size = x.shape[axis]!;
  if (step === 1 || size <= 1) return x;
  const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const zeros = split.map((_, i) => (i === axis + 1 ? step - 1 : 0));
  const spread = pad(
    reshape(x, split),
    split.map(() => 0),
    zeros,
  );
  const joined = reshape(
    spread,
    x.shape.map((each, i) => (i === axis ? each * step : each)),
  );
  return slice(
    joined,
    joined.shape.map((_, i) => (i === axis ? { end: (size - 1) * step + 1 } : null)),
  );
}
