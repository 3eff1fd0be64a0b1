/** Whether a 3x3 convolution at stride 1 goes through Winograd's domain, and how: by estimated time. */
import { type DeviceFacts, imageWords } from '../kernel.ts';
import { blockedCost, DISPATCH, guessSplits, moveCost, type Sizes } from './blockedRule.ts';
import type { ProductChoice } from './choices.ts';
import { guessImageRows, imageRowsCost } from './imageRows.ts';
import { channelQuads, type ImageAxis, type ImageConv } from './images.ts';
import { imagesFit } from './imagesFit.ts';
import { pixelImage } from './pixelImages.ts';
import { MOST_SPLITS } from './variants.ts';
import { weightImage } from './weightImages.ts';
import { WINOGRAD_SIZES, winogradTransform } from './winograd.ts';
import { type WinogradGrad, winogradGrad } from './winogradGrad.ts';
import { type WinogradConv, winogradConv } from './winogradKernels.ts';

/** Nanoseconds for 8 lanes on lavapipe, one core: a load or a store of one f32, and of one byte beyond the caches. */
const ACCESS = 10;
const BYTE = 0.1;

/**
 * Tiles of an image up to which they are the products' rows wherever that costs as much: with another batch, which
 * fills other tiles of the product, it costs less there, and each of the two ways has texts of its own.
 */
const FEW_TILES = 8;

/** Multiply-adds of the direct sum below which compiling two more kernels is never paid back within a run. */
const LEAST_MACS = 6e7;

const filters = (axis: ImageAxis): boolean => axis.taps === 3 && axis.stride === 1 && axis.step === 1;

const directMacs = (p: ImageConv): number =>
  p.images * p.y.out * p.x.out * p.rows * p.channels * p.y.taps * p.x.taps;

/** Whether both operands of the products can be bound, and the results of all points. */
function fits({ products }: WinogradConv | WinogradGrad, device: DeviceFacts): boolean {
  const { m, n, z } = sizesOf(products);
  if (4 * m * n * z > device.maxBindingBytes) return false;
  if (device.software) return imagesFit(products, device) === true;
  const words = [imageWords(weightImage(products)), imageWords(pixelImage(products))];
  return Math.max(...words) * 4 <= device.maxBindingBytes;
}

/** The cheapest way, or undefined where the direct sum is. `still`: the weights are transformed ahead. */
export function winogradFor(p: ImageConv, still: boolean, device: DeviceFacts): WinogradConv | undefined {
  if (!filters(p.y) || !filters(p.x)) return undefined;
  if (device.software && directMacs(p) < LEAST_MACS) return undefined;
  const lanes = device.subgroupSize;
  const [best] = WINOGRAD_SIZES.flatMap((m) => {
    const way = (turned: boolean) => winogradConv(p, winogradTransform(m), turned);
    const { down, across } = way(false);
    // The first of two that cost the same is taken.
    const turnedFirst = device.software && down * across <= FEW_TILES;
    return turnedFirst ? [way(true), way(false)] : [way(false), way(true)];
  })
    .filter((way) => fits(way, device))
    .map((way) => ({
      way,
      cost: device.software ? winogradCost(way, still, lanes) : winogradGpuCost(way, still),
    }))
    .sort((a, b) => a.cost - b.cost);
  const direct = device.software ? directCost(p, still, lanes) : directGpuCost(p) / GPU_GAIN;
  return best && best.cost < direct ? best.way : undefined;
}

/** The way that was chosen; undefined where it is none of these or does not fit. */
export function winogradOf(
  p: ImageConv,
  choice: ProductChoice,
  device: DeviceFacts,
): WinogradConv | undefined {
  if (choice.by !== 'winograd' || !filters(p.y) || !filters(p.x)) return undefined;
  const { m, turned } = choice.tile;
  const way = winogradConv(p, winogradTransform(m), turned === 1);
  return fits(way, device) ? way : undefined;
}

function directCost(p: ImageConv, still: boolean, lanes: number): number {
  const n = p.images * p.y.out * p.x.out;
  const quads = channelQuads(p);
  const product = imageRowsCost(p.rows, n, lanes, guessImageRows(p.rows, n, lanes)) * quads * 9;
  const weights = p.rows * quads * 9 * 4;
  const pixels = quads * 4 * n;
  const moved = p.rows * n + 2 * pixels + (still ? 0 : 2 * weights);
  return product + (moved / lanes) * ACCESS + weights * 4 * BYTE;
}

