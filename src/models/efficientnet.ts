import { add, mul, sigmoid, silu } from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { kaimingNormalFanOut, zeros } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import { norm } from './blocks.ts';

/**
 * The two lineages of published EfficientNet-B4 weights need different arithmetic (weights.md 3.3). `padding` is
 * `symmetric` (k - 1) / 2, `same` for the actual size, or `same380`: same for 380 px and kept for every size.
 */
export interface EfficientNetConfig {
  /** Epsilon of its batch norms. */
  readonly bnEps: number;
  readonly padding: 'symmetric' | 'same' | 'same380';
}

const EFFICIENTNET_CONFIG: OptionNames<EfficientNetConfig> = { bnEps: true, padding: true };

/** @throws ConfigError for an unknown name in the configuration. */
export const requireEfficientnet = (where: string, config: EfficientNetConfig): void =>
  requireOptions(`${where}: config`, config, EFFICIENTNET_CONFIG);

export const EFFICIENTNETS = {
  /** torchvision's and timm's `efficientnet_b4`. */
  efficientnet_b4: { bnEps: 1e-5, padding: 'symmetric' },
  /** The TensorFlow weights as EfficientNet-PyTorch and UniAD run them. */
  efficientnet_b4_same380: { bnEps: 1e-3, padding: 'same380' },
  /** The same weights as timm's `tf_efficientnet_b4` runs them. */
  efficientnet_b4_same: { bnEps: 1e-3, padding: 'same' },
} as const satisfies Record<string, EfficientNetConfig>;

export type EfficientNetName = keyof typeof EFFICIENTNETS;

interface Stage {
  readonly kernel: number;
  readonly stride: number;
  readonly expand: number;
  readonly out: number;
  readonly blocks: number;
}

const STEM = 48;
/** Stages 0 to 4 (methods.md 6.1): what the detectors read. */
const STAGES: readonly Stage[] = [
  { kernel: 3, stride: 1, expand: 1, out: 24, blocks: 2 },
  { kernel: 3, stride: 2, expand: 6, out: 32, blocks: 4 },
  { kernel: 5, stride: 2, expand: 6, out: 56, blocks: 4 },
  { kernel: 3, stride: 2, expand: 6, out: 112, blocks: 6 },
  { kernel: 5, stride: 1, expand: 6, out: 160, blocks: 6 },
];
/** Stages whose last block is tapped: blocks 1, 5, 9 and 21. */
const TAPPED = [0, 1, 2, 4];

/**
 * Images [N, 3, H, W], normalised -> the outputs of blocks 1, 5, 9, 21 at strides 2, 4, 8, 16: 24, 32, 56 and 160
 * channels. Evaluation only, torchvision's names. H, W multiples of 32.
 */
export function efficientnetFeatures(layers: Layers, x: Value, config: EfficientNetConfig): Value[] {
  // With `same380`, padding is computed as if the image had 380 pixels.
  const nominal = { side: config.padding === 'same380' ? 380 : x.shape[2]! };
  return within(layers, 'features', (inner) => {
    const stem: ConvShape = { kernel: 3, stride: 2, out: STEM };
    let y = within(inner, '0', (each) => silu(convNorm(each, x, stem, config, nominal)));
    const taps: Value[] = [];
    for (const [i, stage] of STAGES.entries()) {
      y = within(inner, String(i + 1), (each) => runStage(each, y, stage, config, nominal));
      if (TAPPED.includes(i)) taps.push(y);
    }
    return taps;
  });
}

interface ConvShape {
  readonly kernel: number;
  readonly stride?: number;
  readonly out: number;
  /** One filter per channel. */
  readonly depthwise?: boolean;
}

function runStage(
  layers: Layers,
  x: Value,
  { kernel, stride, expand, out, blocks }: Stage,
  config: EfficientNetConfig,
  nominal: { side: number },
): Value {
  let y = x;
  for (let block = 0; block < blocks; block++) {
    const shape = { kernel, stride: block === 0 ? stride : 1, expand, out };
    y = within(layers, String(block), (each) =>
      within(each, 'block', (parts) => mbConv(parts, y, shape, config, nominal)),
    );
  }
  return y;
}

/** Expand, filter each channel, weigh the channels, project; plus the input where shapes allow. */
function mbConv(
  layers: Layers,
  x: Value,
  { kernel, stride, expand, out }: Omit<Stage, 'blocks'>,
  config: EfficientNetConfig,
  nominal: { side: number },
): Value {
  const channels = x.shape[1]!;
  const squeezed = Math.max(1, Math.floor(channels / 4));
  let part = 0;
  const next = <T>(run: (inner: Layers) => T): T => within(layers, String(part++), run);
  let y = x;
  if (expand > 1) {
    const wide: ConvShape = { kernel: 1, out: channels * expand };
    y = next((inner) => silu(convNorm(inner, y, wide, config, nominal)));
  }
  const filter: ConvShape = { kernel, stride, out: y.shape[1]!, depthwise: true };
  y = next((inner) => silu(convNorm(inner, y, filter, config, nominal)));
  y = next((inner) => squeezeExcite(inner, y, squeezed));
  y = next((inner) => convNorm(inner, y, { kernel: 1, out }, config, nominal));
  return stride === 1 && channels === out ? add(y, x) : y;
}

function convNorm(
  layers: Layers,
  x: Value,
  { kernel, stride = 1, out, depthwise = false }: ConvShape,
  config: EfficientNetConfig,
  nominal: { side: number },
): Value {
  const groups = depthwise ? out : 1;
  const filtered = within(layers, '0', (inner) => {
    const weight = inner.parameter(
      'weight',
      [out, x.shape[1]! / groups, kernel, kernel],
      kaimingNormalFanOut,
    );
    return conv2d(x, weight, { stride, groups, padding: paddingOf(x, kernel, stride, config, nominal) });
  });
  if (stride > 1) nominal.side = Math.ceil(nominal.side / stride);
  return norm(layers, '1', filtered, config.bnEps);
}

/** top, bottom, left, right. */
function paddingOf(
  x: Value,
  kernel: number,
  stride: number,
  { padding }: EfficientNetConfig,
  nominal: { side: number },
): [number, number, number, number] {
  const half = (kernel - 1) / 2;
  if (padding === 'symmetric') return [half, half, half, half];
  const along = (side: number): [number, number] => {
    const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  if (padding === 'same380') return [...along(nominal.side), ...along(nominal.side)];
  return [...along(x.shape[2]!), ...along(x.shape[3]!)];
}

/** Each channel times a weight in (0, 1) that follows from all channels' means. */
function squeezeExcite(layers: Layers, x: Value, squeezed: number): Value {
  const channels = x.shape[1]!;
  const pointwise = (name: string, y: Value, out: number): Value =>
    within(layers, name, (inner) => {
      const weight = inner.parameter('weight', [out, y.shape[1]!, 1, 1], kaimingNormalFanOut);
      return conv2d(y, weight, { bias: inner.parameter('bias', [out], zeros) });
    });
  const pooled = mean(x, { axes: [2, 3], keepDims: true });
  return mul(x, sigmoid(pointwise('fc2', silu(pointwise('fc1', pooled, squeezed)), channels)));
}
