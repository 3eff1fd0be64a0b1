import { RandomStream } from '../random.ts';
import { type Shape } from '../shape.ts';
import type { ParameterSpec } from './layers.ts';
/** Fills a new parameter. Every tensor has a random stream of its own, so adding one changes no other. */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array;
export declare const constantInit: (value: number) => Initializer;
export declare const zeros: Initializer;
export declare const ones: Initializer;
/** N(0, sqrt(2 / fan_out)), fan_out = Cout kh kw: convolution weights [Cout, Cin, kh, kw]. */
export declare const kaimingNormalFanOut: Initializer;
/** Uniform in +-1/sqrt(fanIn): PyTorch's default for weights and biases alike. */
export declare const uniformFanIn: (fanIn: number) => Initializer;
/** PyTorch's default for a weight: fan_in is everything but the first axis (for transposed convolutions too). */
export declare const pytorchDefault: Initializer;
export interface NamedTensor {
    readonly shape: Shape;
    readonly data: Float32Array;
}
/** Tensors by name, in order. */
export type StateDict = Map<string, NamedTensor>;
/** Fresh tensors for `specs`: same seed, same names, same bytes. */
export declare function initialize(specs: readonly ParameterSpec[], seed: number): StateDict;
