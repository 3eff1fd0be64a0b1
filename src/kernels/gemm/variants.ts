import { depthwise } from './depthwise/rows.ts';
import { depthwiseStrips } from './depthwise/strips.ts';
import { PRODUCT_VARIANTS } from './productVariants.ts';
import type { Variant } from './variant.ts';
import { winograd } from './winograd/winograd.ts';

/** All variants, in the order in which convolutions ask them for a guess. Lowering, tuning and the tests of both walk this list. */
export const VARIANTS = {
  depthwiseStrips,
  depthwise,
  winograd,
  ...PRODUCT_VARIANTS,
} as const;

export type VariantName = keyof typeof VARIANTS;

/** The same, whatever their tiles. */
export const VARIANT_LIST: readonly Variant<object>[] = Object.values(VARIANTS);

/** The tile of a variant. */
export type TileOf<N extends VariantName> = Parameters<(typeof VARIANTS)[N]['lower']>[1];
