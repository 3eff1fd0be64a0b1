import { requireCount } from '../../arguments.ts';
import { gotText, ShapeError } from '../../errors.ts';
import { requireIndices } from '../../graph/operands.ts';
import { reshape } from '../../graph/ops/movement.ts';
import { cast, equal } from '../../graph/ops/pointwise.ts';
import { gather } from '../../graph/ops/select.ts';
import { asValue, type Value } from '../../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product } from '../../shape.ts';
import { gradientGate } from '../gradientGate.ts';
import { standardNormal } from '../init.ts';
import { type Layers, within } from '../layers.ts';
import type { Initializer } from '../parameterSpec.ts';

/** What `embedding` starts from. */
export interface EmbeddingOptions {
  /** The row of padding: new ones are zeros, and it gets no gradient. Default none. */
  paddingIndex?: number;
  /** Fills a new table; default N(0, 1), as in PyTorch. */
  weightInit?: Initializer;
}

const EMBEDDING_OPTIONS: OptionNames<EmbeddingOptions> = { paddingIndex: true, weightInit: true };

/**
 * Rows of a table by index: indices (i32) [...] -> [..., width]. Tensor `weight` [count, width] under `name`, as
 * torch.nn.Embedding has it.
 * @throws ShapeError for a constant index outside 0..count-1; one that only the device knows gives a row of NaN.
 */
export function embedding(
  layers: Layers,
  name: string,
  indices: Value,
  count: number,
  width: number,
  options: EmbeddingOptions = {},
  ...extra: never[]
): Value {
  const op = 'embedding';
  refuseExtra(op, extra);
  const places = asValue(indices, op);
  requireCount(op, 'count', count, 1);
  requireCount(op, 'width', width, 1);
  requireOptions(op, options, EMBEDDING_OPTIONS);
  const { paddingIndex, weightInit = standardNormal } = options;
  if (
    paddingIndex !== undefined &&
    !(Number.isInteger(paddingIndex) && paddingIndex >= 0 && paddingIndex < count)
  ) {
    throw new ShapeError(`${op}: paddingIndex expects 0 to ${count - 1}, got ${gotText(paddingIndex)}`);
  }
  requireIndices(op, 'indices', places, count);
  return within(layers, name, (inner) => {
    const init = paddingIndex === undefined ? weightInit : withZeroRow(weightInit, paddingIndex);
    const table = inner.parameter('weight', [count, width], init);
    const flat = reshape(places, [product(places.shape)]);
    const rows = gather(table, flat);
    const shut =
      paddingIndex === undefined
        ? rows
        : gradientGate(rows, reshape(equal(cast(flat, 'f32'), paddingIndex), [flat.shape[0]!, 1]));
    return reshape(shut, [...places.shape, width]);
  });
}

const withZeroRow =
  (init: Initializer, row: number): Initializer =>
  (shape, random) => {
    const width = shape[1]!;
    return init(shape, random).fill(0, row * width, (row + 1) * width);
  };
