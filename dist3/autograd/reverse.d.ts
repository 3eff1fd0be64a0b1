import { type Value } from '../graph/value.ts';
/**
 * dL/dv for each `v` of `wrt`, as values of the same graph. `loss` has one element. Un-broadcasting and the
 * accumulation of several uses happen here, once, so that no rule repeats them.
 * @throws ShapeError where the loss is not a scalar; WgadError naming the path where a derivative is missing.
 */
export declare function grad(loss: Value, wrt: readonly Value[]): Value[];
/** `fn` with its gradient: returns the loss and dL/dparams, in the shape of `params`. */
export declare function valueAndGrad<P extends Readonly<Record<string, Value>>, R extends readonly Value[]>(fn: (params: P, ...rest: R) => Value): (params: P, ...rest: R) => {
    loss: Value;
    grads: {
        [K in keyof P]: Value;
    };
};
