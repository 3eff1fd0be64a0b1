/** Interface of kernel families to the lowering pass: functions from shapes and attributes to dispatches. */
import type { Shape } from '../shape.ts';
import type { ChannelBlocks } from './gemm/textures/channelBlocks.ts';
import { BINDING_ALIGN, type DeviceFacts, type Element, type Kernel } from './kernel.ts';

export interface TensorSpec {
  readonly shape: Shape;
  readonly element: Element;
}

/** One op to be computed, without the graph around it. `A`: the attributes that its kernels read. */
export interface OpRequest<A = Readonly<Record<string, unknown>>> {
  /** The op's name and the layer it is in, for the kernels' labels. */
  readonly label: string;
  readonly inputs: readonly TensorSpec[];
  readonly out: TensorSpec;
  readonly attrs: A;
  /** Inputs that are the same at every run, so that work on them alone is done ahead; default none. */
  readonly constant?: readonly boolean[];
}

/**
 * Operand of a kernel's binding: an input of the op by index, an input from one of its elements on (a multiple of
 * `PART_ALIGN`), the op's result, the result from one of its elements on, or a scratch array by index.
 */
export type OperandRef =
  | number
  | { readonly input: number; readonly from: number }
  | 'out'
  | { readonly out: number }
  | { readonly scratch: number };

/** Elements: where a binding may begin inside an array of 32-bit numbers. */
export const PART_ALIGN = BINDING_ALIGN / 4;

export interface LoweredStep {
  readonly kernel: Kernel;
  /** One per binding of the kernel, in order. */
  readonly operands: readonly OperandRef[];
  /** Of a step that only puts the elements of an input, its first operand, into this order, as its second. */
  readonly packs?: ChannelBlocks;
  /** Of a step that computes 'out': the same with its elements stored in this order. */
  readonly inBlocks?: (blocks: ChannelBlocks) => Kernel;
}

/** Dispatches in order. Every element of the result is written by exactly one of them. */
export interface Lowered {
  readonly steps: readonly LoweredStep[];
  /** Lengths (32-bit words) of arrays that live for these dispatches only. */
  readonly scratch: readonly number[];
}

export type Lowering<A = Readonly<Record<string, unknown>>> = (
  request: OpRequest<A>,
  device: DeviceFacts,
) => Lowered;

/** The common case: one kernel whose bindings are the inputs in order and then the result. */
export const single = (kernel: Kernel): Lowered => ({
  steps: [{ kernel, operands: [...kernel.bindings.slice(0, -1).keys(), 'out'] }],
  scratch: [],
});
