import { requireOneOf } from '../arguments.ts';
import { relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import type { Layers } from '../nn/layers.ts';
import { conv2d } from '../nn/modules/conv.ts';
import { dropout } from '../nn/modules/dropout.ts';
import { linear } from '../nn/modules/linear.ts';
import { globalAvgPool2d } from '../nn/pool.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { norm } from './blocks.ts';

/** The rows of the paper's Table 3: convolutions before the pool, linear layers after it. */
export const HEAD_STRUCTURES = {
  '1-linear': { convs: 0, linears: 1 },
  '2-linear': { convs: 0, linears: 2 },
  '3-linear': { convs: 0, linears: 3 },
  '1-conv-2-linear': { convs: 1, linears: 2 },
  '2-conv-2-linear': { convs: 2, linears: 2 },
} as const;
/** Name of a row. */
export type HeadStructure = keyof typeof HEAD_STRUCTURES;

/** Options of a head; default `HEAD_DEFAULTS`. */
export interface HeadOptions {
  readonly structure?: HeadStructure;
  /** Rate of the one dropout, between pool and linear layers. */
  readonly dropout?: number;
  /** Side of the convolutions' kernels. */
  readonly kernel?: 1 | 3;
}

export const HEAD_OPTIONS: OptionNames<HeadOptions> = { structure: true, dropout: true, kernel: true };

/** The paper's values, except the kernel, which is ours (methods.md 7.3). */
export const HEAD_DEFAULTS = {
  structure: '1-conv-2-linear',
  dropout: 0.25,
  kernel: 1,
} as const satisfies HeadOptions;

/** A head: its options and sizes. */
export interface AlignHeadConfig extends HeadOptions {
  /** 2 for a regressor, the number of classes for the classifier. */
  readonly outputs: number;
  /** Hidden width of the linear layers; default 256. */
  readonly hidden?: number;
}

const ALIGN_HEAD_CONFIG: OptionNames<AlignHeadConfig> = { ...HEAD_OPTIONS, outputs: true, hidden: true };

/**
 * CADA's head (methods.md 7.3, 7.5): convolutions that keep the channels, each with BN and ReLU; pool; dropout; linear
 * layers with ReLU between. Tensors `conv`, `bn`, `conv2`, `bn2`, `fc1` to `fc3`. Feature [N, C, h, w] -> [N, outputs].
 */
export function alignHead(layers: Layers, feature: Value, config: AlignHeadConfig, ...extra: never[]): Value {
  refuseExtra('alignHead', extra);
  requireOptions('alignHead: config', config, ALIGN_HEAD_CONFIG);
  const { outputs, hidden = 256 } = config;
  const {
    dropout: rate = HEAD_DEFAULTS.dropout,
    kernel = HEAD_DEFAULTS.kernel,
    structure = HEAD_DEFAULTS.structure,
  } = config;
  requireOneOf('alignHead', 'structure', structure, Object.keys(HEAD_STRUCTURES) as HeadStructure[]);
  const { convs, linears } = HEAD_STRUCTURES[structure];
  let x = feature;
  for (let i = 1; i <= convs; i++) {
    const suffix = i === 1 ? '' : String(i);
    x = relu(norm(layers, `bn${suffix}`, keepChannels(layers, `conv${suffix}`, x, kernel)));
  }
  x = globalAvgPool2d(x);
  x = dropout(layers, x, rate);
  for (let i = 1; i < linears; i++) x = relu(linear(layers, `fc${i}`, x, hidden));
  return linear(layers, `fc${linears}`, x, outputs);
}

const keepChannels = (layers: Layers, name: string, x: Value, kernel: number): Value =>
  conv2d(layers, name, x, x.shape[1]!, kernel, { padding: (kernel - 1) / 2, bias: false });
