import { depthwise } from './depthwise/rows.ts';
import { depthwiseStrips } from './depthwise/strips.ts';
import { MATRIX_VARIANTS } from './matrixVariants.ts';
import { textureOuter } from './textures/textureOuter.ts';
import { textureRows } from './textures/textureRows.ts';
import type { Variant } from './variant.ts';
import { winograd } from './winograd/winograd.ts';

/** All variants, in the order in which they are asked for a guess. Lowering, tuning and the tests of both walk this list. */
export const VARIANTS = {
  depthwiseStrips,
  depthwise,
  winograd,
  textureRows,
  textureOuter,
  ...MATRIX_VARIANTS,
} as const;

export type VariantName = keyof typeof VARIANTS;

/** The same, whatever their tiles. */
export const VARIANT_LIST: readonly Variant<object>[] = Object.values(VARIANTS);

/** The tile of a variant. */
export type TileOf<N extends VariantName> = Parameters<(typeof VARIANTS)[N]['lower']>[1];
