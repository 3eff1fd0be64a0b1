import type { Lowering } from './lowering.ts';
export declare const updateKernels: {
    assign: Lowering;
    assignAverage: Lowering;
    adamw: Lowering;
    adamwAmsgrad: Lowering;
    sgd: Lowering;
};
