/** What the Kernels page and its worker tell each other. */
import type { Duel } from '../../../src/bench/alternate.ts';
import type { KernelChoice } from '../../../src/bench/kernels.ts';
import type { Pass } from '../../../src/bench/operation.ts';
import type { BenchRecord } from '../../../src/bench/record.ts';
import type { ProductChoice } from '../../../src/kernels/gemm/choices.ts';
import type { EncoderName } from '../../../src/score/features.ts';

export interface DeviceFactsShown {
  readonly name: string;
  readonly software: boolean;
  readonly f16: boolean;
  readonly timestamps: boolean;
  /** Networks whose kernels can be measured. */
  readonly networks: readonly EncoderName[];
  /** Name and value, in words, in the order in which they are shown. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly limits: readonly (readonly [name: string, value: number])[];
}

/** One of the library's functions, as `wgad bench op` takes it: `softmax [64,1000]`. */
export interface OpLine {
  readonly call: string;
  readonly pass: Pass;
}

/** Records of one call, or of two by turns. */
export interface MeasuredOps {
  readonly records: readonly BenchRecord[];
  /** Of two: how far their results differ, in words. */
  readonly note?: string;
}

/** As `wgad bench kernels` chooses cases; the filter is the source of a regular expression. */
export interface CaseChoice extends Omit<KernelChoice, 'filter' | 'accepts'> {
  readonly filter: string;
}

/** What a kernel is edited in: a call, and how its products are computed. */
export interface Start extends OpLine {
  /** Null: as the engine chooses for this device. */
  readonly choice: ProductChoice | null;
}

/** A way to compute a call's products. */
export interface VariantShown {
  readonly text: string;
  readonly choice: ProductChoice | null;
}

/** A kernel of ours, to start from. */
export interface KernelShown {
  readonly label: string;
  readonly wgsl: string;
  readonly grid: readonly [number, number, number];
  readonly bindings: readonly string[];
  /** It runs once for a set of weights, ahead of what is timed otherwise. */
  readonly ahead: boolean;
}

/** What the compiler says; lines from 1. */
export interface CompilerMessage {
  readonly type: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export type Clock = 'wall' | 'timestamps';

/** A changed kernel. */
export interface Change {
  /** Which of the call's kernels it takes the place of. */
  readonly place: number;
  readonly wgsl: string;
  readonly grid: readonly [number, number, number];
}

export type Trial =
  | { readonly kind: 'refused'; readonly messages: readonly CompilerMessage[] }
  | { readonly kind: 'wrong'; readonly text: string }
  | {
      readonly kind: 'right';
      /** Largest difference from ours, relative to the root mean square of ours. */
      readonly difference: number;
      /** Ours is what is changed, theirs the change. */
      readonly duel: Duel;
      readonly rounds: number;
      readonly clock: Clock;
      /** Why another clock was taken than asked for. */
      readonly note?: string;
      readonly messages: readonly CompilerMessage[];
    };
