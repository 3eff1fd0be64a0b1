import type { Lowering } from './lowering.ts';
export declare const reduceKernels: {
    reduce: Lowering;
    argmax: Lowering;
};
