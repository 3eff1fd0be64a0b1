/**
 * What ops demand of arguments that are not values. Types say the same to a compiler; plain JavaScript has none, and
 * numbers that types cannot tell apart (half a pixel, a NaN) would end as nonsense or in the text of a kernel.
 */
import { ConfigError, DtypeError, gotText, ShapeError } from '../errors.ts';

export function requireList(op: string, name: string, list: readonly unknown[]): void {
  if (!Array.isArray(list)) throw new ShapeError(`${op}: ${name} expects a list, got ${gotText(list)}`);
}

export function requireFunction(op: string, name: string, fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new DtypeError(`${op}: ${name} expects a function, got ${gotText(fn)}`);
}

/** @throws ShapeError unless `count` is whole and at least `least`. */
export function requireCount(op: string, name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new ShapeError(`${op}: ${name} expects a whole number of at least ${least}, got ${gotText(count)}`);
}

/** @throws ShapeError unless every one of `counts` is whole and at least `least`. */
export function requireCounts(op: string, name: string, counts: readonly number[], least: number): void {
  requireList(op, name, counts);
  if (counts.every((count) => Number.isSafeInteger(count) && count >= least)) return;
  throw new ShapeError(`${op}: ${name} expects whole numbers of at least ${least}, got ${gotText(counts)}`);
}

/** Numbers that differ between the vertical and the horizontal, in this order. */
export type Pair = number | readonly [number, number];

/** Both numbers. @throws ShapeError unless they are whole and at least `least`. */
export function pairOf(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const both: readonly unknown[] = Array.isArray(value) ? value : [value, value];
  if (both.length === 2 && both.every((each) => Number.isSafeInteger(each) && (each as number) >= least)) {
    return both as readonly [number, number];
  }
  throw new ShapeError(
    `${op}: ${name} expects a whole number of at least ${least}, or two (vertical, horizontal), got ${gotText(value)}`,
  );
}

/** NaN and infinities are numbers too. */
export function requireAnyNumber(op: string, number: number): void {
  if (typeof number === 'number') return;
  throw new DtypeError(`${op}: expects a number, got ${gotText(number)}`);
}

export function requireNumber(op: string, name: string, number: number): void {
  if (Number.isFinite(number)) return;
  throw new DtypeError(`${op}: ${name} expects a finite number, got ${gotText(number)}`);
}

export function requireFlag(op: string, name: string, flag: boolean): void {
  if (typeof flag === 'boolean') return;
  throw new ConfigError(`${op}: ${name} expects true or false, got ${gotText(flag)}`);
}

export function requireOneOf<T extends string>(
  op: string,
  name: string,
  choice: T,
  choices: readonly T[],
): void {
  if (choices.includes(choice)) return;
  throw new ConfigError(`${op}: ${name} expects ${choices.join(' or ')}, got ${gotText(choice)}`);
}

/** Of leaving something out: 1 would leave nothing. */
export function requireProbability(op: string, name: string, p: number): void {
  if (Number.isFinite(p) && p >= 0 && p < 1) return;
  throw new ShapeError(`${op}: ${name} expects 0 <= p < 1, got ${gotText(p)}`);
}

/** Where a graph draws random numbers: one word of the counter that they follow from. */
export function requireSite(op: string, site: number): void {
  if (Number.isInteger(site) && site >= 0 && site < 2 ** 32) return;
  throw new ShapeError(`${op}: site expects a whole number from 0 to 2^32 - 1, got ${gotText(site)}`);
}
