import { type Operand, type Value } from '../value.ts';
export declare const matmulOps: {
    /** attrs: transposeA, transposeB, epilogue?. */
    readonly matmul: {
        readonly takesEpilogue: true;
    };
};
export interface MatmulOptions {
    /** Read a as [..., K, M]; default false. */
    transposeA?: boolean;
    /** Read b as [..., N, K]; default false. */
    transposeB?: boolean;
}
/** a [..., M, K] times b [..., K, N] -> [..., M, N]; leading axes broadcast. */
export declare function matmul(a: Operand, b: Operand, options?: MatmulOptions): Value;
/** x [..., in] times weight [out, in] transposed, plus bias [out] -> [..., out]. */
export declare function linear(x: Operand, weight: Operand, bias?: Operand): Value;
