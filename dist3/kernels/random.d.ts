import { type Lowering } from './lowering.ts';
export declare const randomKernels: {
    randomUniform: Lowering;
};
