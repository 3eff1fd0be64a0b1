/** Which variant computes a product, and its dispatches: the walk over the list of variants. */
import type { DeviceFacts } from '../kernel.ts';
import type { Lowered, LoweredStep, OperandRef } from '../lowering.ts';
import { blockedCost, DISPATCH, guessSplits, moveCost, ratesOf, sizesOf } from './blocked/rule.ts';
import type { ProductChoice } from './choices.ts';
import { guessMatrix, MATRIX_LIST, MATRIX_VARIANTS } from './matrixVariants.ts';
import type { GemmProblem } from './problem.ts';
import { MOST_SPLITS, splitK, splitsFor } from './splitK.ts';
import type { TapsFirst } from './tapsFirst.ts';
import { firstGuess, type Picked, type Product, type Variant } from './variant.ts';

/** Parts one after the other, each with scratch arrays of its own; what is packed alike in several is packed once. */
export function joined(parts: readonly Lowered[]): Lowered {
  const scratch: number[] = [];
  /** Scratch arrays that follow from the op's inputs, by how. */
  const packed = new Map<string, OperandRef>();
  const all = parts.flatMap((part) => {
    const before = scratch.length;
    scratch.push(...part.scratch);
    const places = new Map<number, OperandRef>();
    const moved = (ref: OperandRef): OperandRef =>
      isScratch(ref) ? (places.get(ref.scratch) ?? { scratch: ref.scratch + before }) : ref;
    return part.steps.flatMap((step) => {
      const operands = step.operands.map(moved);
      const to = step.operands.at(-1)!;
      if (!isScratch(to) || step.operands.some((ref) => typeof ref !== 'number' && ref !== to))
        return [{ ...step, operands }];
      const { wgsl, grid, sizes } = step.kernel;
      const key = JSON.stringify([wgsl, grid, sizes, step.operands.slice(0, -1)]);
      const known = packed.get(key);
      if (known) {
        places.set(to.scratch, known);
        return [];
      }
      packed.set(key, operands.at(-1)!);
      return [{ ...step, operands }];
    });
  });
  return { steps: all, scratch };
}

const isScratch = (ref: OperandRef): ref is { readonly scratch: number } =>
  typeof ref === 'object' && 'scratch' in ref;

/** Variants by name, in the order in which they are asked for a guess. */
export type Variants = Readonly<Record<string, Variant<object>>>;

/** The variant and tile that were measured to be best, where they fit, else the first variant of the list that has a guess. */
function pick(
  variants: Variants,
  problem: Product,
  device: DeviceFacts,
  choice?: ProductChoice,
): Picked<Product> {
  if (choice) {
    const variant = variants[choice.variant];
    if (variant?.fits(choice.tile, problem, device) === true) return { variant, tile: choice.tile };
  }
  return firstGuess(Object.values(variants), problem, device) ?? guessMatrix(problem, device);
}

/** A product by itself, its sum in one piece. */
export function lowerUncut(
  variants: Variants,
  product: Product,
  device: DeviceFacts,
  choice?: ProductChoice,
): Lowered {
  const { variant, tile } = pick(variants, product, device, choice);
  return variant.lower(product, tile, device);
}

/**
 * Products that make up a result, which differ in geometry alone. A variant for any `GemmProblem` may compute them in parts:
 * long sums with few results are cut, and one more dispatch adds the parts up.
 */
export function lowerWhole(
  variants: Variants,
  products: readonly Product[],
  device: DeviceFacts,
  choice?: ProductChoice,
): Lowered {
  const [first] = products as [Product, ...Product[]];
  const picked = pick(variants, first, device, choice);
  const matrixVariant = (MATRIX_LIST as readonly unknown[]).includes(picked.variant);
  if (!matrixVariant) return joined(products.map((each) => picked.variant.lower(each, picked.tile, device)));
  const measured = choice && picked.tile === choice.tile ? choice : undefined;
  const packs = picked.variant === MATRIX_VARIANTS.blocked ? worthTapsFirst(products, device) : undefined;
  const ordered = packs
    ? products.map((each): Product => ({ ...each, a: each.tapsFirst!.a, b: each.tapsFirst!.b }))
    : products;
  const deepest = Math.max(...products.map(({ k }) => k));
  // Parts of the result keep the adapter busy as products side by side do.
  const all = { ...ordered[0]!, k: deepest, z: first.z * products.length };
  const splits = Math.min(measured?.splits ?? splitsFor(all, device), Math.max(1, deepest));
  const step = (problem: GemmProblem): LoweredStep => {
    const fits = measured && picked.variant.fits(picked.tile, problem as Product, device) === true;
    const { variant, tile } = fits ? (picked as Picked<GemmProblem>) : guessMatrix(problem, device);
    return variant.lower(problem, tile, device).steps[0]!;
  };
  const before: LoweredStep[] = packs
    ? [{ kernel: packs.pack, operands: [first.a.input, { scratch: 0 }] }]
    : [];
  const arrays = packs ? [packs.words] : [];
  if (splits === 1) return { steps: [...before, ...ordered.map(step)], scratch: arrays };
  const scratch = { scratch: arrays.length };
  const cut = ordered.map((problem) => ({ problem, ...splitK(problem, splits, device) }));
  const { total, words } = cut[0]!;
  return {
    steps: [
      ...before,
      ...cut.map(({ problem, partial }) => ({
        kernel: step(partial).kernel,
        operands: [problem.a.input, problem.b.input, scratch],
      })),
      { kernel: total, operands: [scratch, ...(first.epilogue?.inputs ?? []), 'out'] },
    ],
    scratch: [...arrays, words],
  };
}

/** The other order of terms, where it costs less together with copying the weights, which may be done ahead. */
function worthTapsFirst(products: readonly Product[], device: DeviceFacts): TapsFirst | undefined {
  const [{ tapsFirst, constant }] = products as [Product, ...Product[]];
  if (!tapsFirst) return undefined;
  const rates = ratesOf(device);
  const cost = (each: GemmProblem): number => {
    const sizes = sizesOf(each);
    return blockedCost(sizes, guessSplits(sizes, MOST_SPLITS, rates), rates);
  };
  const gain = products.reduce(
    (sum, each) => sum + cost(each) - cost({ ...each, a: each.tapsFirst!.a, b: each.tapsFirst!.b }),
    0,
  );
  const copying = constant[1] ? 0 : DISPATCH + moveCost(2 * tapsFirst.words, rates);
  return gain >= copying ? tapsFirst : undefined;
}
