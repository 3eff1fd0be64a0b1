import { MATRIX_VARIANTS } from './matrixVariants.ts';
import { textureOuter } from './textures/textureOuter.ts';
import { textureRows } from './textures/textureRows.ts';

/** The variants for any product, in the order in which they are asked for a guess. */
export const PRODUCT_VARIANTS = { textureRows, textureOuter, ...MATRIX_VARIANTS } as const;
