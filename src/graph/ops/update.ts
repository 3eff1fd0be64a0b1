import { ShapeError } from '../../errors.ts';
import { shapesEqual, shapeText } from '../../shape.ts';
import { makeValue, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import type { AttrsOf } from './index.ts';

/** Ops that write state in place. They are a graph's effects and have no result of their own. */
export const updateOps = {
  /** state, value: state = value. */
  assign: { updates: [0], nonDifferentiable: 'it updates state' },
  /** state, value. state += rate (value - state). */
  assignAverage: {
    attrs: attributes<{ readonly rate: number }>(),
    updates: [0],
    nonDifferentiable: 'it updates state',
  },
  /** p, m, v, grad, settings [lr, 1 - beta1^t, 1 - beta2^t]. */
  adamw: { attrs: attributes<AdamwAttrs>(), updates: [0, 1, 2], nonDifferentiable: 'it updates state' },
  /** The same with the running maximum of v, its fourth input. */
  adamwAmsgrad: {
    attrs: attributes<AdamwAttrs>(),
    updates: [0, 1, 2, 3],
    nonDifferentiable: 'it updates state',
  },
  /** p, buf, grad, settings [lr, first step ? 1 : 0]. */
  sgd: { attrs: attributes<SgdAttrs>(), updates: [0, 1], nonDifferentiable: 'it updates state' },
} as const satisfies OpTable;

function effect<K extends keyof typeof updateOps>(op: K, inputs: readonly Value[], attrs: AttrsOf<K>): Value {
  const updated = updateOps[op].updates.map((i) => inputs[i]!);
  for (const value of updated) {
    if (value.op !== 'state')
      throw new ShapeError(`${op}: expects state to update, got the result of ${value.op}`);
  }
  return makeValue(op, inputs, attrs, inputs[0]!.shape);
}

function requireSameShape(op: string, target: Value, value: Value): void {
  if (!shapesEqual(target.shape, value.shape)) {
    throw new ShapeError(`${op}: value expects ${shapeText(target.shape)}, got ${shapeText(value.shape)}`);
  }
}

/** state = value. */
export function assign(target: Value, value: Value): Value {
  requireSameShape('assign', target, value);
  return effect('assign', [target, value], {});
}

/** state += rate (value - state): running statistics. */
export function assignAverage(target: Value, value: Value, rate: number): Value {
  requireSameShape('assignAverage', target, value);
  return effect('assignAverage', [target, value], { rate });
}

/**
 * How a slab of parameters is updated, step by step: what `Engine.optimiser` takes. `adamw` and `sgd` (nn/optimiser.ts)
 * make one.
 */
export interface UpdateRule {
  /** Names of the slabs that it keeps beside the parameters `slab`, all zero at the start. */
  moments(slab: string): string[];
  /** The effect that updates `slab`, a state, by its gradient; one dispatch. */
  update(slab: Value, gradient: Value, settings: Value): Value;
  /** What `settings` holds at `step` (from 0), for another learning rate than the rule's own where given. */
  settingsAt(step: number, lr?: number): Float32Array;
}

type AdamwAttrs = {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
};
type SgdAttrs = { readonly momentum: number; readonly weightDecay: number };

/** One AdamW step for a whole slab (methods.md section 1). `settings` = [lr, 1 - beta1^t, 1 - beta2^t]. */
export function adamw(
  slabs: { p: Value; m: Value; v: Value; vmax?: Value },
  grad: Value,
  settings: Value,
  attrs: AdamwAttrs,
): Value {
  requireSameShape('adamw', slabs.p, grad);
  const { p, m, v, vmax } = slabs;
  return vmax
    ? effect('adamwAmsgrad', [p, m, v, vmax, grad, settings], attrs)
    : effect('adamw', [p, m, v, grad, settings], attrs);
}

/** One SGD step for a whole slab (methods.md section 1). `settings` = [lr, 1 at the first step else 0]. */
export function sgd(
  slabs: { p: Value; buf: Value },
  grad: Value,
  settings: Value,
  { momentum, weightDecay }: SgdAttrs,
): Value {
  requireSameShape('sgd', slabs.p, grad);
  return effect('sgd', [slabs.p, slabs.buf, grad, settings], { momentum, weightDecay });
}
