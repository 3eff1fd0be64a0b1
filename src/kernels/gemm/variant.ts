/** What a variant is: one way to compute products, and what it may know of a product beside the problem itself. */
import type { DeviceFacts, Kernel } from '../kernel.ts';
import type { Lowered } from '../lowering.ts';
import type { ConvSizes } from './convOperands.ts';
import type { GemmProblem } from './problem.ts';
import type { TapsFirst } from './tapsFirst.ts';
import type { Correlation } from './textures/correlation.ts';
import type { PixelStrides } from './textures/pixelTexture.ts';
import type { WeightLayout } from './textures/weightTexture.ts';

/** The ops that are products. */
export const PRODUCT_OPS = ['matmul', 'conv2d', 'conv2dInputGrad', 'conv2dWeightGrad'] as const;
export type ProductOp = (typeof PRODUCT_OPS)[number];

/** A product of an op. */
export interface Product extends GemmProblem {
  /** Of the op's inputs: the same at every run, so that work on them alone is done ahead. */
  readonly constant: readonly boolean[];
  /** Of a convolution without transposition: its sizes. */
  readonly conv?: ConvSizes;
  /** The same as one correlation of pixels with weights. */
  readonly correlated?: CorrelatedOperands;
  /** Of a weight gradient: the correlation that the weights are of. */
  readonly gradientOf?: Correlation;
  /** The same product with its terms in another order, for `blocked`. */
  readonly tapsFirst?: TapsFirst;
}

/** A correlation, and where its operands lie among the op's inputs. */
export interface CorrelatedOperands {
  readonly correlation: Correlation;
  readonly pixels: number;
  /** Default: [N, C, H, W]. */
  readonly strides?: PixelStrides;
  readonly weights: number;
  readonly layout: WeightLayout;
}

/**
 * One way to compute products. `T` is its tile: names and numbers, so that a tuning table can hold it. A variant that needs
 * nothing but a `GemmProblem` computes parts of products too: parts of the result, or of long sums. A variant is only ever
 * given its own tiles, so these are methods: a list of variants is then one of `Variant<object>` without a cast.
 */
export interface Variant<T, P extends GemmProblem = Product> {
  readonly name: string;
  /** The whole search space. */
  readonly tiles: { readonly [K in keyof T]: readonly T[K][] };
  /** True, or a sentence that says why not. */
  fits(tile: T, problem: P, device: DeviceFacts): true | string;
  /** The tile to take where nothing was measured; null where a later variant of the list is better. */
  guess(problem: P, device: DeviceFacts): T | null;
  lower(problem: P, tile: T, device: DeviceFacts): Lowered;
  /** When tuning tries it; default: every tile, in one family, for every op and adapter, after all other variants. */
  readonly tuning?: Tuning<T>;
}

interface Tuning<T> {
  /** Variants are tried in this order, the likeliest to be best (the lowest) first; equal ones as the list has them. */
  readonly place: number;
  /** Tiles that are slow together, the likeliest first: tuning leaves a family after a few slow ones. None: not tried. */
  families(op: ProductOp, device: DeviceFacts): T[][];
}

export type MatrixVariant<T> = Variant<T, GemmProblem>;

/** Every tile of a search space, the last of its names varying fastest. */
export const everyTile = <T>(space: Variant<T>['tiles']): T[] =>
  Object.entries<readonly unknown[]>(space).reduce<object[]>(
    (tiles, [name, sizes]) => tiles.flatMap((tile) => sizes.map((size) => ({ ...tile, [name]: size }))),
    [{}],
  ) as T[];

/** A variant with one of its tiles. */
export interface Picked<P extends GemmProblem> {
  readonly variant: Variant<object, P>;
  readonly tile: object;
}

/** The first of `variants` that has a tile for the problem. */
export function firstGuess<P extends GemmProblem>(
  variants: readonly Variant<object, P>[],
  problem: P,
  device: DeviceFacts,
): Picked<P> | undefined {
  for (const variant of variants) {
    const tile = variant.guess(problem, device);
    if (tile) return { variant, tile };
  }
  return undefined;
}

/** One dispatch over both operands, the epilogue's and the result. */
export const oneDispatch = (problem: GemmProblem, kernel: Kernel): Lowered => ({
  steps: [
    {
      kernel,
      operands: [problem.a.input, problem.b.input, ...(problem.epilogue?.inputs ?? []), 'out'],
    },
  ],
  scratch: [],
});
