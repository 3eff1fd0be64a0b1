import { type Operand, type Value } from '../value.ts';
export declare const similarityOps: {
    /** 1 - cos(a, b) along channels. a, b [N, C, ...S] -> [N, ...S]. */
    readonly cosineMap: {};
    /** a.b, a.a and b.b of each row in one reading. a, b [N, L] -> [N, 3]. */
    readonly rowDots: {};
};
/** Norms in a cosine are at least this (methods.md, "cosine similarity"). */
export declare const NORM_FLOOR = 1e-8;
/** 1 - cosine similarity along axis 1: a, b [N, C, ...S] -> [N, ...S]. */
export declare function cosineMap(a: Operand, b: Operand): Value;
/** For each row: a.b, a.a, b.b. a, b [N, L] -> [N, 3]. */
export declare function rowDots(a: Operand, b: Operand): Value;
