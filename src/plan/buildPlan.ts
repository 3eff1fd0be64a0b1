import { type Graph, valuesOf } from '../graph/graph.ts';
import { optimize } from '../graph/passes/optimize.ts';
import { isOp, type Value } from '../graph/value.ts';
import type { TunedChoices } from '../kernels/gemm/choices.ts';
import { DEVICE_FACTS, type DeviceFacts, ELEMENT_BYTES, withSharing } from '../kernels/kernel.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { requireHalf } from './limits.ts';
import { type Product, productOf } from './lower.ts';
import { type Placement, placementOf } from './placement.ts';
import { type Plan, type PlannedDispatch, type PlannedTensor, wordBytes } from './plan.ts';
import { constantsOf, type Scheduled, scheduleOf } from './schedule.ts';
import { bytesOf, resolveStorage } from './storage.ts';
import { texturesOf } from './textures.ts';
import { verifyPlan } from './verify.ts';

/** How a graph becomes a plan. */
export interface PlanOptions {
  readonly label?: string;
  /** Default true; false keeps one dispatch per op, to compare against. */
  readonly fuse?: boolean;
  /** Largest size of one buffer; intermediate values are spread over more buffers to keep it. Default: no limit. */
  readonly maxBufferBytes?: number;
  /** Measured choices of how to compute products; by default the rule chooses. */
  readonly tuned?: TunedChoices;
}

const PLAN_OPTIONS: OptionNames<PlanOptions> = {
  label: true,
  fuse: true,
  maxBufferBytes: true,
  tuned: true,
};
const GRAPH: OptionNames<Graph> = { outputs: true, effects: true };

/**
 * A graph made runnable: passes, then dispatches, then memory.
 * @throws ConfigError for an unknown name in `graph`, `device` or `options`.
 */
export function buildPlan(
  graph: Graph,
  device: DeviceFacts,
  options: PlanOptions = {},
  ...extra: never[]
): Plan {
  refuseExtra('buildPlan', extra);
  requireOptions('buildPlan: graph', graph, GRAPH);
  requireOptions('buildPlan: device', device, DEVICE_FACTS);
  requireOptions('buildPlan', options, PLAN_OPTIONS);
  const { label = 'plan', fuse, maxBufferBytes, tuned } = options;
  const optimized = optimize(graph, device, fuse);
  const values = valuesOf(optimized);
  if (values.some(({ dtype }) => dtype === 'f16')) requireHalf(device, label);
  const storage = resolveStorage(optimized);
  const schedule = scheduleOf(optimized, storage, device, tuned);
  const placement = placementOf(optimized, storage, schedule, maxBufferBytes);
  const { slots, constants, memory, rangeOf } = placement;
  const tensor = (value: Value): PlannedTensor => ({
    range: rangeOf(storage.locate(value), bytesOf(value)),
    shape: value.shape,
    dtype: value.dtype,
  });
  const inputs = values.filter((value) => isOp(value, 'input'));
  const dispatches = schedule.dispatches.map((each) => placed(each, placement));
  const plan: Plan = {
    label,
    slots,
    dispatches,
    prelude: schedule.prelude,
    textures: texturesOf(dispatches, schedule.prelude),
    outputs: new Map([...optimized.outputs].map(([name, value]) => [name, tensor(value)])),
    inputs: new Map(inputs.map((value) => [value.attrs.name, tensor(value)])),
    constants,
    memory,
  };
  verifyPlan(plan);
  return plan;
}

function placed({ kernel, scope, operands }: Scheduled, { rangeOf }: Placement): PlannedDispatch {
  const ranges = operands.map((operand, i) => {
    const { length, element } = kernel.bindings[i]!;
    return rangeOf(operand, Math.max(4, wordBytes(length * ELEMENT_BYTES[element])));
  });
  const written = new Set(
    ranges.filter((_, i) => kernel.bindings[i]!.access !== 'read').map(({ slot }) => slot),
  );
  return { kernel: withSharing(kernel, (i) => written.has(ranges[i]!.slot)), scope, ranges };
}

/** The products that a plan of `graph` computes at every run: those that can be tuned. */
export function productsOf(graph: Graph, device: DeviceFacts): Product[] {
  const optimized = optimize(graph, device);
  const { hoisted, isConstant } = constantsOf(optimized, resolveStorage(optimized), device);
  return valuesOf(optimized).flatMap((value) => {
    const product = hoisted.has(value) ? undefined : productOf(value, isConstant);
    return product ? [product] : [];
  });
}
