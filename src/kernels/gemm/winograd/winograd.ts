/** 3x3 convolutions at stride 1, and their weight gradients, through Winograd's domain. */
import type { DeviceFacts } from '../../kernel.ts';
import { gemmFlops } from '../problem.ts';
import type { Correlation } from '../textures/correlation.ts';
import { LEAST_FLOPS, packs, packsAtAll } from '../textures/texturesFit.ts';
import { everyTile, type Product, type Variant } from '../variant.ts';
import { winogradConv } from './convolution.ts';
import { winogradGrad, winogradGradSteps } from './gradient.ts';
import { winogradSteps } from './lowering.ts';
import { WINOGRAD_SIZES, type WinogradSize, winogradTransform } from './matrices.ts';
import { canBind, isFilter, winogradFor, winogradGradFor } from './rule.ts';

export interface WinogradTile {
  /** Results per tile and axis. */
  readonly m: WinogradSize;
  /** 1: pixels are the rows of the products and weights the columns; not of a weight gradient. */
  readonly transposed: 0 | 1;
}

export const winograd: Variant<WinogradTile> = {
  name: 'winograd',
  tiles: { m: WINOGRAD_SIZES, transposed: [0, 1] },
  fits(tile, problem, device) {
    const suited = suits(problem, device);
    if (suited !== true) return suited;
    if (problem.gradientOf && tile.transposed === 1) return 'a weight gradient has pixels as columns';
    return canBind(planOf(problem, tile), device) || 'its operands in the domain cannot be bound';
  },
  guess(problem, device) {
    if (suits(problem, device) !== true) return null;
    if (device.software && gemmFlops(problem) < LEAST_FLOPS) return null;
    // f16 storage is meant to save memory, but transformed operands are f32 and several times as large.
    if (!device.software && storesHalf(problem)) return null;
    if (problem.gradientOf) {
      const plan = winogradGradFor(problem.gradientOf, device);
      return plan ? { m: plan.transform.m, transposed: 0 } : null;
    }
    const plan = winogradFor(problem.correlated!.correlation, ahead(problem), device);
    return plan ? { m: plan.transform.m, transposed: plan.transposed ? 1 : 0 } : null;
  },
  lower(problem, tile, device) {
    const { correlated, gradientOf } = problem;
    if (gradientOf)
      return winogradGradSteps(problem, winogradGrad(gradientOf, winogradTransform(tile.m)), device);
    const plan = convolutionPlan(correlated!.correlation, tile);
    return winogradSteps(problem, plan, correlated!.layout, ahead(problem), device);
  },
  tuning: {
    place: 4,
    families: (_, device) => (!device.software || packsAtAll(device) ? [everyTile(winograd.tiles)] : []),
  },
};

const convolutionPlan = (p: Correlation, { m, transposed }: WinogradTile) =>
  winogradConv(p, winogradTransform(m), transposed === 1);

const planOf = ({ correlated, gradientOf }: Product, tile: WinogradTile) =>
  gradientOf
    ? winogradGrad(gradientOf, winogradTransform(tile.m))
    : convolutionPlan(correlated!.correlation, tile);

/** Whether the weights are transformed ahead. */
const ahead = ({ constant, correlated }: Product): boolean => constant[correlated!.weights] ?? false;

const storesHalf = ({ a, b }: Product): boolean => [a, b].some(({ binding }) => binding.element === 'f16');

/** True, or why no tile fits. */
function suits(problem: Product, device: DeviceFacts): true | string {
  const p = problem.gradientOf ?? problem.correlated?.correlation;
  if (!p || !isFilter(p.y) || !isFilter(p.x)) return 'is no 3x3 convolution at stride 1';
  if (problem.z > 1) return 'has groups';
  // Its packed operands are textures there.
  return device.software ? packs(problem, p, device) : true;
}
