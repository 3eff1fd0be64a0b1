/** Reads and writes array elements of type `element`; arithmetic is always f32. */
import type { Element } from './kernel.ts';

/** WGSL, f32. */
export const loaded = (element: Element, value: string): string =>
  element === 'f32' ? value : `f32(${value})`;

/** WGSL, of type `element`; f16 is rounded by the adapter. */
export const stored = (element: Element, value: string): string =>
  element === 'f32' ? value : `${element}(${value})`;
