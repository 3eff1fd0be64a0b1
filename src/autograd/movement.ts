import { WgadError } from '../errors.ts';
import { flip, pad, part, permute, reshape, slice } from '../graph/ops/movement.ts';
import { makeValue, type Value } from '../graph/value.ts';
import { product, type Shape } from '../shape.ts';
import type { Vjps } from './rule.ts';

export const movementVjps = {
  reshape: ({ inputs: [x], cotangent }) => [() => reshape(cotangent, x!.shape)],
  slabView: ({ inputs: [slab], out, cotangent, attrs: { offset } }) => [
    () => {
      if (slab!.op === 'state') {
        throw new WgadError('E_CONFIG', 'slabView: differentiate with respect to the view, not to its slab');
      }
      const size = product(out.shape);
      return pad(reshape(cotangent, [size]), [offset], [product(slab!.shape) - offset - size]);
    },
  ],
  pack: ({ inputs, cotangent, attrs: { offsets } }) =>
    inputs.map(
      ({ shape }, i) =>
        () =>
          reshape(part(cotangent, 0, offsets[i]!, product(shape)), shape),
    ),
  permute: ({ inputs: [x], cotangent, attrs: { order } }) => [
    () => {
      const back = x!.shape.map((_, axis) => order.indexOf(axis));
      return permute(cotangent, back);
    },
  ],
  /** Back to its place, zeros elsewhere; a step spreads the elements apart first. */
  slice: ({ inputs: [x], out, cotangent, attrs: { starts, steps } }) => [
    () => {
      const spread = steps.reduce((g, step, axis) => spreadAxis(g, axis, step), cotangent);
      const after = x!.shape.map((size, axis) => {
        const count = out.shape[axis]!;
        return size - starts[axis]! - (count === 0 ? 0 : (count - 1) * steps[axis]! + 1);
      });
      return pad(spread, starts, after);
    },
  ],
  pad: ({ inputs: [x], cotangent, attrs: { before, mode } }) => [
    () =>
      mode === 'constant'
        ? slice(
            cotangent,
            x!.shape.map((size, axis) => ({ start: before[axis]!, end: before[axis]! + size })),
          )
        : makeValue('padGrad', [cotangent], { before, mode }, x!.shape),
  ],
  padGrad: ({ inputs: [dy], cotangent, attrs: { before, mode } }) => [
    () => {
      const after = dy!.shape.map((size, axis) => size - before[axis]! - cotangent.shape[axis]!);
      return pad(cotangent, before, after, { mode });
    },
  ],
  flip: ({ cotangent, attrs: { axes } }) => [() => flip(cotangent, axes)],
  concat({ inputs, cotangent, attrs: { axis } }) {
    let end = 0;
    return inputs.map(({ shape }) => {
      const start = end;
      end += shape[axis]!;
      return () => part(cotangent, axis, start, shape[axis]!);
    });
  },
} satisfies Partial<Vjps>;

/** `step - 1` zeros between neighbours along `axis`: [.., n, ..] -> [.., (n - 1) step + 1, ..]. */
function spreadAxis(x: Value, axis: number, step: number): Value {
  const size = x.shape[axis]!;
  if (step === 1 || size <= 1) return x;
  const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const zeros = (count: number): Shape => split.map((_, i) => (i === axis + 1 ? count : 0));
  const spread = pad(reshape(x, split), zeros(0), zeros(step - 1));
  const joined = x.shape.map((each, i) => (i === axis ? each * step : each));
  return part(reshape(spread, joined), axis, 0, (size - 1) * step + 1);
}