function winogradCost(
  { conv, transform, products, tiles }: WinogradConv,
  still: boolean,
  lanes: number,
): number {
  const points = transform.points ** 2;
  const quads = channelQuads(conv);
  const [rows, columns] = [products.rows, products.x.out];
  const tile = guessImageRows(rows, columns, lanes, points);
  const product = imageRowsCost(rows, columns, lanes, tile) * quads * points;
  const weights = conv.rows * quads * 4;
  const pixels = quads * 4 * tiles * 2 * points;
  const results = conv.rows * tiles * (2 * points + transform.m ** 2);
  // Twice: they are written to many places at once.
  const ahead = still ? 0 : 2 * weights * (9 + points);
  return product + ((pixels + results + ahead) / lanes) * ACCESS + weights * points * 4 * BYTE;
}

/** Nanoseconds of `imageOuter` for a multiply-add: 17 GFLOP/s, measured likewise. */
const OUTER = 0.118;

/** The same for a weight gradient: undefined where the sum of outer products costs less. */
export function winogradGradFor(p: ImageConv, device: DeviceFacts): WinogradGrad | undefined {
  if (!filters(p.y) || !filters(p.x)) return undefined;
  if (device.software && directMacs(p) < LEAST_MACS) return undefined;
  const lanes = device.subgroupSize;
  const [best] = WINOGRAD_SIZES.map((m) => winogradGrad(p, winogradTransform(m)))
    .filter((way) => fits(way, device))
    .map((way) => ({ way, cost: device.software ? gradCost(way, lanes) : gradGpuCost(way) }))
    .sort((a, b) => a.cost - b.cost);
  const direct = device.software ? directMacs(p) * OUTER : directGradGpuCost(p) / GPU_GAIN;
  return best && best.cost < direct ? best.way : undefined;
}

/** As `winogradOf`; only pixels can be the columns here. */
export function winogradGradOf(
  p: ImageConv,
  choice: ProductChoice,
  device: DeviceFacts,
): WinogradGrad | undefined {
  if (choice.by !== 'winograd' || choice.tile.turned === 1 || !filters(p.y) || !filters(p.x))
    return undefined;
  const way = winogradGrad(p, winogradTransform(choice.tile.m));
  return fits(way, device) ? way : undefined;
}

function gradCost({ conv, transform, tiles }: WinogradGrad, lanes: number): number {
  const points = transform.points ** 2;
  const tile = guessImageRows(conv.rows, conv.channels, lanes, points);
  const product = imageRowsCost(conv.rows, conv.channels, lanes, tile) * Math.ceil(tiles / 4) * points;
  const packed = (conv.channels * 2 * points + conv.rows * (points + transform.m ** 2)) * tiles;
  const results = conv.rows * conv.channels * (2 * points + 9);
  return product + ((packed + results) / lanes) * ACCESS;
}

/** What the model of a GPU, which was never measured, must promise before the direct product is left. */
const GPU_GAIN = 1.5;

const sizesOf = ({ rows, channels, x, products = 1 }: ImageConv): Sizes => ({
  m: rows,
  n: x.out,
  k: channels,
  z: products,
});

const cheapest = (sizes: Sizes): number => blockedCost(sizes, guessSplits(sizes, MOST_SPLITS));

const results = (p: ImageConv): number => p.images * p.y.out * p.x.out;
const pixels = (p: ImageConv): number => p.images * p.channels * p.y.size * p.x.size;

const directGpuCost = (p: ImageConv): number =>
  cheapest({ m: p.rows, n: results(p), k: p.channels * 9, z: 1 }) + DISPATCH;

const directGradGpuCost = (p: ImageConv): number =>
  cheapest({ m: p.rows, n: p.channels * 9, k: results(p), z: 1 }) + DISPATCH;

/** The product and what its operands and results are moved for: into the domain, back, and in it once each way. */
function winogradGpuCost({ conv, transform, products, tiles }: WinogradConv, still: boolean): number {
  const points = transform.points ** 2;
  const weights = still ? 1 : 2;
  const moved =
    pixels(conv) +
    conv.channels * tiles * 2 * points +
    conv.rows * conv.channels * weights * points +
    conv.rows * (tiles * 2 * points + results(conv));
  return blockedCost(sizesOf(products), 1) + moveCost(moved) + (still ? 3 : 4) * DISPATCH;
}

function gradGpuCost({ conv, transform, products, tiles }: WinogradGrad): number {
  const points = transform.points ** 2;
  const moved =
    pixels(conv) +
    conv.rows * results(conv) +
    (conv.channels + conv.rows) * tiles * 2 * points +
    conv.rows * conv.channels * (2 * points + 9);
  return blockedCost(sizesOf(products), 1) + moveCost(moved) + 4 * DISPATCH;
}
