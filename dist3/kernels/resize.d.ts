import { type Lowering } from './lowering.ts';
export declare const resizeKernels: {
    interpolate: Lowering;
    interpolateGrad: Lowering;
};
