import type { OptimiserConfig } from '../../src/nn/optimiser.ts';
import { adamwRef, lionRef, sgdRef } from '../../src/specs/reference/update.ts';

/** The optimisers in float64: element i after a step, its moments kept from call to call. */
export function updateReference(config: OptimiserConfig) {
  const moments: number[][] = [];
  return (p: number, g: number, i: number, step: number, lr = config.lr): number => {
    if (config.kind === 'sgd') {
      const [next, ...rest] = sgdRef([p, moments[i]?.[0]], g, { ...config, lr });
      moments[i] = rest;
      return next;
    }
    if (config.kind === 'lion') {
      const [next, ...rest] = lionRef([p, moments[i]?.[0] ?? 0], g, { ...config, lr });
      moments[i] = rest;
      return next;
    }
    const [m = 0, v = 0, top = 0] = moments[i] ?? [];
    const coupled = config.kind === 'adam';
    const [next, ...rest] = adamwRef(
      [p, m, v, config.amsgrad ? top : 0],
      g,
      { ...config, lr, coupled },
      step + 1,
    );
    moments[i] = rest;
    return next;
  };
}
