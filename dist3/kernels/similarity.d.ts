import type { Lowering } from './lowering.ts';
export declare const similarityKernels: {
    cosineMap: Lowering;
    rowDots: Lowering;
};
