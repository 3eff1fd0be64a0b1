import type { Value } from '../graph/value.ts';

/** T where it is a value, or arrays and objects of values; `never` in the place of anything else. */
export type Structure<T> = T extends Value
  ? T
  : T extends (...args: never) => unknown
    ? never
    : T extends object
      ? { [K in keyof T]: Structure<T[K]> }
      : never;

/**
 * A function from structures of values to a structure of values. What a compiled function would refuse when it is called
 * (numbers, tensors, promises, functions) does not fit, and the error says why.
 */
export type StructureFunction<A extends readonly unknown[], R> = ((...args: A) => R) &
  ([A] extends [Structure<A>] ? unknown : { 'arguments expect values, or arrays and objects of values': A }) &
  ([R] extends [Structure<R>]
    ? unknown
    : { 'the result expects values, or arrays and objects of values': R });
