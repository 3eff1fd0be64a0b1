/**
 * Gaussian kernel density of `values` at `count` evenly spaced places of [low, high], bandwidth by
 * Silverman's rule.
 */
export declare function density(values: readonly number[], low: number, high: number, count: number): number[];
