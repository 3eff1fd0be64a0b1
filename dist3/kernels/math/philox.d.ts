import type { WgslFunction } from '../wgsl.ts';
/** Philox 4x32-10 (Salmon et al. 2011): four random words from a counter and a key. Twin: src/random.ts. */
export declare const philox: WgslFunction;
