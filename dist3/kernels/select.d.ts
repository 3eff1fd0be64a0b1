import { type Lowering } from './lowering.ts';
export declare const selectKernels: {
    kthLargest: Lowering;
    oneHot: Lowering;
    gather: Lowering;
    gatherGrad: Lowering;
};
