import { type Lowering } from './lowering.ts';
export declare const poolKernels: {
    maxPool2d: Lowering;
    maxPool2dGrad: Lowering;
    avgPool2d: Lowering;
    avgPool2dGrad: Lowering;
};
