import { type Operand, type Value } from '../graph/value.ts';
/** Mean of squared differences over all elements. */
export declare const mseLoss: (a: Operand, b: Operand) => Value;
/** The paper's equation 4: d^2 / (2 alpha) below alpha, |d| - alpha/2 above; mean over all elements. */
export declare function smoothL1Loss(prediction: Operand, target: Operand, alpha: number): Value;
/** Mean of -log softmax(logits)[label]: logits [N, K], labels (i32) [N]. */
export declare function crossEntropy(logits: Operand, labels: Operand): Value;
/** Cosine of a and b along channels: [N, C, ...S] -> [N, ...S]. */
export declare const cosineSimilarity: (a: Operand, b: Operand) => Value;
/** Per sample one cosine over everything, 1 - cos, mean over the batch (methods.md 4.4): each operand read once. */
export declare function globalCosineLoss(a: Operand, b: Operand): Value;
