/** Networks of inverted residual blocks (Sandler et al. 2018): EfficientNet, EfficientNet-Lite and MobileNetV3, under torchvision's names. */
import { add, mul } from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import type { Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { kaimingNormalFanOut, zeros } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { type Activation, norm } from './blocks.ts';

/** Expand 1x1, filter each channel, weigh the channels, project 1x1; plus the input where shapes allow. */
export interface InvertedBlock {
  readonly kernel: 3 | 5;
  readonly stride: 1 | 2;
  /** Channels that are filtered; those of the input: nothing expands them. */
  readonly expanded: number;
  /** Channels of the output. */
  readonly out: number;
  /** Channels that their weights are made from; 0: they are not weighed. */
  readonly squeezed: number;
  readonly activation: Activation;
}

export interface InvertedNetwork {
  /** Channels of the first convolution, 3x3 at stride 2. */
  readonly stem: number;
  /** Activation after it. */
  readonly activation: Activation;
  /** How channels are weighed: the activation between the two layers, and what makes weights from 0 to 1 of the last. */
  readonly squeeze: { readonly activation: Activation; readonly gate: Activation };
  /** As far as detectors read it. */
  readonly stages: readonly (readonly InvertedBlock[])[];
  /** Whether torchvision's names count the blocks of each stage, or all of them. */
  readonly counted: 'by stage' | 'through';
}

/**
 * Zeros around a convolution: (k - 1) / 2 on every side; TensorFlow's `same` for the actual size; or `same` for images of
 * the side that follows it, kept for every size, as EfficientNet-PyTorch and its descendants do.
 */
export type Padding = 'symmetric' | 'same' | `same${number}`;

/** What publishers of the same network do differently. */
export interface Arithmetic {
  /** Epsilon of its batch norms. */
  readonly bnEps: number;
  readonly padding: Padding;
}

/**
 * The outputs of the last block of each tapped stage, finest first.
 * @param x images [N, 3, H, W], normalised as the network needs; H, W multiples of 32.
 * @param tapped numbers of stages, ascending.
 */
export function invertedFeatures(
  layers: Layers,
  x: Value,
  network: InvertedNetwork,
  arithmetic: Arithmetic,
  tapped: readonly number[],
): Value[] {
  const run = runOf(x, arithmetic);
  return within(layers, 'features', (inner) => {
    const stem: ConvShape = { kernel: 3, stride: 2, out: network.stem };
    let y = within(inner, '0', (each) => network.activation(convNorm(each, x, stem, run)));
    const taps: Value[] = [];
    for (const [stage, blocks] of network.stages.entries()) {
      for (const [i, block] of blocks.entries()) {
        y = within(inner, blockName(network, stage, i), (each) =>
          within(each, 'block', (parts) => invertedBlock(parts, y, block, network, run)),
        );
      }
      if (tapped.includes(stage)) taps.push(y);
    }
    return taps;
  });
}

/** torchvision's name of a block under `features`. */
export function blockName({ stages, counted }: InvertedNetwork, stage: number, block: number): string {
  if (counted === 'by stage') return `${stage + 1}.${block}`;
  return String(1 + stages.slice(0, stage).reduce((sum, blocks) => sum + blocks.length, block));
}

/** The parts of a block, in order; each is a convolution and a batch norm, but `squeeze`, which is two layers. */
export type BlockPart = 'expand' | 'depthwise' | 'squeeze' | 'project';

/** The parts that a block has; torchvision numbers them. */
export const partsOf = (block: InvertedBlock, channels: number): BlockPart[] => [
  ...(block.expanded === channels ? [] : (['expand'] as const)),
  'depthwise',
  ...(block.squeezed > 0 ? (['squeeze'] as const) : []),
  'project',
];

/** One pass over the images. */
interface Run extends Arithmetic {
  /** The side that `same380` pads for, at the current depth. */
  readonly nominal: { side: number };
}

const runOf = (x: Value, arithmetic: Arithmetic): Run => {
  const fixed = Number(arithmetic.padding.replace('same', ''));
  return { ...arithmetic, nominal: { side: fixed || x.shape[2]! } };
};

interface ConvShape {
  readonly kernel: number;
  readonly stride?: number;
  readonly out: number;
  /** One filter per channel. */
  readonly depthwise?: boolean;
}

function invertedBlock(
  layers: Layers,
  x: Value,
  block: InvertedBlock,
  { squeeze }: InvertedNetwork,
  run: Run,
): Value {
  const { kernel, stride, expanded, out, squeezed, activation } = block;
  const channels = x.shape[1]!;
  let y = x;
  for (const [i, part] of partsOf(block, channels).entries()) {
    y = within(layers, String(i), (inner) => {
      switch (part) {
        case 'expand':
          return activation(convNorm(inner, y, { kernel: 1, out: expanded }, run));
        case 'depthwise':
          return activation(convNorm(inner, y, { kernel, stride, out: expanded, depthwise: true }, run));
        case 'squeeze':
          return squeezeExcite(inner, y, squeezed, squeeze);
        case 'project':
          return convNorm(inner, y, { kernel: 1, out }, run);
      }
    });
  }
  return stride === 1 && channels === out ? add(y, x) : y;
}

function convNorm(
  layers: Layers,
  x: Value,
  { kernel, stride = 1, out, depthwise = false }: ConvShape,
  run: Run,
): Value {
  const groups = depthwise ? out : 1;
  const filtered = within(layers, '0', (inner) => {
    const weight = inner.parameter(
      'weight',
      [out, x.shape[1]! / groups, kernel, kernel],
      kaimingNormalFanOut,
    );
    return conv2d(x, weight, { stride, groups, padding: zerosAround(x, kernel, stride, run) });
  });
  if (stride > 1) run.nominal.side = Math.ceil(run.nominal.side / stride);
  return norm(layers, '1', filtered, run.bnEps);
}

/** top, bottom, left, right. */
function zerosAround(
  x: Value,
  kernel: number,
  stride: number,
  { padding, nominal }: Run,
): [number, number, number, number] {
  const half = (kernel - 1) / 2;
  if (padding === 'symmetric') return [half, half, half, half];
  const along = (side: number): [number, number] => {
    const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  if (padding === 'same') return [...along(x.shape[2]!), ...along(x.shape[3]!)];
  return [...along(nominal.side), ...along(nominal.side)];
}

/** Each channel times a weight from 0 to 1 that follows from all channels' means. */
function squeezeExcite(
  layers: Layers,
  x: Value,
  squeezed: number,
  { activation, gate }: InvertedNetwork['squeeze'],
): Value {
  const channels = x.shape[1]!;
  const pointwise = (name: string, y: Value, out: number): Value =>
    within(layers, name, (inner) => {
      const weight = inner.parameter('weight', [out, y.shape[1]!, 1, 1], kaimingNormalFanOut);
      return conv2d(y, weight, { bias: inner.parameter('bias', [out], zeros) });
    });
  const pooled = mean(x, { axes: [2, 3], keepDims: true });
  return mul(x, gate(pointwise('fc2', activation(pointwise('fc1', pooled, squeezed)), channels)));
}
