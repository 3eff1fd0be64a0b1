import type { DifferentiableOp } from '../graph/ops/index.ts';
import type { Vjp } from './rule.ts';
/** The rule of every differentiable op; a missing one does not compile. */
export declare const vjps: Readonly<Record<DifferentiableOp, Vjp>>;
