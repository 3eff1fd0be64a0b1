import type { NumberArray } from '../runtime/state.ts';
import type { Family } from '../specs/index.ts';

/** How far the adapter's float32 answer lies from float64's. */
export interface Finding {
  readonly family: Family | 'update' | 'encoder' | 'encoder in f16';
  readonly name: string;
  readonly maxAbsolute: number;
  /** Largest difference over the largest magnitude of the answer. */
  readonly maxRelative: number;
  readonly ok: boolean;
}

/** The worst of a family. */
export interface FamilyFinding {
  readonly family: Finding['family'];
  readonly checks: number;
  readonly maxAbsolute: number;
  readonly maxRelative: number;
  /** The check with the largest relative error. */
  readonly worst: string;
  readonly ok: boolean;
}

/** float32 over sums of some hundred terms stays well below this; a broken driver does not. */
const MOST_RELATIVE = 1e-4;

export function finding(
  family: Finding['family'],
  name: string,
  got: NumberArray | Float64Array,
  want: Float64Array,
  {
    magnitude = want.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE),
    mostRelative = MOST_RELATIVE,
  }: { magnitude?: number; mostRelative?: number } = {},
): Finding {
  let maxAbsolute = got.length === want.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [i, value] of want.entries()) {
    const difference = Math.abs(got[i]! - value);
    // A NaN must count as the worst there is.
    maxAbsolute = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(maxAbsolute, difference);
  }
  const maxRelative = maxAbsolute / magnitude;
  return { family, name, maxAbsolute, maxRelative, ok: maxRelative < mostRelative };
}

/** One line per family, in the order in which families first occur. */
export function byFamily(findings: readonly Finding[]): FamilyFinding[] {
  return [...new Set(findings.map(({ family }) => family))].map((family) => {
    const own = findings.filter((each) => each.family === family);
    const worst = own.reduce((a, b) => (b.maxRelative > a.maxRelative ? b : a));
    return {
      family,
      checks: own.length,
      maxAbsolute: Math.max(...own.map((each) => each.maxAbsolute)),
      maxRelative: worst.maxRelative,
      worst: worst.name,
      ok: own.every((each) => each.ok),
    };
  });
}
