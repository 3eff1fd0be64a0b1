import { type Operand, type Value } from '../graph/value.ts';
/** exp(x) over its sum along `axis`; the largest element is taken away first, so nothing overflows. */
export declare function softmax(x: Operand, axis?: number): Value;
/** log of softmax along `axis`, without forming the quotient. */
export declare function logSoftmax(x: Operand, axis?: number): Value;
