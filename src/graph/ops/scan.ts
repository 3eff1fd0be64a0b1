import { requireFlag } from '../../arguments.ts';
import { scanKernels } from '../../kernels/scan.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { normalizeAxis, product } from '../../shape.ts';
import { asValue, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { pad, part, reshape } from './movement.ts';
import { add } from './pointwise.ts';

export const scanOps = {
  /** Sums of all elements before each one along an axis, itself included unless `exclusive`; from the end if `reverse`. */
  scan: { attrs: attributes<ScanAttrs>(), readsHalf: true },
} as const satisfies OpTable;

type ScanAttrs = { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };

/** Which elements count in each sum. */
export interface CumsumOptions {
  /** Leave each element out of its own sum, so that the first is 0; default false. */
  exclusive?: boolean;
  /** Sum from the end; default false. */
  reverse?: boolean;
}

const CUMSUM_OPTIONS: OptionNames<CumsumOptions> = { exclusive: true, reverse: true };

/** Longer axes are summed in blocks of this size, side by side, and the sums of whole blocks are added. */
const BLOCK = 256;

/** The sum of the elements of x up to each one along `axis`, in float32; of integers they wrap around at 2^32. */
export function cumsum(x: Operand, axis: number, options: CumsumOptions = {}, ...extra: never[]): Value {
  refuseExtra('cumsum', extra);
  const value = asValue(x, 'cumsum');
  requireOptions('cumsum', options, CUMSUM_OPTIONS);
  const { exclusive = false, reverse = false } = options;
  requireFlag('cumsum', 'exclusive', exclusive);
  requireFlag('cumsum', 'reverse', reverse);
  return scan(value, { axis: normalizeAxis('cumsum', axis, value.shape.length), exclusive, reverse });
}

const SCAN = { kernels: scanKernels };

function scan(x: Value, attrs: ScanAttrs): Value {
  const { axis, exclusive, reverse } = attrs;
  const length = x.shape[axis]!;
  const dtype = x.dtype === 'f16' ? 'f32' : x.dtype;
  if (length <= 2 * BLOCK) return makeValue('scan', [x], attrs, x.shape, dtype, SCAN);
  const blocks = Math.ceil(length / BLOCK);
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const missing = x.shape.map((_, i) => (i === axis ? blocks * BLOCK - length : 0));
  const none = x.shape.map(() => 0);
  const filled = reverse ? pad(x, missing, none) : pad(x, none, missing);
  const outer = product(before);
  const inner = product(after);
  const rows = reshape(filled, [outer, blocks, BLOCK, inner]);
  const own = makeValue('scan', [rows], { axis: 2, exclusive, reverse }, rows.shape, dtype, SCAN);
  const end = (of: Value): Value => part(of, 2, reverse ? 0 : BLOCK - 1, 1);
  const totals = exclusive ? add(end(own), end(rows)) : end(own);
  const all = add(own, scan(totals, { axis: 1, exclusive: true, reverse }));
  const joined = reshape(all, [...before, blocks * BLOCK, ...after]);
  return part(joined, axis, reverse ? missing[axis]! : 0, length);
}
