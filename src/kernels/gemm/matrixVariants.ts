/** The variants that compute any `GemmProblem`, whole or a part of one. */
import type { DeviceFacts, Kernel } from '../kernel.ts';
import { blocked } from './blocked/blocked.ts';
import { plain } from './plain.ts';
import type { GemmProblem } from './problem.ts';
import { subgroupMatrix } from './subgroupMatrix.ts';
import { subgroupRows } from './subgroupRows.ts';
import { firstGuess, type MatrixVariant, type Picked } from './variant.ts';

/** In the order in which they are asked for a guess. */
export const MATRIX_VARIANTS = { plain, subgroupRows, subgroupMatrix, blocked } as const;

/** The same, whatever their tiles. */
export const MATRIX_LIST: readonly MatrixVariant<object>[] = Object.values(MATRIX_VARIANTS);

/** The rule's choice. */
export const guessMatrix = (problem: GemmProblem, device: DeviceFacts): Picked<GemmProblem> =>
  firstGuess(MATRIX_LIST, problem, device) ?? { variant: plain, tile: { rows: 1 } };

/** The kernel of a problem as the rule has it. */
export function matrixKernel(problem: GemmProblem, device: DeviceFacts): Kernel {
  const { variant, tile } = guessMatrix(problem, device);
  return variant.lower(problem, tile, device).steps[0]!.kernel;
}
