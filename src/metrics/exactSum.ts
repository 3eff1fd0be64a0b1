/**
 * Numbers from 0 to 1 as fixed-point ones: `whole` units of 2^-20 and `rest` units of 2^-52, less than 2^32. Whole numbers
 * add up without rounding, so that a sum is the same in any order and grouping; each summand is off by 2^-53 at most.
 */
export interface Quantised {
  readonly whole: number;
  readonly rest: number;
}

const RESTS = 2 ** 32;

export function quantised(value: number): Quantised {
  const units = Math.round(value * 2 ** 52);
  const whole = Math.floor(units / RESTS);
  return { whole, rest: units - whole * RESTS };
}

export const NOTHING: Quantised = { whole: 0, rest: 0 };

export function plus(a: Quantised, b: Quantised): Quantised {
  const rest = a.rest + b.rest;
  const carry = rest >= RESTS ? 1 : 0;
  return { whole: a.whole + b.whole + carry, rest: rest - carry * RESTS };
}

/** The nearest number. */
export const numberOf = ({ whole, rest }: Quantised): number => whole / 2 ** 20 + rest / 2 ** 52;
