/** Arithmetic is f32 whatever the memory holds: how a number is read from an array of `element` and written to one. */
import type { Element } from './kernel.ts';

/** WGSL, f32. */
export const loaded = (element: Element, value: string): string =>
  element === 'f32' ? value : `f32(${value})`;

/** WGSL, of type `element`: to f16 the nearest, by the adapter's rounding. */
export const stored = (element: Element, value: string): string =>
  element === 'f32' ? value : `${element}(${value})`;
