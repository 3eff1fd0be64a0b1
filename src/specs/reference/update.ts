/** The optimisers as methods.md section 1 writes them: one element, one step. Each yields the element, then its moments. */

export interface AdamwSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Adam's weight decay, a part of the gradient, instead of AdamW's. Default false. */
  readonly coupled?: boolean;
}

/** @param steps how many were made, this one among them. @param top the largest v so far (amsgrad), or 0. */
export function adamwRef(
  [p, m, v, top]: readonly [number, number, number, number],
  gradient: number,
  { lr, betas: [b1, b2], eps, weightDecay, coupled = false }: AdamwSettings,
  steps: number,
): [number, number, number, number] {
  const g = coupled ? gradient + weightDecay * p : gradient;
  const m1 = b1 * m + (1 - b1) * g;
  const v1 = b2 * v + (1 - b2) * g * g;
  const highest = Math.max(top, v1);
  const corrected = Math.sqrt(highest) / Math.sqrt(1 - b2 ** steps) + eps;
  const kept = coupled ? p : p * (1 - lr * weightDecay);
  return [kept - ((lr / (1 - b1 ** steps)) * m1) / corrected, m1, v1, highest];
}

/** @param buffer its momentum; undefined before the first step. */
export function sgdRef(
  [p, buffer]: readonly [number, number | undefined],
  gradient: number,
  {
    lr,
    momentum,
    weightDecay,
    nesterov = false,
  }: { lr: number; momentum: number; weightDecay: number; nesterov?: boolean },
): [number, number] {
  const decayed = gradient + weightDecay * p;
  const next = buffer === undefined ? decayed : momentum * buffer + decayed;
  return [p - lr * (nesterov ? decayed + momentum * next : next), next];
}

/** @param m its momentum. */
export function lionRef(
  [p, m]: readonly [number, number],
  gradient: number,
  { lr, betas: [b1, b2], weightDecay }: Pick<AdamwSettings, 'lr' | 'betas' | 'weightDecay'>,
): [number, number] {
  const direction = Math.sign(b1 * m + (1 - b1) * gradient);
  return [p * (1 - lr * weightDecay) - lr * direction, b2 * m + (1 - b2) * gradient];
}
