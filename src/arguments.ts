/**
 * Checks of arguments that are not values. Plain JavaScript has no types, and TypeScript cannot refuse half a pixel or
 * a NaN: unchecked, these give wrong results or end up in a kernel's text.
 */
import { ConfigError, DtypeError, gotText, ShapeError } from './errors.ts';
import { product, requireShape, type Shape, shapeText } from './shape.ts';

type Failure = new (message: string) => Error;

/** @throws what `Failure` is, unless `right`. */
function expect(right: boolean, Failure: Failure, what: string, expected: string, got: unknown): void {
  if (!right) throw new Failure(`${what} expects ${expected}, got ${gotText(got)}`);
}

const isCount = (count: unknown, least: number): boolean =>
  Number.isSafeInteger(count) && (count as number) >= least;

export const requireList = (op: string, name: string, list: readonly unknown[]): void =>
  expect(Array.isArray(list), ShapeError, `${op}: ${name}`, 'a list', list);

export const requireFunction = (op: string, name: string, fn: unknown): void =>
  expect(typeof fn === 'function', DtypeError, `${op}: ${name}`, 'a function', fn);

/** @throws ShapeError unless `count` is whole and at least `least`. */
export const requireCount = (op: string, name: string, count: number, least: number): void =>
  expect(isCount(count, least), ShapeError, `${op}: ${name}`, `a whole number of at least ${least}`, count);

/** @throws ShapeError unless every one of `counts` is whole and at least `least`. */
export function requireCounts(op: string, name: string, counts: readonly number[], least: number): void {
  requireList(op, name, counts);
  const right = counts.every((count) => isCount(count, least));
  expect(right, ShapeError, `${op}: ${name}`, `whole numbers of at least ${least}`, counts);
}

/** One number for both axes, or (vertical, horizontal). */
export type Pair = number | readonly [number, number];
/** One number for all three axes, or (depth, vertical, horizontal). */
export type Triple = number | readonly [number, number, number];

const EACH_AXIS = ['', '', ', or two (vertical, horizontal)', ', or three (depth, vertical, horizontal)'];

/** A number for each of `axes` axes. @throws ShapeError unless they are whole and at least `least`. */
export function sizesOf(
  op: string,
  name: string,
  value: number | readonly number[],
  axes: number,
  least: number,
): readonly number[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : Array.from({ length: axes }, () => value);
  const right = all.length === axes && all.every((each) => isCount(each, least));
  const expected = `a whole number of at least ${least}${EACH_AXIS[axes]}`;
  expect(right, ShapeError, `${op}: ${name}`, expected, value);
  return all as readonly number[];
}

/** Both numbers. @throws ShapeError unless they are whole and at least `least`. */
export const pairOf = (op: string, name: string, value: Pair, least: number): readonly [number, number] =>
  sizesOf(op, name, value, 2, least) as readonly [number, number];

/** NaN and infinities are numbers too. */
export const requireAnyNumber = (op: string, number: number): void =>
  expect(typeof number === 'number', DtypeError, `${op}:`, 'a number', number);

export const requireNumber = (op: string, name: string, number: number): void =>
  expect(Number.isFinite(number), DtypeError, `${op}: ${name}`, 'a finite number', number);

/** @throws DtypeError unless `data` is a list of numbers, which may be NaN or infinite. */
function requireNumbers(op: string, data: ArrayLike<number>): void {
  if (ArrayBuffer.isView(data) && !(data instanceof DataView) && typeof data[0] !== 'bigint') return;
  const isList = typeof data === 'object' && Number.isInteger(data?.length);
  expect(isList, DtypeError, `${op}: data`, 'numbers, in an array or typed array', data);
  const at = Array.prototype.findIndex.call(data, (each) => typeof each !== 'number');
  if (at >= 0) throw new DtypeError(`${op}: data expects numbers, got ${gotText(data[at])} at ${at}`);
}

/** @throws ShapeError, DtypeError unless `data` is a list of as many numbers as `shape` holds. */
export function requireFilled(op: string, data: ArrayLike<number>, shape: Shape): void {
  requireShape(op, shape);
  requireNumbers(op, data);
  const count = product(shape);
  if (data.length === count) return;
  throw new ShapeError(`${op}: shape ${shapeText(shape)} expects ${count} numbers, got ${data.length}`);
}

/** @throws ShapeError unless `number` is finite and above 0. */
export const requirePositive = (op: string, name: string, number: number): void =>
  expect(Number.isFinite(number) && number > 0, ShapeError, `${op}: ${name}`, 'more than 0', number);

export const requireFlag = (op: string, name: string, flag: boolean): void =>
  expect(typeof flag === 'boolean', ConfigError, `${op}: ${name}`, 'true or false', flag);

export const requireOneOf = <T extends string>(
  op: string,
  name: string,
  choice: T,
  choices: readonly T[],
): void => expect(choices.includes(choice), ConfigError, `${op}: ${name}`, choices.join(' or '), choice);

/** @throws ShapeError unless 0 <= p < 1. */
export const requireProbability = (op: string, name: string, p: number): void =>
  expect(Number.isFinite(p) && p >= 0 && p < 1, ShapeError, `${op}: ${name}`, '0 <= p < 1', p);

/** @throws ShapeError unless `site` fits one word of the random generator's counter: it tells uses in a graph apart. */
export const requireSite = (op: string, site: number): void =>
  expect(
    isCount(site, 0) && site < 2 ** 32,
    ShapeError,
    `${op}: site`,
    'a whole number from 0 to 2^32 - 1',
    site,
  );
