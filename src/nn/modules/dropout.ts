import { requireProbability } from '../../arguments.ts';
import { floatOperand } from '../../graph/operands.ts';
import type { Value } from '../../graph/value.ts';
import { refuseExtra } from '../../options.ts';
import { dropout as dropped } from '../dropout.ts';
import type { Layers } from '../layers.ts';

/** In training zero with probability p, else x / (1 - p), by the next random numbers of `layers`; otherwise x. */
export function dropout(layers: Layers, x: Value, p: number, ...extra: never[]): Value {
  refuseExtra('dropout', extra);
  const value = floatOperand('dropout', 'x', x);
  requireProbability('dropout', 'p', p);
  if (!layers.training || p === 0) return value;
  const { key, site } = layers.random();
  return dropped(value, p, key, site);
}
