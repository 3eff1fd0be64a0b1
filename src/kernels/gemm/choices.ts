/** How one product is computed, as data: what a tuning table holds, by a key that says everything the choice depends on. */

import { product } from '../../shape.ts';
import type { DeviceFacts } from '../kernel.ts';
import type { OpRequest, TensorSpec } from '../lowering.ts';
import type { BlockedTile } from './blocked.ts';
import type { ImageOuterTile } from './imageOuter.ts';
import type { ImageRowsTile } from './imageRows.ts';
import type { PlainTile } from './plain.ts';
import type { SubgroupMatrixTile } from './subgroupMatrix.ts';
import type { SubgroupRowsTile } from './subgroupRows.ts';
import { GEMM_VARIANTS, type GemmChoice, MOST_SPLITS } from './variants.ts';
import { WINOGRAD_SIZES, type WinogradSize } from './winograd.ts';

export const PRODUCT_OPS = ['matmul', 'conv2d', 'conv2dInputGrad', 'conv2dWeightGrad'] as const;
export type ProductOp = (typeof PRODUCT_OPS)[number];

/** A variant that reads packed images, with its tile. */
export type ImageChoice =
  | { readonly by: 'imageRows'; readonly tile: ImageRowsTile }
  | { readonly by: 'imageOuter'; readonly tile: ImageOuterTile }
  | { readonly by: 'winograd'; readonly tile: WinogradTile };

export interface WinogradTile {
  /** Results per tile and axis. */
  readonly m: WinogradSize;
  /** 1: pixels are the rows of the products and weights the columns; not of a weight gradient. */
  readonly turned: 0 | 1;
}

/** One of the other variants; `splits` parts of the sum, absent: as many as the rule takes. */
export type PlainChoice = (
  | { readonly by: 'plain'; readonly tile: PlainTile }
  | SubgroupChoice
  | MatrixChoice
  | BlockedChoice
) & {
  readonly splits?: number;
};
type SubgroupChoice = { readonly by: 'subgroupRows'; readonly tile: SubgroupRowsTile };
type MatrixChoice = { readonly by: 'subgroupMatrix'; readonly tile: SubgroupMatrixTile };
type BlockedChoice = { readonly by: 'blocked'; readonly tile: BlockedTile };

export type ProductChoice = ImageChoice | PlainChoice;

/** What was measured to be best for a product, or undefined: the rule chooses. Pure, so that a plan is a function of it. */
export type TunedChoices = (key: string) => ProductChoice | undefined;

/** The search space of each variant. */
const TILES: Readonly<Record<ProductChoice['by'], Readonly<Record<string, readonly number[]>>>> = {
  imageRows: { rows: [1, 2], columns: [1, 2, 3, 4] },
  imageOuter: { quads: [2, 4, 8], positions: [1, 2] },
  winograd: { m: WINOGRAD_SIZES, turned: [0, 1] },
  plain: GEMM_VARIANTS.plain.tiles,
  subgroupRows: GEMM_VARIANTS.subgroupRows.tiles,
  subgroupMatrix: GEMM_VARIANTS.subgroupMatrix.tiles,
  blocked: GEMM_VARIANTS.blocked.tiles,
};

/** How a product's key may end, by its epilogue: none, numbers per channel at most, an operand as large as the result. */
export const EPILOGUE_KINDS = ['', ' + channel', ' + residual'] as const;

/**
 * What a choice depends on: the op, shapes and elements, geometry, which operands are the same at every run (`still`:
 * work on them is done ahead), and the kind of epilogue. Which functions it has moves no choice.
 */
export function productKey(op: ProductOp, { inputs, out, attrs, still }: OpRequest): string {
  const { epilogue, ...rest } = attrs;
  const [none, channel, residual] = EPILOGUE_KINDS;
  const size = product(out.shape);
  const large = inputs.slice(2).some(({ shape }) => product(shape) === size);
  const spec = ({ shape, element }: TensorSpec): string =>
    `${shape.join('x')}${element === 'f32' ? '' : `:${element}`}`;
  const ahead = [0, 1].filter((i) => still?.[i]);
  const parts = [
    op,
    ...inputs.slice(0, 2).map(spec),
    `to ${spec(out)}`,
    textOf(rest),
    ...(ahead.length > 0 ? [`still ${ahead}`] : []),
  ];
  return parts.join(' ') + (epilogue === undefined ? none : large ? residual : channel);
}

