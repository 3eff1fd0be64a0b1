import { type Operand, type Value } from '../graph/value.ts';
/**
 * Zero with probability p, else x / (1 - p). `key` (u32 [4]: seed low, seed high, step, 0) and `site` fix the
 * choice, so a resumed step drops the same elements.
 */
export declare function dropout(x: Operand, p: number, key: Operand, site: number): Value;
