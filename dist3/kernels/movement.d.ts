import { type Lowering } from './lowering.ts';
export declare const movementKernels: {
    permute: Lowering;
    slice: Lowering;
    pad: Lowering;
    concat: Lowering;
};
