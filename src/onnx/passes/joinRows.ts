import { has } from '../../graph/ops/index.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { reshape } from '../../graph/ops/movement.ts';
import { isOp, makeValue, type Value } from '../../graph/value.ts';
import { product, shapesEqual } from '../../shape.ts';
import { rewriteBetween } from './rewriteBetween.ts';

/**
 * A product of [..., K] with one matrix becomes a product of rows [R, K], and what follows element by element (bias,
 * activation, residual) is computed of its rows too, so that it fits into the product's epilogue.
 */
export function joinRows(roots: readonly Value[], given: ReadonlySet<Value>): Value[] {
  /** Reshaped results of rows, and those rows. */
  const rows = new Map<Value, Value>();
  const wide = (of: Value, { shape }: Value): Value => {
    const out = reshape(of, shape);
    if (out !== of) rows.set(out, of);
    return out;
  };
  const asRows = (x: Value): Value =>
    rows.get(x) ?? reshape(x, [product(x.shape.slice(0, -1)), x.shape.at(-1)!]);
  return rewriteBetween(roots, given, (value, inputs) => {
    const reshaped = value.op === 'reshape' ? rows.get(inputs[0]!) : undefined;
    if (reshaped && reshaped.shape[1] === value.shape.at(-1)) return wide(reshaped, value);
    if (value.shape.length < 3 || product(value.shape) === 0) return undefined;
    if (isOp(value, 'matmul')) {
      const [a, b] = inputs as [Value, Value];
      const { transposeA, transposeB } = value.attrs;
      if (transposeA || b.shape.length !== 2) return undefined;
      return wide(matmul(asRows(a), b, { transposeB }), value);
    }
    if (!has(value, 'pointwise') || !inputs.some((x) => rows.has(x) && shapesEqual(x.shape, value.shape))) {
      return undefined;
    }
    const width = value.shape.at(-1)!;
    const ofRows = inputs.map((x) => {
      if (shapesEqual(x.shape, value.shape)) return asRows(x);
      if (product(x.shape) === 1) return reshape(x, []);
      return product(x.shape) === width && x.shape.at(-1) === width ? reshape(x, [width]) : undefined;
    });
    if (!ofRows.every((x) => x !== undefined)) return undefined;
    const shape = [product(value.shape) / width, width];
    return wide(makeValue('pointwise', ofRows, value.attrs, shape, value.dtype), value);
  });
}
