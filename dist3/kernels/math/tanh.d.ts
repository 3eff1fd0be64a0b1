import type { WgslFunction } from '../wgsl.ts';
/** tanh whose argument is clamped first: some drivers compute it through exp and overflow to NaN. */
export declare const safeTanh: WgslFunction;
