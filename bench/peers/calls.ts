/** Calls of the library's functions, as other engines are asked for them. */
import { argumentsOf, type OpCall } from '../../src/cli/opCall.ts';
import type { NamedTensor } from '../../src/nn/init.ts';

/** A call with what its operands hold. */
export interface CallStart {
  readonly call: OpCall;
  readonly operands: readonly NamedTensor[];
}

/** A function of ours in another engine, over its own tensors; our arguments and options follow them. */
export type PeerFunction<E, T> = (engine: E, ...args: never[]) => T;

/** Our options of a call, whatever they are. */
export type CallOptions = Readonly<Record<string, unknown>>;

/** Of a reduction; default all axes. */
export const axesOf = (options: CallOptions | undefined): number[] | undefined =>
  options?.axes === undefined ? undefined : [options.axes as number | number[]].flat();
export const keepsDims = (options: CallOptions | undefined): boolean => options?.keepDims === true;

/** What a peer computes for a call, over its own tensors. */
export const applied = <E, T>(
  fn: PeerFunction<E, T>,
  engine: E,
  { args }: OpCall,
  tensors: readonly T[],
): T => fn(engine, ...(argumentsOf('peer', tensors, args) as never[]));
