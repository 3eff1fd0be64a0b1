import { requireProbability } from '../arguments.ts';
import { greaterEqual, scale, where } from '../graph/ops/pointwise.ts';
import { randomUniform } from '../graph/ops/random.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';

/**
 * Zero with probability p, else x / (1 - p). `key` (u32 [4]: seed low, seed high, step, 0) and `site` fix the
 * choice, so a resumed step drops the same elements.
 */
export function dropout(x: Operand, p: number, key: Operand, site: number, ...extra: never[]): Value {
  refuseExtra('dropout', extra);
  requireProbability('dropout', 'p', p);
  const value = asValue(x, 'dropout');
  if (p === 0) return value;
  const kept = greaterEqual(randomUniform(key, site, value.shape), p);
  return where(kept, scale(value, 1 / (1 - p)), 0);
}
