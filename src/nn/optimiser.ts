import { requireFlag, requireList } from '../arguments.ts';
import { ConfigError, gotText } from '../errors.ts';
import { mul } from '../graph/ops/pointwise.ts';
import { pack } from '../graph/ops/slab.ts';
import { effect, type UpdateRule } from '../graph/ops/update.ts';
import { input, nameOf, state, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import type { BoundNetwork } from './trainable.ts';

/** How a group of parameters is updated. Names and defaults are PyTorch's. */
export type OptimiserConfig = Update & {
  /** Largest norm of all gradients together; larger ones are scaled down (`clipFactor`). Default: no limit. */
  readonly clipNorm?: number;
};

type Update = AdamwConfig | SgdConfig | LionConfig;

interface AdamwConfig {
  /** `adam` adds weight decay to the gradient, `adamw` takes it from the parameters. */
  readonly kind: 'adamw' | 'adam';
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
}

interface SgdConfig {
  readonly kind: 'sgd';
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Default false. */
  readonly nesterov?: boolean;
}

interface LionConfig {
  readonly kind: 'lion';
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly weightDecay: number;
}

type AdamwOptions = Partial<Omit<AdamwConfig, 'kind'>>;
type SgdOptions = Partial<Omit<SgdConfig, 'kind'>>;
type LionOptions = Partial<Omit<LionConfig, 'kind'>>;

const ADAMW_OPTIONS: OptionNames<AdamwOptions> = {
  lr: true,
  betas: true,
  eps: true,
  weightDecay: true,
  amsgrad: true,
};
const SGD_OPTIONS: OptionNames<SgdOptions> = { lr: true, momentum: true, weightDecay: true, nesterov: true };
const LION_OPTIONS: OptionNames<LionOptions> = { lr: true, betas: true, weightDecay: true };

/** @throws ConfigError for a name that the kind of `config` does not have. */
function requireConfig(where: string, config: OptimiserConfig): void {
  const shared = { kind: true, clipNorm: true } as const;
  if (config.kind === 'sgd') requireOptions(where, config, { ...SGD_OPTIONS, ...shared });
  else if (config.kind === 'lion') requireOptions(where, config, { ...LION_OPTIONS, ...shared });
  else requireOptions(where, config, { ...ADAMW_OPTIONS, ...shared });
}

/** PyTorch's AdamW defaults, except for what each method sets itself. */
export const ADAMW = { kind: 'adamw', betas: [0.9, 0.999], eps: 1e-8, amsgrad: false } as const;

/**
 * AdamW (Loshchilov and Hutter 2019) for `Engine.optimiser`, with PyTorch's names and defaults: lr 1e-3, betas
 * [0.9, 0.999], eps 1e-8, weightDecay 1e-2, amsgrad false.
 */
export function adamw(options: AdamwOptions = {}, ...extra: never[]): UpdateRule {
  refuseExtra('adamw', extra);
  requireOptions('adamw', options, ADAMW_OPTIONS);
  return ruleOf({ ...ADAMW, lr: 1e-3, weightDecay: 1e-2, ...options });
}

/**
 * Adam (Kingma and Ba 2015) for `Engine.optimiser`, with PyTorch's names and defaults: as `adamw`, but weightDecay 0, which is
 * added to the gradient.
 */
export function adam(options: AdamwOptions = {}, ...extra: never[]): UpdateRule {
  refuseExtra('adam', extra);
  requireOptions('adam', options, ADAMW_OPTIONS);
  return ruleOf({ ...ADAMW, kind: 'adam', lr: 1e-3, weightDecay: 0, ...options });
}

/** Lion (Chen et al. 2023) for `Engine.optimiser`: lr 1e-4, betas [0.9, 0.99], weightDecay 0. One moment; steps of one size. */
export function lion(options: LionOptions = {}, ...extra: never[]): UpdateRule {
  refuseExtra('lion', extra);
  requireOptions('lion', options, LION_OPTIONS);
  return ruleOf({ kind: 'lion', lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, ...options });
}

/**
 * Stochastic gradient descent for `Engine.optimiser`. Defaults are PyTorch's: lr 1e-3, momentum 0, weightDecay 0, nesterov
 * false.
 */
export function sgd(options: SgdOptions = {}, ...extra: never[]): UpdateRule {
  refuseExtra('sgd', extra);
  requireOptions('sgd', options, SGD_OPTIONS);
  return ruleOf({ kind: 'sgd', lr: 1e-3, momentum: 0, weightDecay: 0, ...options });
}

function ruleOf(config: Update): UpdateRule {
  requireRates(config);
  return {
    moments(slab, ...extra: never[]) {
      refuseExtra('moments', extra);
      return momentNames(config, slab);
    },
    update(slab, gradient, settings, ...extra: never[]) {
      refuseExtra('update', extra);
      return update(slab, gradient, settings, config);
    },
    settingsAt(step, lr = config.lr, ...extra: never[]) {
      refuseExtra('settingsAt', extra);
      requireRange(config.kind, 'lr', lr);
      return settingsAt(config, step, lr);
    },
  };
}

/** @throws ConfigError for an option that would turn parameters into NaN or move them in the wrong direction. */
function requireRates(config: Update): void {
  const { kind, lr, weightDecay } = config;
  requireRange(kind, 'lr', lr);
  requireRange(kind, 'weightDecay', weightDecay);
  if (config.kind === 'sgd') {
    requireRange(kind, 'momentum', config.momentum);
    requireFlag(kind, 'nesterov', config.nesterov ?? false);
    if (config.nesterov && config.momentum === 0) {
      throw new ConfigError(`${kind}: nesterov expects a momentum above 0, got 0`);
    }
    return;
  }
  if (config.kind !== 'lion') {
    requireRange(kind, 'eps', config.eps);
    requireFlag(kind, 'amsgrad', config.amsgrad);
  }
  requireList(kind, 'betas', config.betas);
  if (config.betas.length > 2) {
    throw new ConfigError(`${kind}: betas expects two numbers, got ${gotText(config.betas)}`);
  }
  for (const i of [0, 1] as const) requireRange(kind, `betas[${i}]`, config.betas[i], 1);
}

function requireRange(kind: string, name: string, value: number, below = Number.POSITIVE_INFINITY): void {
  if (Number.isFinite(value) && value >= 0 && value < below) return;
  const end = below === 1 ? ' and below 1' : '';
  throw new ConfigError(`${kind}: ${name} expects a number of at least 0${end}, got ${gotText(value)}`);
}

/** Name of the input that `settingsAt` fills, for a single group of parameters. */
export const SETTINGS = 'optimiser settings';

/** Slabs that the optimiser keeps beside the parameters, all zero at the start. */
export function momentNames(config: OptimiserConfig, slab: string): string[] {
  if (config.kind === 'sgd') return [`${slab} momentum`];
  if (config.kind === 'lion') return [`${slab} m`];
  return [`${slab} m`, `${slab} v`, ...(config.amsgrad ? [`${slab} vmax`] : [])];
}

/**
 * The effect that applies `gradients` (in slab order) to a network's parameters: one dispatch.
 * @param settings name of the input with its learning rate: one for each group that has a rate of its own.
 * @param factor every gradient is multiplied by it first: one element.
 */
export function optimiserStep(
  network: BoundNetwork,
  gradients: readonly Value[],
  config: OptimiserConfig,
  settings = SETTINGS,
  factor?: Value,
  ...extra: never[]
): Value {
  refuseExtra('optimiserStep', extra);
  requireConfig('optimiserStep', config);
  const packed = pack(gradients);
  const gradient = factor ? mul(packed, factor) : packed;
  return update(network.parameters.slab, gradient, input(settings, settingsShape(config)), config);
}

/** The same where the step may be given up: at a factor of 0 parameters and moments stay as they are, whatever the gradients. */
export function optimiserStepUnless0(
  network: BoundNetwork,
  gradients: readonly Value[],
  config: OptimiserConfig,
  settings: string,
  factor: Value,
): Value {
  const rates = input(settings, settingsShape(config));
  return update(network.parameters.slab, pack(gradients), rates, config, factor);
}

const SETTINGS_LENGTH = { sgd: 2, lion: 1, adam: 3, adamw: 3 } as const;
const settingsShape = ({ kind }: Update): [number] => [SETTINGS_LENGTH[kind]];

/** @param factor of the gradient; where it is 0 nothing changes. */
function update(p: Value, gradient: Value, settings: Value, config: Update, factor?: Value): Value {
  const states = [p, ...momentNames(config, nameOf(p)).map((name) => state(name, p.shape))];
  const values = [gradient, settings, ...(factor ? [factor] : [])];
  const scaled = factor ? ({ scaled: true } as const) : {};
  const { kind, weightDecay } = config;
  if (config.kind === 'sgd') {
    const { momentum, nesterov } = config;
    return effect('sgd', states, values, {
      momentum,
      weightDecay,
      ...(nesterov ? { nesterov } : {}),
      ...scaled,
    });
  }
  const [beta1, beta2] = config.betas;
  if (config.kind === 'lion') return effect('lion', states, values, { beta1, beta2, weightDecay, ...scaled });
  const { eps, amsgrad } = config;
  const coupled = kind === 'adam' ? ({ coupled: true } as const) : {};
  const attrs = { beta1, beta2, eps, weightDecay, ...coupled, ...scaled };
  return effect(amsgrad ? 'adamwAmsgrad' : 'adamw', states, values, attrs, kind);
}

/** What SETTINGS holds at `step` (from 0) for the learning rate `lr`. */
export function settingsAt(
  config: OptimiserConfig,
  step: number,
  lr = config.lr,
  ...extra: never[]
): Float32Array {
  refuseExtra('settingsAt', extra);
  requireConfig('settingsAt', config);
  if (config.kind === 'sgd') return Float32Array.of(lr, step === 0 ? 1 : 0);
  if (config.kind === 'lion') return Float32Array.of(lr);
  const [beta1, beta2] = config.betas;
  return Float32Array.of(lr, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1));
}
