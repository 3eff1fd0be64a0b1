import type { Dtype } from '../graph/value.ts';
import { BINDING_ALIGN, type Kernel, type TextureShape } from '../kernels/kernel.ts';
import type { Shape } from '../shape.ts';

/** A buffer that a plan needs. Arenas hold intermediate values. */
export type Slot =
  | { readonly kind: 'arena'; readonly bytes: number }
  | { readonly kind: 'constants'; readonly bytes: number }
  | { readonly kind: 'output'; readonly bytes: number }
  | { readonly kind: 'input'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'state'; readonly name: string; readonly bytes: number };

/** A part of a slot, in bytes; offsets are multiples of 256. */
export interface Range {
  readonly slot: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface PlannedDispatch {
  readonly kernel: Kernel;
  /** The layer it belongs to, or empty. The kernel's label begins with it. */
  readonly scope: string;
  /** One per binding of the kernel. */
  readonly ranges: readonly Range[];
}

/** A texture that dispatches read in place of a range. */
export interface PlannedTexture {
  /** Identifies it within the plan, for labels. */
  readonly key: string;
  readonly shape: TextureShape;
  /** The ranges that are copied into it, each before the dispatch of that index. */
  readonly fills: readonly { readonly before: number; readonly range: Range }[];
  /** The bindings that read it, by the index of their dispatch. */
  readonly readers: readonly { readonly dispatch: number; readonly binding: number }[];
}

export interface PlannedTensor {
  readonly range: Range;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** A graph made runnable: plain data, printable and comparable; no device has been asked for anything. */
export interface Plan {
  /** Its name in errors and profiles. */
  readonly label: string;
  /** The buffers it needs; ranges name them by index. */
  readonly slots: readonly Slot[];
  /** In the order in which they run. */
  readonly dispatches: readonly PlannedDispatch[];
  /** How many dispatches, from the first on, depend on state alone: they run again only after it has changed. */
  readonly prelude: number;
  /** Empty unless kernels read textures, as some do on CPU adapters. */
  readonly textures: readonly PlannedTexture[];
  /** Where results and inputs lie, by name. */
  readonly outputs: ReadonlyMap<string, PlannedTensor>;
  readonly inputs: ReadonlyMap<string, PlannedTensor>;
  /** What the constants slot holds. */
  readonly constants: Uint8Array;
  readonly memory: {
    /** Bytes of all arenas. */
    readonly arenas: number;
    /** The largest sum of values alive at once: no placement can need less. */
    readonly lowerBound: number;
  };
}

/** Bindings and copies are of whole 32-bit words. */
export const wordBytes = (bytes: number): number => Math.ceil(bytes / 4) * 4;

export const alignBytes = (bytes: number): number =>
  Math.max(BINDING_ALIGN, Math.ceil(bytes / BINDING_ALIGN) * BINDING_ALIGN);
