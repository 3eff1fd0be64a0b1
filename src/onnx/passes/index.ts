import type { Value } from '../../graph/value.ts';
import { fuseAttention } from './fuseAttention.ts';
import { joinMoves } from './joinMoves.ts';
import { joinRows } from './joinRows.ts';

/**
 * What exporters write out, as the library's own functions compute it. @param given values that the caller brings: they are not looked behind.
 */
export const improve = (roots: readonly Value[], given: ReadonlySet<Value>): Value[] =>
  [fuseAttention, joinMoves, joinRows].reduce((soFar, pass) => pass(soFar, given), [...roots]);
