import { WgadError } from '../errors.ts';
import type { CarriedOp } from '../graph/carried.ts';
import type { LoweredOp } from '../graph/ops/index.ts';
import type { AttrsOf, OpName, Value, ValueOf } from '../graph/value.ts';
import { castKernels } from '../kernels/cast.ts';
import { productKey, type TunedChoices } from '../kernels/gemm/choices.ts';
import { matmulKernels } from '../kernels/gemm/lowering.ts';
import { PRODUCT_OPS, type ProductOp } from '../kernels/gemm/variant.ts';
import { integerKernels } from '../kernels/integers.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../kernels/kernel.ts';
import type { Lowered, Lowering, OpRequest } from '../kernels/lowering.ts';
import { movementKernels } from '../kernels/movement.ts';
import { ownKernels } from '../kernels/ownKernel.ts';
import { pointwiseKernels } from '../kernels/pointwise.ts';
import { IDENTITY } from '../kernels/program.ts';
import { reduceKernels } from '../kernels/reduce.ts';
import { updateKernels } from '../kernels/update.ts';
import { requireGrid, requireIndexed } from './indexLimits.ts';

/** How ops run whose values do not carry it; a missing one does not compile. */
const LOWERINGS: { readonly [K in Exclude<LoweredOp, CarriedOp>]: Lowering<AttrsOf<K>> } = {
  ...pointwiseKernels,
  ...integerKernels,
  ...castKernels,
  ...reduceKernels,
  ...movementKernels,
  ...matmulKernels,
  ...updateKernels,
  ...ownKernels,
};

/**
 * The dispatches that compute one value. @param isConstant whether a value is the same at every run.
 * @param tuned measured choices of how to compute products.
 */
export function lower(
  value: Value,
  device: DeviceFacts,
  isConstant: (value: Value) => boolean,
  tuned?: TunedChoices,
): Lowered {
  const label = labelOf(value, value.op);
  const lowering = loweringOf(value);
  if (!lowering) throw new WgadError('E_CONFIG', `lower: ${label} has no kernel; was simplify run?`);
  requireIndexed(value, label);
  const request = requestOf(value, label, isConstant);
  const choice = tuned && isProduct(value.op) ? tuned(productKey(value.op, request)) : undefined;
  const chosen = { ...request, choice };
  const lowered = lowering({ ...chosen, attrs: value.attrs as never }, device);
  for (const { kernel } of lowered.steps) requireGrid(kernel);
  return lowered;
}

/** What makes kernels of `value`, by its own op's attributes. */
const loweringOf = ({ op, kernels }: Value): Lowering<never> | undefined =>
  Object.hasOwn(LOWERINGS, op) ? LOWERINGS[op as keyof typeof LOWERINGS] : kernels?.[op];

const labelOf = ({ scope }: Value, what: string): string => (scope === '' ? what : `${scope} ${what}`);

function requestOf<K extends OpName>(
  value: ValueOf<K>,
  label: string,
  isConstant: (value: Value) => boolean,
): OpRequest<AttrsOf<K>> {
  const spec = ({ shape, dtype }: Value) => ({ shape, element: dtype });
  const { inputs, attrs } = value;
  return { label, inputs: inputs.map(spec), out: spec(value), attrs, constant: inputs.map(isConstant) };
}

const isProduct = (op: string): op is ProductOp => PRODUCT_OPS.some((each) => each === op);

/** A product of a graph, and the key that its tuned choice is stored under. */
export interface Product {
  readonly op: ProductOp;
  readonly key: string;
  readonly value: Value;
  /** Which of its inputs are the same at every run. */
  readonly constant: readonly boolean[];
}

/** The value as a product, or undefined. */
export function productOf(value: Value, isConstant: (value: Value) => boolean): Product | undefined {
  const { op } = value;
  if (!isProduct(op)) return undefined;
  const request = requestOf(value, op, isConstant);
  return { op, key: productKey(op, request), value, constant: request.constant! };
}

/** A copy of `value`, for results that need a place of their own. */
export const lowerCopy = (value: Value): Lowered =>
  pointwiseKernels.pointwise(
    {
      label: labelOf(value, 'copy'),
      inputs: [{ shape: value.shape, element: value.dtype }],
      out: { shape: value.shape, element: value.dtype },
      attrs: { program: IDENTITY },
    },
    // A copy is the same on every adapter.
    BASELINE_DEVICE,
  );
