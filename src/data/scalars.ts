/** The functions of one number that all drawing is made of. */

export const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
export const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, x: number): number {
  const t = clamp01((x - low) / (high - low));
  return t * t * (3 - 2 * t);
}

/** Weights of gradient noise between two corners (K. Perlin, "Improving noise", 2002). */
export const fade = (t: number): number => t * t * t * (t * (t * 6 - 15) + 10);
