/** What values of a JSON file have to be: its types are not checked when it is read, and it may have been edited. */
import { FileError, gotText } from '../errors.ts';

/** What is wrong with a value that stands `at` a place of the file; null: nothing. */
export type Expectation = (value: unknown, at: string) => string | null;

const expecting =
  (what: string, is: (value: unknown) => boolean): Expectation =>
  (value, at) =>
    is(value) ? null : `${at} expects ${what}, got ${gotText(value)}`;

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const number: Expectation = expecting('a number', (value) => typeof value === 'number');
export const count: Expectation = expecting(
  'a whole number from 0',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);
export const numberOrNull: Expectation = expecting(
  'a number or null',
  (value) => value === null || typeof value === 'number',
);
export const text: Expectation = expecting('a text', (value) => typeof value === 'string');
export const textOrNull: Expectation = expecting(
  'a text or null',
  (value) => value === null || typeof value === 'string',
);
export const oneOf = (known: readonly string[]): Expectation =>
  expecting(`one of ${known.join(', ')}`, (value) => known.includes(value as string));
const object: Expectation = expecting('an object', isTable);

/** The same, or nothing at all. */
export const optional =
  (own: Expectation): Expectation =>
  (value, at) =>
    value === undefined ? null : own(value, at);

const list: Expectation = expecting('a list', Array.isArray);

/** A list of any length. */
export const listOf =
  (own: Expectation): Expectation =>
  (value, at) =>
    list(value, at) ?? firstWrong((value as unknown[]).map((each, i) => own(each, `${at}[${i}]`)));

/** An object with any names. */
export const tableOf =
  (own: Expectation): Expectation =>
  (value, at) =>
    object(value, at) ??
    firstWrong(Object.entries(value as object).map(([name, each]) => own(each, place(at, name))));

/** An object with these members, and perhaps others. */
export const fields =
  (members: Readonly<Record<string, Expectation>>): Expectation =>
  (value, at) =>
    object(value, at) ??
    firstWrong(
      Object.entries(members).map(([name, own]) =>
        own(
          Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined,
          place(at, name),
        ),
      ),
    );

const place = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);
const firstWrong = (all: readonly (string | null)[]): string | null =>
  all.find((each) => each !== null) ?? null;

/** @throws FileError naming the file and the first place that is wrong. @param fix what to do. */
export function requireExpected(
  path: string,
  value: unknown,
  expectation: Expectation,
  { at = '', fix }: { readonly at?: string; readonly fix: string },
): void {
  const wrong = expectation(value, at);
  if (wrong !== null) throw new FileError(`${path}: ${wrong}`, { where: path, fix });
}

/**
 * A value from JSON that stands in a file. @param at its name there.
 * @throws FileError where it is no JSON, or other than expected.
 */
export function readExpected<T>(
  path: string,
  json: string,
  expectation: Expectation,
  { at, fix }: { readonly at: string; readonly fix: string },
): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const { message } = cause as Error;
    throw new FileError(`${path}: ${at} is not JSON: ${message}`, { where: path, fix, cause });
  }
  requireExpected(path, value, expectation, { at, fix });
  return value as T;
}
