import { WgadError } from '../errors.ts';
import type { LoweredOp } from '../graph/ops/index.ts';
import type { AttrsOf, OpName, Value, ValueOf } from '../graph/value.ts';
import { attentionKernels } from '../kernels/attention.ts';
import { batchNormKernels } from '../kernels/batchNorm.ts';
import { castKernels } from '../kernels/cast.ts';
import { productKey, type TunedChoices } from '../kernels/gemm/choices.ts';
import { gemmKernels } from '../kernels/gemm/lowering.ts';
import { PRODUCT_OPS, type ProductOp } from '../kernels/gemm/variant.ts';
import { integerKernels } from '../kernels/integers.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../kernels/kernel.ts';
import type { Lowered, Lowering, OpRequest } from '../kernels/lowering.ts';
import { movementKernels } from '../kernels/movement.ts';
import { nearestKernels } from '../kernels/nearest/lowering.ts';
import { ownKernels } from '../kernels/ownKernel.ts';
import { pointwiseKernels } from '../kernels/pointwise.ts';
import { poolKernels } from '../kernels/pool.ts';
import { IDENTITY } from '../kernels/program.ts';
import { randomKernels } from '../kernels/random.ts';
import { reduceKernels } from '../kernels/reduce.ts';
import { resampleKernels } from '../kernels/resample.ts';
import { resizeKernels } from '../kernels/resize.ts';
import { scanKernels } from '../kernels/scan.ts';
import { scatterKernels } from '../kernels/scatter.ts';
import { selectKernels } from '../kernels/select.ts';
import { similarityKernels } from '../kernels/similarity.ts';
import { sortKernels } from '../kernels/sort.ts';
import { topKKernels } from '../kernels/topK.ts';
import { updateKernels } from '../kernels/update.ts';
import { requireGrid, requireIndexed } from './indexLimits.ts';

/** How every op runs; a missing one does not compile. The one place where the graph meets the kernels. */
const LOWERINGS: { readonly [K in LoweredOp]: Lowering<AttrsOf<K>> } = {
  ...pointwiseKernels,
  ...integerKernels,
  ...castKernels,
  ...reduceKernels,
  ...movementKernels,
  ...gemmKernels,
  ...poolKernels,
  ...resizeKernels,
  ...resampleKernels,
  ...similarityKernels,
  ...batchNormKernels,
  ...attentionKernels,
  ...scanKernels,
  ...selectKernels,
  ...scatterKernels,
  ...sortKernels,
  ...topKKernels,
  ...nearestKernels,
  ...randomKernels,
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
  if (!isLowered(value)) {
    throw new WgadError('E_CONFIG', `lower: ${label} has no kernel; was simplify run?`);
  }
  requireIndexed(value, label);
  const request = requestOf(value, label, isConstant);
  const choice = tuned && isProduct(value.op) ? tuned(productKey(value.op, request)) : undefined;
  const chosen = { ...request, choice };
  const lowered = run(value.op, chosen, device);
  for (const { kernel } of lowered.steps) requireGrid(kernel);
  return lowered;
}

const isLowered = (value: Value): value is ValueOf<LoweredOp> => Object.hasOwn(LOWERINGS, value.op);

const run = <K extends LoweredOp>(op: K, request: OpRequest<AttrsOf<K>>, device: DeviceFacts): Lowered =>
  LOWERINGS[op](request, device);

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
