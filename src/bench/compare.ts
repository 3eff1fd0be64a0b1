/** Whether what is measured now is slower than a file of records from before: a gate that can fail. */
import { ConfigError } from '../errors.ts';
import type { NamedCase } from './caseFilter.ts';
import type { BenchRecord } from './record.ts';
import { percentile } from './sampler.ts';

/** A case that both files have. */
interface Comparison {
  readonly name: string;
  /** Median times. */
  readonly beforeMs: number;
  readonly nowMs: number;
  /** Time before over time now, or the ratio to a peer now over before: above 1 is faster. */
  readonly ratio: number;
  /** The share by which the ratio may fall below 1 before it counts. */
  readonly band: number;
  readonly slower: boolean;
}

export interface ComparedRecords {
  readonly comparisons: readonly Comparison[];
  /** Cases of the earlier file that were not measured now, and the other way round. */
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

/** A difference below 3 % is noise on the quietest machine; one above 10 % never is, however noisy the runs were. */
const BAND = { least: 0.03, most: 0.1 };

/** Further times that a case which looks slower is measured. */
export const RECHECKS = 3;

/**
 * Cases that both have, by suite, name and shape. Against a peer the ratios are compared, which a slower machine moves
 * less than times; a peer's own times are not ours to judge.
 */
export function compareRecords(before: readonly BenchRecord[], now: readonly BenchRecord[]): ComparedRecords {
  const known = new Map(before.filter(isOurs).map((record) => [keyOf(record), record]));
  const measured = new Map(now.filter(isOurs).map((record) => [keyOf(record), record]));
  const common = [...measured].flatMap(([name, record]) => {
    const old = known.get(name);
    return old ? [{ name, old, record }] : [];
  });
  return {
    comparisons: common.map(({ name, old, record }) => {
      const ratio =
        record.ratio !== null && old.ratio !== null
          ? record.ratio / old.ratio
          : old.medianMs / record.medianMs;
      const band = Math.min(BAND.most, Math.max(BAND.least, spread(old), spread(record)));
      return {
        name,
        beforeMs: old.medianMs,
        nowMs: record.medianMs,
        ratio,
        band,
        slower: ratio < 1 - band,
      };
    }),
    missing: [...known.keys()].filter((name) => !measured.has(name)),
    added: [...measured.keys()].filter((name) => !known.has(name)),
  };
}

/** The records whose cases look slower than before. */
export function slowerThan<R extends BenchRecord>(before: readonly BenchRecord[], now: readonly R[]): R[] {
  const slower = new Set(
    compareRecords(before, now)
      .comparisons.filter((each) => each.slower)
      .map(({ name }) => name),
  );
  return now.filter((record) => isOurs(record) && slower.has(keyOf(record)));
}

/**
 * Records with those of further rounds of the same cases: each case's middle one, so that neither a disturbance nor a
 * lucky round decides.
 */
export function middleOf<R extends BenchRecord>(
  records: readonly R[],
  rounds: readonly (readonly R[])[],
): R[] {
  return records.map((record) => {
    const all = [record, ...rounds.flat().filter((each) => isOurs(each) && keyOf(each) === keyOf(record))];
    if (!isOurs(record) || all.length === 1) return record;
    const figureOf = ({ ratio, medianMs }: BenchRecord): number => ratio ?? medianMs;
    const middle = percentile(all.map(figureOf), 0.5);
    return all.find((each) => figureOf(each) === middle)!;
  });
}

const keyOf = ({ suite, name, shape }: BenchRecord): string => `${suite} ${name} ${shape}`;

const isOurs = ({ peer, ratio }: BenchRecord): boolean => peer === null || ratio !== null;

/** Tells a suite which of its cases to measure again: those of `records`. A peer's name stands behind the case's. */
export function casesOf(records: readonly BenchRecord[]): (each: NamedCase) => boolean {
  const names = new Set(
    records.map(({ name, shape, peer }) => {
      const suffix = ` / ${peer}`;
      return `${name.endsWith(suffix) ? name.slice(0, -suffix.length) : name} ${shape}`;
    }),
  );
  return ({ name, shape }) => names.has(`${name} ${shape}`);
}

/** @throws ConfigError where `records` of `path` were measured on another adapter: such times compare adapters, not code. */
export function requireSameAdapter(path: string, records: readonly BenchRecord[], adapter: string): void {
  const others = new Set(
    records.filter((record) => isOurs(record) && record.adapter !== adapter).map((each) => each.adapter),
  );
  if (others.size === 0) return;
  throw new ConfigError(`${path} was measured on ${[...others].join(', ')}, this is ${adapter}`, {
    fix: 'compare with a file of this adapter, or --force to compare all the same',
  });
}

/** From the 10th to the 90th percentile, as a share of the median: of the ratio where there is one. */
function spread({ p10Ms, p90Ms, medianMs, ratio, ratioP10, ratioP90 }: BenchRecord): number {
  if (ratio !== null && ratioP10 !== undefined && ratioP90 !== undefined)
    return (ratioP90 - ratioP10) / ratio;
  return (p90Ms - p10Ms) / medianMs;
}
