/** The optimisers as methods.md section 1 writes them: one element, one step. Each yields the element, then its moments. */

export interface AdamwSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

/** @param steps how many were made, this one among them. @param top the largest v so far (amsgrad), or 0. */
export function adamwRef(
  [p, m, v, top]: readonly [number, number, number, number],
  gradient: number,
  { lr, betas: [b1, b2], eps, weightDecay }: AdamwSettings,
  steps: number,
): [number, number, number, number] {
  const m1 = b1 * m + (1 - b1) * gradient;
  const v1 = b2 * v + (1 - b2) * gradient * gradient;
  const highest = Math.max(top, v1);
  const corrected = Math.sqrt(highest) / Math.sqrt(1 - b2 ** steps) + eps;
  const kept = p * (1 - lr * weightDecay);
  return [kept - ((lr / (1 - b1 ** steps)) * m1) / corrected, m1, v1, highest];
}

/** @param buffer its momentum; undefined before the first step. */
export function sgdRef(
  [p, buffer]: readonly [number, number | undefined],
  gradient: number,
  { lr, momentum, weightDecay }: { lr: number; momentum: number; weightDecay: number },
): [number, number] {
  const decayed = gradient + weightDecay * p;
  const next = buffer === undefined ? decayed : momentum * buffer + decayed;
  return [p - lr * next, next];
}
