import { type Operand, type Value } from '../graph/value.ts';
/**
 * Exact mean of the floor(fraction * L) largest values of each row: x [N, ...] -> [N]. Fraction 0 means the
 * maximum (methods.md section 1). Ties at the threshold share their derivative.
 */
export declare function topFractionMean(x: Operand, fraction: number): Value;
