import type { Value } from '../graph/value.ts';

/** T if it is a value, or arrays and objects of values; `never` in place of anything else. */
export type Structure<T> = T extends Value
  ? T
  : T extends (...args: never) => unknown
    ? never
    : T extends object
      ? { [K in keyof T]: Structure<T[K]> }
      : never;

/**
 * A function from structures of values to a structure of values. Types that a compiled function would refuse at a call
 * (numbers, tensors, promises, functions) do not compile, and the error says why.
 */
export type StructureFunction<A extends readonly unknown[], R> = ((...args: A) => R) &
  ([A] extends [Structure<A>] ? unknown : { 'arguments expect values, or arrays and objects of values': A }) &
  ([R] extends [Structure<R>]
    ? unknown
    : { 'the result expects values, or arrays and objects of values': R });
