import { type Value } from '../value.ts';
/** Ops that write state in place. They are a graph's effects and have no result of their own. */
export declare const updateOps: {
    /** state, value: state = value. */
    readonly assign: {
        readonly updates: readonly [0];
        readonly nonDifferentiable: 'it updates state';
    };
    /** state, value. attrs: rate. state += rate (value - state). */
    readonly assignAverage: {
        readonly updates: readonly [0];
        readonly nonDifferentiable: 'it updates state';
    };
    /** p, m, v, vmax?, grad, settings [lr, 1 - beta1^t, 1 - beta2^t]. attrs: beta1, beta2, eps, weightDecay, amsgrad. */
    readonly adamw: {
        readonly updates: readonly [0, 1, 2];
        readonly nonDifferentiable: 'it updates state';
    };
    /** The same with the running maximum of v, its fourth input. */
    readonly adamwAmsgrad: {
        readonly updates: readonly [0, 1, 2, 3];
        readonly nonDifferentiable: 'it updates state';
    };
    /** p, buf, grad, settings [lr, first step ? 1 : 0]. attrs: momentum, weightDecay. */
    readonly sgd: {
        readonly updates: readonly [0, 1];
        readonly nonDifferentiable: 'it updates state';
    };
};
/** state = value. */
export declare function assign(target: Value, value: Value): Value;
/** state += rate (value - state): running statistics. */
export declare function assignAverage(target: Value, value: Value, rate: number): Value;
export interface AdamwAttrs {
    readonly beta1: number;
    readonly beta2: number;
    readonly eps: number;
    readonly weightDecay: number;
}
/** One AdamW step for a whole slab (methods.md section 1). `settings` = [lr, 1 - beta1^t, 1 - beta2^t]. */
export declare function adamw(slabs: {
    p: Value;
    m: Value;
    v: Value;
    vmax?: Value;
}, grad: Value, settings: Value, attrs: AdamwAttrs): Value;
/** One SGD step for a whole slab (methods.md section 1). `settings` = [lr, 1 at the first step else 0]. */
export declare function sgd(slabs: {
    p: Value;
    buf: Value;
}, grad: Value, settings: Value, attrs: {
    momentum: number;
    weightDecay: number;
}): Value;
