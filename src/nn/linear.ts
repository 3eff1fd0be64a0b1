import { ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add } from '../graph/ops/pointwise.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { product, shapesEqual, shapeText } from '../shape.ts';

/** x [..., in] times weight [out, in] transposed, plus bias [out] -> [..., out]. */
export function linear(x: Operand, weight: Operand, bias?: Operand, ...extra: never[]): Value {
  refuseExtra('linear', extra);
  const [value, w] = [floatOperand('linear', 'x', x), floatOperand('linear', 'weight', weight)];
  if (value.shape.length < 1) throw new ShapeError('linear: x expects [..., in], got []');
  if (w.shape.length !== 2 || value.shape.at(-1) !== w.shape[1]) {
    throw new ShapeError(
      `linear: weight expects [out, ${value.shape.at(-1)}] to match x ${shapeText(value.shape)}, got ${shapeText(w.shape)}`,
    );
  }
  const [out, features] = w.shape as [number, number];
  const offset = bias === undefined ? undefined : asValue(bias, 'linear');
  if (offset && !shapesEqual(offset.shape, [out])) {
    throw new ShapeError(`linear: bias expects [${out}], got ${shapeText(offset.shape)}`);
  }
  const outer = value.shape.slice(0, -1);
  // One product over all rows instead of a small one per batch, whose weight gradients would have to be summed.
  const rows = matmul(reshape(value, [product(outer), features]), w, { transposeB: true });
  return reshape(offset ? add(rows, offset) : rows, [...outer, out]);
}
