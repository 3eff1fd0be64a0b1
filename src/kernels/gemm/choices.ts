/** How one product is computed, as data: what a tuning table holds, by a key that says everything the choice depends on. */

import { product } from '../../shape.ts';
import type { DeviceFacts } from '../kernel.ts';
import type { Lowered, OpRequest, TensorSpec } from '../lowering.ts';
import { MATRIX_VARIANTS } from './matrixVariants.ts';
import { MOST_SPLITS } from './splitK.ts';
import { everyTile, type ProductOp, type Variant } from './variant.ts';
import { type TileOf, VARIANT_LIST, VARIANTS, type VariantName } from './variants.ts';

/** A variant and its tile; `splits` parts of the sum where the variant computes parts, absent: as many as the rule takes. */
export type ProductChoice = {
  readonly [N in VariantName]: {
    readonly variant: N;
    readonly tile: TileOf<N>;
    readonly splits?: number;
  };
}[VariantName];

/** A product to be computed. */
export interface ProductRequest<A = Readonly<Record<string, unknown>>> extends OpRequest<A> {
  /** How, where that fits; default as the rule says. */
  readonly choice?: ProductChoice;
}

export type ProductLowering<A> = (request: ProductRequest<A>, device: DeviceFacts) => Lowered;

/** What was measured to be best for a product, or undefined: the rule chooses. Pure, so that a plan is a function of it. */
export type TunedChoices = (key: string) => ProductChoice | undefined;

/** How a product's key may end, by its epilogue: none, numbers per channel at most, an operand as large as the result. */
export const EPILOGUE_KINDS = ['', ' + channel', ' + residual'] as const;

/**
 * What a choice depends on: the op, shapes and elements, geometry, which operands are the same at every run (work
 * on them is done ahead; tables on disk say `still`), and the kind of epilogue. Which functions it has moves no choice.
 */
export function productKey(op: ProductOp, { inputs, out, attrs, constant }: OpRequest): string {
  const { epilogue, ...rest } = attrs;
  const [none, channel, residual] = EPILOGUE_KINDS;
  const size = product(out.shape);
  const large = inputs.slice(2).some(({ shape }) => product(shape) === size);
  const spec = ({ shape, element }: TensorSpec): string =>
    `${shape.join('x')}${element === 'f32' ? '' : `:${element}`}`;
  const ahead = [0, 1].filter((i) => constant?.[i]);
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

/** Whether something is a choice of this version: a variant, a tile of its search space, splits. */
export function isProductChoice(value: unknown): value is ProductChoice {
  if (!isRecord(value)) return false;
  const { variant, tile, splits, ...more } = value;
  if (Object.keys(more).length > 0 || typeof variant !== 'string' || !Object.hasOwn(VARIANTS, variant))
    return false;
  const space = tilesOf(variant as VariantName);
  const names = Object.keys(space);
  if (!isRecord(tile) || Object.keys(tile).length !== names.length) return false;
  if (!names.every((name) => space[name]!.includes(tile[name] as number))) return false;
  if (splits === undefined) return true;
  const whole = Number.isInteger(splits) && (splits as number) >= 1 && (splits as number) <= MOST_SPLITS;
  return whole && Object.hasOwn(MATRIX_VARIANTS, variant);
}

const tilesOf = (variant: VariantName): Readonly<Record<string, readonly number[]>> =>
  VARIANTS[variant].tiles;

/**
 * What to try for a product on this class of adapter, in families, the likeliest first: what each variant of the list
 * says of its tuning. Some will not fit: lowering then takes the rule's choice.
 */
export function candidateChoices(op: ProductOp, device: DeviceFacts): ProductChoice[][] {
  const place = ({ tuning }: Variant<object>): number => tuning?.place ?? Number.MAX_VALUE;
  return VARIANT_LIST.toSorted((a, b) => place(a) - place(b)).flatMap((variant) =>
    familiesOf(variant, op, device).map((tiles) =>
      tiles.map((tile) => ({ variant: variant.name, tile }) as ProductChoice),
    ),
  );
}

/** The tiles of one variant that tuning tries. */
export const familiesOf = (variant: Variant<object>, op: ProductOp, device: DeviceFacts): object[][] =>
  variant.tuning ? variant.tuning.families(op, device) : [everyTile(variant.tiles)];

/** The same with its sum cut otherwise. */
export function otherSplits(choice: ProductChoice): ProductChoice[] {
  if (!Object.hasOwn(MATRIX_VARIANTS, choice.variant)) return [];
  return [1, 2, 4, 8, 16, 32, MOST_SPLITS].map((splits) => ({ ...choice, splits }));
}

export function choiceText(choice: ProductChoice): string {
  const tile = Object.entries(choice.tile).map(([name, size]) => `${name} ${size}`);
  const splits = choice.splits === undefined ? [] : [`splits ${choice.splits}`];
  return [choice.variant, ...tile, ...splits].join(' ');
}
