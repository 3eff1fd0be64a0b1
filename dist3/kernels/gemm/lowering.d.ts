import type { Lowering } from '../lowering.ts';
export declare const gemmKernels: {
    matmul: Lowering;
    conv2d: Lowering;
    conv2dInputGrad: Lowering;
    conv2dWeightGrad: Lowering;
};
