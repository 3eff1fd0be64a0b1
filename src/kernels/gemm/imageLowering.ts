/** Convolutions, their gradients and matrix products on CPU adapters: pack both operands into textures, multiply. */
import { type DeviceFacts, imageWords } from '../kernel.ts';
import type { Lowered, OpRequest } from '../lowering.ts';
import { gemmChoiceOf } from './choices.ts';
import type { ConvSizes, PhaseAxis } from './convOperands.ts';
import {
  buildImageOuter,
  gradientPixels,
  guessImageOuter,
  type ImageOuterTile,
  outerSplits,
} from './imageOuter.ts';
import { buildImageRows, guessImageRows } from './imageRows.ts';
import { everyPlace, type ImageConv } from './images.ts';
import { imagesFit } from './imagesFit.ts';
import { type PixelStrides, packPixels, pixelImage } from './pixelImages.ts';
import { type GemmProblem, gemmFlops } from './problem.ts';
import { splitK } from './variants.ts';
import { packWeights, type WeightLayout, weightImage } from './weightImages.ts';
import { winogradFor, winogradGradFor, winogradGradOf, winogradOf } from './winogradChoice.ts';
import { winogradGradSteps } from './winogradGrad.ts';
import { winogradSteps } from './winogradLowering.ts';

/** Below, packing and two more dispatches cost more than they save. */
const LEAST_FLOPS = 1e6;
/** Of lanes x lanes results. Below, cutting long sums into parts (`splitK`) keeps more cores busy. */
const FEWEST_TILES = 8;

/** True, or why a problem is left to the other variants. */
function suits(problem: GemmProblem, p: ImageConv, request: OpRequest, device: DeviceFacts): true | string {
  if (!device.software || device.subgroupSize < 4) return 'needs a CPU adapter with subgroups of at least 4';
  if (gemmChoiceOf(request.choice)) return 'another variant is chosen';
  if (problem.z > 1) return 'groups are not packed';
  if (!request.choice && gemmFlops(problem) < LEAST_FLOPS) return 'too small';
  if (p.channels < 3 || p.rows < 3) return 'has too few channels to fill texels';
  return imagesFit(p, device);
}

const forward = (s: ConvSizes): ImageConv => ({
  images: s.n,
  channels: s.c,
  rows: s.cout,
  y: { size: s.h, out: s.oh, stride: s.stride[0], taps: s.kh, step: s.dilation[0], before: s.padding[0] },
  x: { size: s.w, out: s.ow, stride: s.stride[1], taps: s.kw, step: s.dilation[1], before: s.padding[2] },
});

/** y = conv(x, w), or undefined where it does not suit. */
export function imageConv2d(
  problem: GemmProblem,
  s: ConvSizes,
  request: OpRequest,
  device: DeviceFacts,
): Lowered | undefined {
  const p = forward(s);
  const layout: WeightLayout = {
    length: s.cout * s.c * s.kh * s.kw,
    row: s.c * s.kh * s.kw,
    channel: s.kh * s.kw,
    y: { first: 0, step: 1 },
    x: { first: 0, step: 1 },
    kernelWidth: s.kw,
  };
  return lowered(problem, p, layout, request, device);
}

/** One phase of dx = conv(dy, w turned round), or undefined where it does not suit. */
export function imageInputGrad(
  problem: GemmProblem,
  s: ConvSizes,
  rows: PhaseAxis,
  columns: PhaseAxis,
  request: OpRequest,
  device: DeviceFacts,
): Lowered | undefined {
  if (rows.taps === 0 || columns.taps === 0) return undefined;
  const axis = (phase: PhaseAxis, size: number): ImageConv['y'] => ({
    size,
    out: phase.count,
    stride: 1,
    taps: phase.taps,
    step: Math.max(1, phase.offsetStep),
    // Tap t reads row i + offset - t offsetStep; taps are walked from the last to the first.
    before: (phase.taps - 1) * phase.offsetStep - phase.offset,
  });
  const p: ImageConv = {
    images: s.n,
    channels: s.cout,
    rows: s.c,
    y: axis(rows, s.oh),
    x: axis(columns, s.ow),
  };
  const turned = (phase: PhaseAxis): WeightLayout['y'] => ({
    first: phase.first + (phase.taps - 1) * phase.step,
    step: -phase.step,
  });
  const layout: WeightLayout = {
    length: s.cout * s.c * s.kh * s.kw,
    row: s.kh * s.kw,
    channel: s.c * s.kh * s.kw,
    y: turned(rows),
    x: turned(columns),
    kernelWidth: s.kw,
  };
  return lowered(problem, p, layout, request, device);
}

