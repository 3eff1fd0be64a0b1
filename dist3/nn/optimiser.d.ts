import { type Value } from '../graph/value.ts';
import type { BoundNetwork } from './trainable.ts';
/** How a group of parameters is updated. Names and defaults are PyTorch's. */
export type OptimiserConfig = {
    readonly kind: 'adamw';
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weightDecay: number;
    readonly amsgrad: boolean;
} | {
    readonly kind: 'sgd';
    readonly lr: number;
    readonly momentum: number;
    readonly weightDecay: number;
};
/** Name of the input that `settingsAt` fills. */
export declare const SETTINGS = "optimiser settings";
/** Slabs that the optimiser keeps beside the parameters, all zero at the start. */
export declare function momentNames(config: OptimiserConfig, slab: string): string[];
/** The effect that applies `gradients` (in slab order) to a network's parameters: one dispatch. */
export declare function optimiserStep(network: BoundNetwork, gradients: readonly Value[], config: OptimiserConfig): Value;
/** What SETTINGS holds at `step` (from 0) for the learning rate `lr`. */
export declare function settingsAt(config: OptimiserConfig, step: number, lr?: number): Float32Array;
