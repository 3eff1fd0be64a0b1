import { type Operand, type Value } from '../graph/value.ts';
export interface BatchNormState {
    weight: Operand;
    bias: Operand;
    /** Running mean and variance [C]. */
    mean: Operand;
    variance: Operand;
    /** Default 1e-5. */
    eps?: number;
}
/** Evaluation: (x - mean) / sqrt(variance + eps) * weight + bias per channel of x [N, C, H, W]. */
export declare function batchNorm2d(x: Operand, { weight, bias, mean, variance, eps }: BatchNormState): Value;
/**
 * Training: normalised by the batch's own mean and biased variance (methods.md section 1), with
 * dx = w r (g - mean(g) - xhat mean(g xhat)): two reductions where following the forward pass would take four.
 */
export declare function batchNorm2dTrain(x: Operand, weight: Operand, bias: Operand, eps?: number): {
    out: Value;
    mean: Value;
    variance: Value;
    count: number;
};
/** Over the last axis of x [..., C], biased variance, then weight [C] and bias [C]. */
export declare function layerNorm(x: Operand, weight: Operand, bias: Operand, eps?: number): Value;
