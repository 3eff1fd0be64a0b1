/** Whether a 3x3 convolution at stride 1 goes through Winograd's domain, and how: by estimated time. */
import { type DeviceFacts, textureWords } from '../../kernel.ts';
import type { GpuRates } from '../blocked/rates.ts';
import { blockedCost, DISPATCH, guessSplits, moveCost, ratesOf, type Sizes } from '../blocked/rule.ts';
import { TAP_RUN } from '../convOperands.ts';
import { MOST_SPLITS } from '../splitK.ts';
import { type Correlation, type CorrelationAxis, channelQuads } from '../textures/correlation.ts';
import { pixelTexture } from '../textures/pixelTexture.ts';
import { guessTextureRows, textureRowsCost } from '../textures/textureRows.ts';
import { texturesFit } from '../textures/texturesFit.ts';
import { weightTexture } from '../textures/weightTexture.ts';
import { type WinogradConv, winogradConv } from './convolution.ts';
import { type WinogradGrad, winogradGrad } from './gradient.ts';
import { WINOGRAD_SIZES, winogradTransform } from './matrices.ts';

/** Nanoseconds for 8 lanes on lavapipe, one core: a load or a store of one f32, and of one byte beyond the caches. */
const ACCESS = 10;
const BYTE = 0.1;

/**
 * Tiles of an image up to which they are the products' rows wherever that costs as much: with another batch, which
 * fills other tiles of the product, it costs less there, and each of the two has texts of its own.
 */
const FEW_TILES = 8;

/** Multiply-adds of the direct sum below which compiling two more kernels is never paid back within a run. */
const LEAST_MACS = 6e7;

export const isFilter = (axis: CorrelationAxis): boolean =>
  axis.taps === 3 && axis.stride === 1 && axis.step === 1;

const directMacs = (p: Correlation): number =>
  p.images * p.y.out * p.x.out * p.rows * p.channels * p.y.taps * p.x.taps;

/** Whether both operands of the products can be bound, and the results of all points. */
export function canBind({ products }: WinogradConv | WinogradGrad, device: DeviceFacts): boolean {
  const { m, n, z } = productSizes(products);
  if (4 * m * n * z > device.maxBindingBytes) return false;
  if (device.software) return texturesFit(products, device) === true;
  const words = [textureWords(weightTexture(products)), textureWords(pixelTexture(products))];
  return Math.max(...words) * 4 <= device.maxBindingBytes;
}

/** The cheapest plan, or undefined if the direct sum is cheapest. `constant`: the weights are transformed ahead. */
export function winogradFor(
  p: Correlation,
  constant: boolean,
  device: DeviceFacts,
): WinogradConv | undefined {
  if (!isFilter(p.y) || !isFilter(p.x)) return undefined;
  if (device.software && directMacs(p) < LEAST_MACS) return undefined;
  const lanes = device.subgroupSize;
  const [best] = WINOGRAD_SIZES.flatMap((m) => {
    const plan = (transposed: boolean) => winogradConv(p, winogradTransform(m), transposed);
    const { down, across } = plan(false);
    // At equal cost the first is taken.
    const transposedFirst = device.software && down * across <= FEW_TILES;
    return transposedFirst ? [plan(true), plan(false)] : [plan(false), plan(true)];
  })
    .filter((plan) => canBind(plan, device))
    .map((plan) => ({
      plan,
      cost: device.software
        ? winogradCost(plan, constant, lanes)
        : winogradGpuCost(plan, constant, ratesOf(device)),
    }))
    .sort((a, b) => a.cost - b.cost);
  const direct = device.software
    ? directCost(p, constant, lanes)
    : directGpuCost(p, ratesOf(device)) / GPU_GAIN;
  return best && best.cost < direct ? best.plan : undefined;
}

function directCost(p: Correlation, constant: boolean, lanes: number): number {
  const n = p.images * p.y.out * p.x.out;
  const quads = channelQuads(p);
  const product = textureRowsCost(p.rows, n, lanes, guessTextureRows(p.rows, n, lanes)) * quads * 9;
  const weights = p.rows * quads * 9 * 4;
  const pixels = quads * 4 * n;
  const moved = p.rows * n + 2 * pixels + (constant ? 0 : 2 * weights);
  return product + (moved / lanes) * ACCESS + weights * 4 * BYTE;
}

