import type { WgslFunction } from '../wgsl.ts';
/**
 * erf to 3e-7 absolute in float32. Below 1 an odd polynomial (3e-9 from erf before rounding); above,
 * 1 - exp(-x^2) q(1 / (1 + x/2)) with q fitted to exp(x^2) erfc(x) (3e-9); beyond 4 erf rounds to 1.
 * Both fits: Chebyshev interpolation in float64.
 */
export declare const erf: WgslFunction;
