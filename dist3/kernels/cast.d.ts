import { type Lowering } from './lowering.ts';
export declare const castKernels: {
    cast: Lowering;
};