function winogradCost(
  { conv, transform, products, tiles }: WinogradConv,
  constant: boolean,
  lanes: number,
): number {
  const points = transform.points ** 2;
  const quads = channelQuads(conv);
  const [rows, columns] = [products.rows, products.x.out];
  const tile = guessTextureRows(rows, columns, lanes, points);
  const product = textureRowsCost(rows, columns, lanes, tile) * quads * points;
  const weights = conv.rows * quads * 4;
  const pixels = quads * 4 * tiles * 2 * points;
  const results = conv.rows * tiles * (2 * points + transform.m ** 2);
  // Twice: they are written to many places at once.
  const ahead = constant ? 0 : 2 * weights * (9 + points);
  return product + ((pixels + results + ahead) / lanes) * ACCESS + weights * points * 4 * BYTE;
}

/** Nanoseconds of `textureOuter` for a multiply-add: 17 GFLOP/s, measured likewise. */
const OUTER = 0.118;

/** The same for a weight gradient: undefined where the sum of outer products costs less. */
export function winogradGradFor(p: Correlation, device: DeviceFacts): WinogradGrad | undefined {
  if (!isFilter(p.y) || !isFilter(p.x)) return undefined;
  if (device.software && directMacs(p) < LEAST_MACS) return undefined;
  const lanes = device.subgroupSize;
  const [best] = WINOGRAD_SIZES.map((m) => winogradGrad(p, winogradTransform(m)))
    .filter((plan) => canBind(plan, device))
    .map((plan) => ({
      plan,
      cost: device.software ? gradCost(plan, lanes) : gradGpuCost(plan, ratesOf(device)),
    }))
    .sort((a, b) => a.cost - b.cost);
  const direct = device.software ? directMacs(p) * OUTER : directGradGpuCost(p, ratesOf(device)) / GPU_GAIN;
  return best && best.cost < direct ? best.plan : undefined;
}

function gradCost({ conv, transform, tiles }: WinogradGrad, lanes: number): number {
  const points = transform.points ** 2;
  const tile = guessTextureRows(conv.rows, conv.channels, lanes, points);
  const product = textureRowsCost(conv.rows, conv.channels, lanes, tile) * Math.ceil(tiles / 4) * points;
  const packed = (conv.channels * 2 * points + conv.rows * (points + transform.m ** 2)) * tiles;
  const results = conv.rows * conv.channels * (2 * points + 9);
  return product + ((packed + results) / lanes) * ACCESS;
}

/** Least gain predicted by the GPU model, which was never measured, before Winograd is chosen: it takes four times the memory. */
const GPU_GAIN = 1.15;

const productSizes = ({ rows, channels, x, products = 1 }: Correlation): Sizes => ({
  m: rows,
  n: x.out,
  k: channels,
  z: products,
});

const cheapest = (sizes: Sizes, rates: GpuRates): number =>
  blockedCost(sizes, guessSplits(sizes, MOST_SPLITS, rates), rates);

const results = (p: Correlation): number => p.images * p.y.out * p.x.out;
const pixels = (p: Correlation): number => p.images * p.channels * p.y.size * p.x.size;

const directGpuCost = (p: Correlation, rates: GpuRates): number =>
  cheapest(
    {
      m: p.rows,
      n: results(p),
      k: p.channels * 9,
      z: 1,
      gathers: p.channels % TAP_RUN === 0 ? 'runs' : 'terms',
    },
    rates,
  ) + DISPATCH;

const directGradGpuCost = (p: Correlation, rates: GpuRates): number =>
  cheapest({ m: p.rows, n: p.channels * 9, k: results(p), z: 1 }, rates) + DISPATCH;

/** The product, whose operands move too, and the transforms into the domain and back; those of weights once each plan. */
function winogradGpuCost(
  { conv, transform, products, tiles }: WinogradConv,
  constant: boolean,
  rates: GpuRates,
): number {
  const points = transform.points ** 2;
  const { channels, rows } = conv;
  const transformed = rows * channels * points;
  const product = (channels + rows) * tiles * points + transformed;
  return (
    Math.max(blockedCost(productSizes(products), 1, rates), moveCost(product, rates)) +
    moveCost(pixels(conv) + channels * tiles * points, rates) +
    moveCost(rows * (tiles * points + results(conv)), rates) +
    (constant ? 0 : moveCost(transformed, rates)) +
    (constant ? 3 : 4) * DISPATCH
  );
}

function gradGpuCost({ conv, transform, products, tiles }: WinogradGrad, rates: GpuRates): number {
  const points = transform.points ** 2;
  const { channels, rows } = conv;
  const product = (channels + rows) * tiles * points + rows * channels * points;
  return (
    Math.max(blockedCost(productSizes(products), 1, rates), moveCost(product, rates)) +
    moveCost(pixels(conv) + channels * tiles * points, rates) +
    moveCost(rows * (results(conv) + tiles * points), rates) +
    moveCost(rows * channels * (points + 9), rates) +
    4 * DISPATCH
  );
}
