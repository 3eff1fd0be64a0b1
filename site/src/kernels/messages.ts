/** What the Kernels page and its worker tell each other. */
import type { Finding } from '../../../src/doctor/finding.ts';

export interface DeviceFactsShown {
  readonly name: string;
  readonly software: boolean;
  /** Name and value, in words, in the order in which they are shown. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly limits: readonly (readonly [name: string, value: number])[];
}

export type CheckEvent = { readonly finding: Finding; readonly done: number; readonly of: number };

/** A kernel of ours, to start from. */
export interface KernelShown {
  readonly label: string;
  readonly wgsl: string;
  readonly grid: readonly [number, number, number];
  readonly bindings: readonly string[];
}

/** What the compiler says; lines from 1. */
export interface CompilerMessage {
  readonly type: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

export type Trial =
  | { readonly kind: 'refused'; readonly messages: readonly CompilerMessage[] }
  | { readonly kind: 'wrong'; readonly text: string }
  | {
      readonly kind: 'right';
      /** Largest difference from ours, relative to the largest number. */
      readonly difference: number;
      /** Median ms of one run of all dispatches. */
      readonly ours: number;
      readonly own: number;
      /** Own by ours, round by round: median, and where 80 % of the rounds lie. */
      readonly ratio: readonly [low: number, median: number, high: number];
      readonly rounds: number;
      readonly messages: readonly CompilerMessage[];
    };
