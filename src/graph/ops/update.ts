import { ShapeError } from '../../errors.ts';
import { shapesEqual, shapeText } from '../../shape.ts';
import { type AttrsOf, makeValue, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

const update = { nonDifferentiable: 'it updates state' } as const;

/** Ops that write state in place. They are a graph's effects and have no result of their own. */
export const updateOps = {
  /** state, value: state = value. */
  assign: { ...update, updates: [0] },
  /** state, value. state += rate (value - state). */
  assignAverage: { ...update, attrs: attributes<{ readonly rate: number }>(), updates: [0] },
  /** p, m, v, grad, settings [lr, 1 - beta1^t, 1 - beta2^t]: one AdamW step for a whole slab (methods.md section 1). */
  adamw: { ...update, attrs: attributes<AdamwAttrs>(), updates: [0, 1, 2] },
  /** The same with the running maximum of v, its fourth input. */
  adamwAmsgrad: { ...update, attrs: attributes<AdamwAttrs>(), updates: [0, 1, 2, 3] },
  /** p, buf, grad, settings [lr, first step ? 1 : 0]: one SGD step for a whole slab (methods.md section 1). */
  sgd: { ...update, attrs: attributes<SgdAttrs>(), updates: [0, 1] },
  /** p, m, grad, settings [lr]: one Lion step for a whole slab (Chen et al. 2023). */
  lion: { ...update, attrs: attributes<LionAttrs>(), updates: [0, 1] },
} as const satisfies OpTable;

type Scaled = {
  /** Set if there is one more input, one number: the gradient is multiplied by it, and where it is 0 no state changes. */
  readonly scaled?: true;
};
type AdamwAttrs = Readonly<Record<'beta1' | 'beta2' | 'eps' | 'weightDecay', number>> &
  Scaled & {
    /** Set if weight decay is part of the gradient (Adam). */
    readonly coupled?: true;
  };
type SgdAttrs = Readonly<Record<'momentum' | 'weightDecay', number>> &
  Scaled & {
    /** Set if the step looks ahead by the momentum. */
    readonly nesterov?: true;
  };
type LionAttrs = Readonly<Record<'beta1' | 'beta2' | 'weightDecay', number>> & Scaled;

/**
 * The effect of `op` on `states`. `values`: what it reads beside them; the first of these has the shape of the first
 * state.
 * @param name of the op, for errors.
 * @throws ShapeError where that shape differs, or a target is not a state.
 */
export function effect<K extends keyof typeof updateOps>(
  op: K,
  states: readonly Value[],
  values: readonly Value[],
  attrs: AttrsOf<K>,
  name: string = op,
): Value {
  const { shape } = states[0]!;
  if (!shapesEqual(shape, values[0]!.shape)) {
    throw new ShapeError(`${name}: value expects ${shapeText(shape)}, got ${shapeText(values[0]!.shape)}`);
  }
  const other = states.find((state) => state.op !== 'state');
  if (other) throw new ShapeError(`${op}: expects state to update, got the result of ${other.op}`);
  return makeValue(op, [...states, ...values], attrs, shape);
}

/** state = value. */
export const assign = (target: Value, value: Value): Value => effect('assign', [target], [value], {});

/** state += rate (value - state): running statistics. */
export const assignAverage = (target: Value, value: Value, rate: number): Value =>
  effect('assignAverage', [target], [value], { rate });

/**
 * How each step updates a slab of parameters; made by `adamw` and its like (nn/optimiser.ts), taken by `Engine.optimiser`.
 */
export interface UpdateRule {
  /** Names of the slabs that it keeps beside the parameters `slab`, all zero at the start. */
  moments(slab: string): string[];
  /** The effect that updates `slab`, a state, by its gradient; one dispatch. */
  update(slab: Value, gradient: Value, settings: Value): Value;
  /** What `settings` holds at `step` (from 0), with `lr` instead of the rule's own learning rate if given. */
  settingsAt(step: number, lr?: number): Float32Array;
}
