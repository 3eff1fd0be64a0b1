import { pack } from '../graph/ops/movement.ts';
import { mul } from '../graph/ops/pointwise.ts';
import { adamw, sgd } from '../graph/ops/update.ts';
import { input, state, type Value } from '../graph/value.ts';
import type { BoundNetwork } from './trainable.ts';

/** How a group of parameters is updated. Names and defaults are PyTorch's. */
export type OptimiserConfig = Update & {
  /** All gradients together are scaled down to this norm where theirs is above it (`clipFactor`); absent: they are not. */
  readonly clipNorm?: number;
};

type Update =
  | {
      readonly kind: 'adamw';
      readonly lr: number;
      readonly betas: readonly [number, number];
      readonly eps: number;
      readonly weightDecay: number;
      readonly amsgrad: boolean;
    }
  | { readonly kind: 'sgd'; readonly lr: number; readonly momentum: number; readonly weightDecay: number };

/** AdamW as PyTorch has it by default, but for what every method says itself. */
export const ADAMW = { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, amsgrad: false } as const;

/** Name of the input that `settingsAt` fills, where there is one group of parameters. */
export const SETTINGS = 'optimiser settings';

/** Slabs that the optimiser keeps beside the parameters, all zero at the start. */
export function momentNames(config: OptimiserConfig, slab: string): string[] {
  if (config.kind === 'sgd') return [`${slab} momentum`];
  return [`${slab} m`, `${slab} v`, ...(config.amsgrad ? [`${slab} vmax`] : [])];
}

/**
 * The effect that applies `gradients` (in slab order) to a network's parameters: one dispatch.
 * @param settings name of the input with its learning rate: one for each group that has a rate of its own.
 * @param factor what every gradient is multiplied by first: one element.
 */
export function optimiserStep(
  network: BoundNetwork,
  gradients: readonly Value[],
  config: OptimiserConfig,
  settings = SETTINGS,
  factor?: Value,
): Value {
  const p = network.parameters.slab;
  const { name } = p.attrs as { name: string };
  const moments = momentNames(config, name).map((each) => state(each, p.shape));
  const packed = pack(gradients);
  const grad = factor ? mul(packed, factor) : packed;
  if (config.kind === 'sgd') {
    return sgd({ p, buf: moments[0]! }, grad, input(settings, [2]), config);
  }
  const [beta1, beta2] = config.betas;
  return adamw({ p, m: moments[0]!, v: moments[1]!, vmax: moments[2] }, grad, input(settings, [3]), {
    beta1,
    beta2,
    eps: config.eps,
    weightDecay: config.weightDecay,
  });
}

/** What SETTINGS holds at `step` (from 0) for the learning rate `lr`. */
export function settingsAt(config: OptimiserConfig, step: number, lr = config.lr): Float32Array {
  if (config.kind === 'sgd') return Float32Array.of(lr, step === 0 ? 1 : 0);
  const [beta1, beta2] = config.betas;
  return Float32Array.of(lr, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1));
}