/** Attributes in the order of their names: geometry, transposition. */
function textOf(attrs: Readonly<Record<string, unknown>>): string {
  return Object.entries(attrs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => (isRecord(each) ? textOf(each) : `${name} ${each}`))
    .join(' ');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether something read from a file is a choice of this version: a variant, a tile of its search space, splits. */
export function isProductChoice(value: unknown): value is ProductChoice {
  if (!isRecord(value)) return false;
  const { by, tile, splits, ...more } = value;
  if (Object.keys(more).length > 0 || typeof by !== 'string' || !Object.hasOwn(TILES, by)) return false;
  const space = TILES[by as ProductChoice['by']];
  const names = Object.keys(space);
  if (!isRecord(tile) || Object.keys(tile).length !== names.length) return false;
  if (!names.every((name) => space[name]!.includes(tile[name] as number))) return false;
  if (splits === undefined) return true;
  const whole = Number.isInteger(splits) && (splits as number) >= 1 && (splits as number) <= MOST_SPLITS;
  return whole && Object.hasOwn(GEMM_VARIANTS, by);
}

/**
 * What to try for a product on this class of adapter, in families, the likeliest first. Some will not fit: lowering
 * then takes the rule's choice.
 */
export function candidateChoices(op: ProductOp, device: DeviceFacts): ProductChoice[][] {
  const family = (by: ProductChoice['by'], keep: (tile: Record<string, number>) => boolean = () => true) =>
    combinations(TILES[by])
      .filter(keep)
      .map((tile) => ({ by, tile }) as unknown as ProductChoice);
  if (!device.software) {
    const sums = combinations({ rows: TILES.blocked.rows!, columns: TILES.blocked.columns! }).reverse();
    const blocked = sums.map(({ rows, columns }) =>
      family('blocked', (tile) => tile.rows === rows && tile.columns === columns).reverse(),
    );
    const matrices = device.subgroupMatrix ? [family('subgroupMatrix').reverse()] : [];
    return [...matrices, ...blocked, family('winograd'), family('plain')];
  }
  if (device.subgroupSize < 4) return [family('plain')];
  // Beyond these the sums spill: slower at every shape measured, and seconds to compile.
  const rows = family('subgroupRows', (tile) => tile.rows! <= 16 && tile.columns! <= 2);
  if (device.maxImageSide === 0) return [rows.reverse()];
  const images = family(op === 'conv2dWeightGrad' ? 'imageOuter' : 'imageRows');
  return [images, family('winograd'), rows.reverse()];
}

/** The same with its sum cut otherwise. */
export function otherSplits(choice: ProductChoice): ProductChoice[] {
  if (!isPlain(choice)) return [];
  return [1, 2, 4, 8, 16, 32, MOST_SPLITS].map((splits) => ({ ...choice, splits }));
}

export function choiceText(choice: ProductChoice): string {
  const tile = Object.entries(choice.tile).map(([name, size]) => `${name} ${size}`);
  const splits = 'splits' in choice && choice.splits !== undefined ? [`splits ${choice.splits}`] : [];
  return [choice.by, ...tile, ...splits].join(' ');
}

/** What the other variants' builder takes, where the choice is one of them. */
export const gemmChoiceOf = (choice: ProductChoice | undefined): GemmChoice | undefined =>
  choice && isPlain(choice) ? { variant: choice.by, tile: choice.tile } : undefined;

const isPlain = (choice: ProductChoice): choice is PlainChoice => Object.hasOwn(GEMM_VARIANTS, choice.by);

function combinations(space: Readonly<Record<string, readonly number[]>>): Record<string, number>[] {
  return Object.entries(space).reduce<Record<string, number>[]>(
    (tiles, [name, sizes]) => tiles.flatMap((tile) => sizes.map((size) => ({ ...tile, [name]: size }))),
    [{}],
  );
}
