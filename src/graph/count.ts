import { product } from '../shape.ts';
import { type Graph, valuesOf } from './graph.ts';
import { isOp, type Value } from './value.ts';

/**
 * Multiply-accumulates of the convolutions and matrix products of a graph, by their definition: padding is counted,
 * normalisation, activation, pooling and resizing are not (methods.md, conventions).
 */
export function countMacs(graph: Graph): number {
  return valuesOf(graph).reduce((sum, value) => sum + macsOf(value), 0);
}

/** The same of one value; 0 where it is no product. */
export function macsOf(value: Value): number {
  const { inputs, shape } = value;
  const [a, b] = inputs;
  if (isOp(value, 'matmul')) return product(shape) * a!.shape.at(value.attrs.transposeA ? -2 : -1)!;
  switch (value.op) {
    case 'conv2d':
      return product(shape) * product(b!.shape.slice(1));
    // Every element of dy meets every weight of its output channel.
    case 'conv2dInputGrad':
      return product(a!.shape) * product(b!.shape.slice(1));
    case 'conv2dWeightGrad':
      return product(b!.shape) * product(shape.slice(1));
    // Every row of x meets every row of the bank, which comes in parts.
    case 'nearestRows':
      return inputs.slice(1).reduce((sum, bank) => sum + a!.shape[0]! * product(bank.shape), 0);
    // Queries meet keys, weights meet values.
    case 'attention':
      return 2 * product(shape) * b!.shape[1]!;
    case 'attentionRows':
      return product(inputs[0]!.shape.slice(1)) * b!.shape[0]! * b!.shape[1]!;
    case 'attentionQueryGrad':
      return 3 * product(shape) * b!.shape[1]!;
    case 'attentionKeyValueGrad':
      return 4 * product(b!.shape) * a!.shape[1]!;
    default:
      return 0;
  }
}
