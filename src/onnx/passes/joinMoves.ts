import { permute, reshape, slice } from '../../graph/ops/movement.ts';
import { isOp, type Value } from '../../graph/value.ts';
import { product, type Shape, shapesEqual, stridesOf } from '../../shape.ts';
import { rewriteBetween } from './rewriteBetween.ts';

/**
 * A run of reshapes and permutes becomes one permute, or a reshape alone where it moves nothing: exporters write heads apart and
 * together again, and axes of size 1 to and fro. A slice of what was permuted is taken before.
 */
export function joinMoves(roots: readonly Value[], given: ReadonlySet<Value>): Value[] {
  const views = new Map<Value, View>();
  const viewOf = (value: Value): View => views.get(value) ?? whole(value);
  return rewriteBetween(roots, given, (value, [x]) => {
    const view = x && moved(value, viewOf(x));
    if (!view) return undefined;
    const made = viewed(view, value.shape);
    views.set(made, view);
    return made;
  });
}

/** `size` elements of a value that lie `stride` apart. */
interface Digit {
  readonly size: number;
  readonly stride: number;
}

/** Where an array has its elements in `base`: along each axis by digits, the outermost first. Together they are all of `base`. */
interface View {
  readonly base: Value;
  readonly axes: readonly (readonly Digit[])[];
}

const whole = (base: Value): View => {
  const strides = stridesOf(base.shape);
  return { base, axes: base.shape.map((size, i) => (size === 1 ? [] : [{ size, stride: strides[i]! }])) };
};

/** The view of `value`, which is made of what `view` shows; undefined where it is none. */
function moved(value: Value, view: View): View | undefined {
  if (product(value.shape) === 0) return undefined;
  if (value.op === 'reshape') {
    const axes = cut(joined(view.axes.flat()), value.shape);
    return axes && { ...view, axes };
  }
  if (isOp(value, 'permute')) {
    return { ...view, axes: value.attrs.order.map((axis) => view.axes[axis]!) };
  }
  if (isOp(value, 'slice')) return sliced(value.attrs, value.shape, view);
  return undefined;
}

/** Neighbours that lie as one digit would. */
function joined(digits: readonly Digit[]): Digit[] {
  const out: Digit[] = [];
  for (const digit of digits) {
    const last = out.at(-1);
    if (last?.stride === digit.size * digit.stride) {
      out[out.length - 1] = { size: last.size * digit.size, stride: digit.stride };
    } else out.push(digit);
  }
  return out;
}

/** Digits as axes of these sizes; undefined where an axis would begin inside of one. */
function cut(digits: readonly Digit[], shape: Shape): Digit[][] | undefined {
  const left = [...digits];
  const axes: Digit[][] = [];
  for (const size of shape.toReversed()) {
    const axis: Digit[] = [];
    for (let needed = size; needed > 1; ) {
      const digit = left.pop()!;
      if (needed % digit.size === 0) {
        axis.unshift(digit);
        needed /= digit.size;
      } else if (digit.size % needed === 0) {
        axis.unshift({ size: needed, stride: digit.stride });
        left.push({ size: digit.size / needed, stride: digit.stride * needed });
        needed = 1;
      } else return undefined;
    }
    axes.unshift(axis);
  }
  return axes;
}

/** Of what is in another order than `base`: along axes that are one digit each, `base` itself is cut. */
function sliced(
  { starts, steps }: { readonly starts: readonly number[]; readonly steps: readonly number[] },
  shape: Shape,
  { base, axes }: View,
): View | undefined {
  const own = axes.map(joined);
  const digits = own.flat();
  const order = digits.toSorted((a, b) => b.stride - a.stride);
  if (
    shapesEqual(
      order.map(({ stride }) => stride),
      digits.map(({ stride }) => stride),
    )
  )
    return undefined;
  const cuts = new Map<Digit, { start: number; step: number; size: number }>();
  for (const [axis, size] of shape.entries()) {
    const [digit, ...more] = own[axis]!;
    const before = product(own[axis]!.map((each) => each.size));
    if (size === before) continue;
    if (!digit || more.length > 0) return undefined;
    cuts.set(digit, { start: starts[axis]!, step: steps[axis]!, size });
  }
  const sizes = order.map((digit) => cuts.get(digit)?.size ?? digit.size);
  const strides = stridesOf(sizes);
  const apart = reshape(
    base,
    order.map(({ size }) => size),
  );
  const part = slice(
    apart,
    order.map((digit) => {
      const found = cuts.get(digit);
      return found
        ? { start: found.start, end: found.start + (found.size - 1) * found.step + 1, step: found.step }
        : null;
    }),
  );
  const now = new Map(order.map((digit, i) => [digit, { size: sizes[i]!, stride: strides[i]! }]));
  return {
    base: part,
    axes: own.map((axis) => axis.map((digit) => now.get(digit)!).filter(({ size }) => size > 1)),
  };
}

function viewed({ base, axes }: View, shape: Shape): Value {
  const digits = joined(axes.flat());
  if (digits.length <= 1) return reshape(base, shape);
  const order = digits.toSorted((a, b) => b.stride - a.stride);
  const apart = reshape(
    base,
    order.map(({ size }) => size),
  );
  return reshape(
    permute(
      apart,
      digits.map((digit) => order.indexOf(digit)),
    ),
    shape,
  );
}