/** The gradient of w, from inputs x and dy, or undefined where it does not suit. */
export function imageWeightGrad(
  problem: GemmProblem,
  s: ConvSizes,
  request: OpRequest,
  device: DeviceFacts,
): Lowered | undefined {
  const p = forward(s);
  const { choice } = request;
  if (!device.software) {
    if (problem.z > 1 || request.inputs.some(({ element }) => element !== 'f32')) return undefined;
    const way = choice ? winogradGradOf(p, choice, device) : winogradGradFor(p, device);
    return way && winogradGradSteps(problem, way, device);
  }
  const dy = gradientPixels(p);
  if (suits(problem, p, request, device) !== true || imagesFit(dy, device) !== true) return undefined;
  if (request.inputs.some(({ element }) => element !== 'f32')) return undefined;
  const winograd = choice ? winogradGradOf(p, choice, device) : winogradGradFor(p, device);
  if (winograd) return winogradGradSteps(problem, winograd, device);
  const tile = outerTile(p, request, device);
  const splits = outerSplits(p, tile, device.subgroupSize);
  const [pixels, gradients] = [{ scratch: 0 }, { scratch: 1 }];
  const pack = [
    { kernel: packPixels(problem.label, p, device), operands: [0, pixels] },
    { kernel: packPixels(`${problem.label} dy`, dy, device), operands: [1, gradients] },
  ];
  const outer = buildImageOuter(problem, p, tile, splits, device);
  const scratch = [imageWords(pixelImage(p)), imageWords(pixelImage(dy))];
  if (splits === 1)
    return { steps: [...pack, { kernel: outer, operands: [gradients, pixels, 'out'] }], scratch };
  const { total, words } = splitK(problem, splits, device);
  const parts = { scratch: 2 };
  return {
    steps: [
      ...pack,
      { kernel: outer, operands: [gradients, pixels, parts] },
      { kernel: total, operands: [parts, 'out'] },
    ],
    scratch: [...scratch, words],
  };
}

/** The one chosen, where the lanes hold its channels and its turns come out even; else the rule's. */
function outerTile(p: ImageConv, { choice }: OpRequest, { subgroupSize }: DeviceFacts): ImageOuterTile {
  const fits =
    choice?.by === 'imageOuter' &&
    choice.tile.quads <= subgroupSize &&
    (p.y.out * p.x.out) % choice.tile.positions === 0;
  return fits ? choice.tile : guessImageOuter(p, subgroupSize);
}

/**
 * a times b as a 1x1 convolution: a's rows are its weights, b's columns its positions. Undefined where it does not
 * suit, as with batches.
 */
export function imageMatmul(
  problem: GemmProblem,
  request: OpRequest,
  device: DeviceFacts,
): Lowered | undefined {
  const { transposeA, transposeB } = request.attrs as { transposeA: boolean; transposeB: boolean };
  const { m, n, k } = problem;
  const p: ImageConv = { images: 1, channels: k, rows: m, y: everyPlace(1), x: everyPlace(n) };
  const one = { first: 0, step: 1 };
  const [row, channel] = transposeA ? [1, m] : [k, 1];
  const layout: WeightLayout = { length: m * k, row, channel, y: one, x: one, kernelWidth: 1 };
  const strides = {
    image: 0,
    row: 0,
    ...(transposeB ? { channel: 1, column: k } : { channel: n, column: 1 }),
  };
  return lowered(problem, p, layout, request, device, { pixels: 1, weights: 0, strides });
}

/** On GPUs the transforms alone use the packed layouts, in buffers; undefined where the direct product is better. */
function winogradOnGpu(
  problem: GemmProblem,
  p: ImageConv,
  layout: WeightLayout,
  { choice, still, inputs: operands }: OpRequest,
  device: DeviceFacts,
  inputs: typeof CONV_INPUTS,
): Lowered | undefined {
  if (problem.z > 1) return undefined;
  // Whoever stores f16 wants the memory: the transformed operands are f32 and several times as large.
  if (!choice && operands.some(({ element }) => element === 'f16')) return undefined;
  const ahead = still?.[inputs.weights] ?? false;
  const way = choice ? winogradOf(p, choice, device) : winogradFor(p, ahead, device);
  return way && winogradSteps(problem, way, layout, ahead, device);
}

/** From which inputs the pixels and the weights are packed. */
const CONV_INPUTS: { pixels: number; weights: number; strides?: PixelStrides } = { pixels: 0, weights: 1 };

/** Packs both operands and multiplies them, or undefined where the problem does not suit. */
function lowered(
  problem: GemmProblem,
  p: ImageConv,
  layout: WeightLayout,
  request: OpRequest,
  device: DeviceFacts,
  inputs = CONV_INPUTS,
): Lowered | undefined {
  if (!device.software) return winogradOnGpu(problem, p, layout, request, device, inputs);
  const lanes = device.subgroupSize;
  if (suits(problem, p, request, device) !== true) return undefined;
  const { choice } = request;
  const still = request.still?.[inputs.weights] ?? false;
  const winograd = choice ? winogradOf(p, choice, device) : winogradFor(p, still, device);
  if (winograd) return winogradSteps(problem, winograd, layout, still, device);
  const chosen = choice?.by === 'imageRows' ? choice.tile : undefined;
  if (!chosen && Math.ceil(problem.m / lanes) * Math.ceil(problem.n / lanes) < FEWEST_TILES) return undefined;
  const tile = chosen ?? guessImageRows(problem.m, problem.n, lanes);
  const [w, x] = [problem.a.binding.element, problem.b.binding.element];
  const [pixels, weights] = [{ scratch: 0 }, { scratch: 1 }];
  return {
    steps: [
      { kernel: packPixels(problem.label, p, device, x, inputs.strides), operands: [inputs.pixels, pixels] },
      { kernel: packWeights(problem.label, p, layout, device, w), operands: [inputs.weights, weights] },
      {
        kernel: buildImageRows(problem, p, tile, device),
        operands: [weights, pixels, ...(problem.epilogue?.inputs ?? []), 'out'],
      },
    ],
    scratch: [imageWords(pixelImage(p)), imageWords(weightImage(p))],
  };
}
