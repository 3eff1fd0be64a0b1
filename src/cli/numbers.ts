import { InvalidArgumentError } from 'commander';
import { ConfigError } from '../errors.ts';

/** A decimal number; NaN for anything else, also `0x10`. */
const numberOf = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;

/** A parser for a whole-number option. @throws ConfigError naming the option and the range. */
export const integer =
  (name: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = numberOf(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new ConfigError(`${name} expects a whole number from ${least} to ${most}, got ${text}`);
    }
    return value;
  };

/** A parser for a real-number option. */
export const real =
  (name: string, least: number, most = Number.POSITIVE_INFINITY) =>
  (text: string): number => {
    const value = numberOf(text);
    if (!(Number.isFinite(value) && value >= least && value <= most)) {
      throw new ConfigError(`${name} expects a number from ${least} to ${most}, got ${text}`);
    }
    return value;
  };

/** A regular expression. */
export function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError(`expects a regular expression, got ${text}.`);
  }
}
