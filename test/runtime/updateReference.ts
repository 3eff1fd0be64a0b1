import type { OptimiserConfig } from '../../src/nn/optimiser.ts';

/** The optimisers as methods.md section 1 writes them, in float64. */
export function updateReference(config: OptimiserConfig) {
  const m: number[] = [];
  const v: number[] = [];
  const top: number[] = [];
  return (p: number, g: number, i: number, step: number, lr = config.lr): number => {
    if (config.kind === 'sgd') {
      const decayed = g + config.weightDecay * p;
      m[i] = step === 0 ? decayed : config.momentum * m[i]! + decayed;
      return p - lr * m[i]!;
    }
    const [b1, b2] = config.betas;
    m[i] = b1 * (m[i] ?? 0) + (1 - b1) * g;
    v[i] = b2 * (v[i] ?? 0) + (1 - b2) * g * g;
    top[i] = config.amsgrad ? Math.max(top[i] ?? 0, v[i]!) : v[i]!;
    const kept = p * (1 - lr * config.weightDecay);
    const corrected = Math.sqrt(top[i]!) / Math.sqrt(1 - b2 ** (step + 1)) + config.eps;
    return kept - ((lr / (1 - b1 ** (step + 1))) * m[i]!) / corrected;
  };
}
