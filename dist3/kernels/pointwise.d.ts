import { type Lowering } from './lowering.ts';
export declare const pointwiseKernels: {
    pointwise: Lowering;
};
