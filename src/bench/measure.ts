/** Subjects measured alone and by turns, checked first. */
import { requireCount, requireFunction, requirePositive } from '../arguments.ts';
import { ConfigError, gotText, WrongResultError } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { shapesEqual } from '../shape.ts';
import { alternate } from './alternate.ts';
import { differenceOf, requireEqual } from './difference.ts';
import {
  type BenchDevice,
  type BenchResult,
  type BenchSubject,
  type PreparedOperation,
  prepareOperation,
  requireSubject,
} from './operation.ts';
import { type Pace, planRecord } from './planCase.ts';
import type { BenchRecord } from './record.ts';
import { sample } from './sampler.ts';

/** What a subject should compute: numbers of its results in their order, or of its one result, from those of its operands. */
export type Expected = (
  ...operands: readonly ArrayLike<number>[]
) => ArrayLike<number> | readonly ArrayLike<number>[];

/** How subjects are measured. */
export interface MeasureOptions {
  /** Shares of the roofline and what bounds a subject are told by it; default none. */
  readonly pace?: Pace;
  /** Samples of each, 20 ms or one run long; default 9. */
  readonly samples?: number;
  /** A reference of every result; default none. */
  readonly expected?: Expected;
  /** Largest difference of an element, relative to the larger of its size and the root mean square of all; default 1e-4. */
  readonly tolerance?: number;
}

const OPTIONS: OptionNames<MeasureOptions> = {
  pace: true,
  samples: true,
  expected: true,
  tolerance: true,
};

/** How two subjects are measured. */
export interface TurnsOptions extends MeasureOptions {
  /** Whether results that differ by more than the tolerance are refused; default false. */
  readonly same?: boolean;
}

const TURNS_OPTIONS: OptionNames<TurnsOptions> = { ...OPTIONS, same: true };

/**
 * Time, rates and shares of one subject on a device (`{ gpu }`: an engine), replayed with its operands there and nothing read back.
 * Its results are checked first.
 * @throws WrongResultError for another result than expected: nothing is timed then.
 */
export async function measure(
  device: BenchDevice,
  subject: BenchSubject,
  options: MeasureOptions = {},
  ...extra: never[]
): Promise<BenchRecord> {
  refuseExtra('measure', extra);
  requireOptions('measure', options, OPTIONS);
  requireNumbers('measure', options);
  requireSubject(subject);
  const prepared = await prepareOperation(device, subject);
  try {
    await check(subject, prepared, options);
    const timing = await sample(prepared.replays, options.samples);
    const record = planRecord(device, nameOf(subject, prepared), prepared.executable, timing, options.pace);
    return { ...record, ...(await device.clock?.time(device.gpu, prepared.executable)) };
  } finally {
    prepared.destroy();
  }
}

/** Two subjects that were measured by turns. */
export interface Turns {
  /** The first's, with the second's time over its own as `ratio`; then the second's. */
  readonly records: readonly [BenchRecord, BenchRecord];
  /** Largest difference of their results, relative to the root mean square of the second's; undefined for results of other shapes. */
  readonly difference: number | undefined;
}

/**
 * As `measure`, two by turns, so that a machine that slows down slows both: a sample each a round, and who begins changes.
 * `expected` is for both.
 * @throws WrongResultError also where `same` results differ by more than the tolerance.
 */
export async function measureByTurns(
  device: BenchDevice,
  subjects: readonly [BenchSubject, BenchSubject],
  options: TurnsOptions = {},
  ...extra: never[]
): Promise<Turns> {
  refuseExtra('measureByTurns', extra);
  requireOptions('measureByTurns', options, TURNS_OPTIONS);
  requireNumbers('measureByTurns', options);
  if (!Array.isArray(subjects) || subjects.length !== 2) {
    throw new ConfigError(`measureByTurns: expects two subjects, got ${gotText(subjects)}`);
  }
  for (const subject of subjects) requireSubject(subject);
  const prepared: PreparedOperation[] = [];
  try {
    for (const subject of subjects) prepared.push(await prepareOperation(device, subject));
    const [first, second] = prepared as [PreparedOperation, PreparedOperation];
    const results = [
      await check(subjects[0], first, options),
      await check(subjects[1], second, options),
    ] as const;
    if (options.same) requireSame(subjects, results, options.tolerance);
    const { ours, theirs, ...ratios } = await alternate(first.replays, second.replays, options.samples);
    const records = [
      planRecord(device, nameOf(subjects[0], first), first.executable, ours, options.pace),
      planRecord(device, nameOf(subjects[1], second), second.executable, theirs, options.pace),
    ] as const;
    return {
      records: [{ ...records[0], peer: subjects[1].name, ...ratios }, records[1]],
      difference: largestDifference(results),
    };
  } finally {
    for (const each of prepared) each.destroy();
  }
}

function requireNumbers(where: string, { samples, expected, tolerance }: MeasureOptions): void {
  if (samples !== undefined) requireCount(where, 'samples', samples, 1);
  if (tolerance !== undefined) requirePositive(where, 'tolerance', tolerance);
  if (expected !== undefined) requireFunction(where, 'expected', expected);
}

const nameOf = ({ name }: BenchSubject, { shape }: PreparedOperation) => ({ suite: 'op', name, shape });

/** Its results, once they are what they should be. */
async function check(
  { name }: BenchSubject,
  prepared: PreparedOperation,
  { expected, tolerance }: MeasureOptions,
): Promise<BenchResult[]> {
  const results = await prepared.results();
  if (!expected) return results;
  const given = expected(...prepared.inputs);
  const wanted = isList(given) ? given : [given];
  if (wanted.length !== results.length) {
    throw new ConfigError(`${name}: has ${results.length} results, its reference gives ${wanted.length}`);
  }
  for (const [i, result] of results.entries()) {
    requireEqual(titleOf(name, result), 'the reference', result, wanted[i]!, tolerance);
  }
  return results;
}

type Both<T> = readonly [T, T];

/** @throws WrongResultError where the first's results are not the second's. */
function requireSame(
  [first, second]: Both<BenchSubject>,
  [got, want]: Both<readonly BenchResult[]>,
  tolerance: number | undefined,
): void {
  if (got.length !== want.length) {
    throw new WrongResultError(`${first.name} has ${got.length} results, ${second.name} has ${want.length}`, {
      fix: 'compare what computes the same',
    });
  }
  for (const [i, result] of got.entries()) {
    requireEqual(titleOf(first.name, result), second.name, result, want[i]!.data, tolerance);
  }
}

function largestDifference([got, want]: Both<readonly BenchResult[]>): number | undefined {
  const alike = got.length === want.length && got.every(({ shape }, i) => shapesEqual(shape, want[i]!.shape));
  if (!alike) return undefined;
  return Math.max(...got.map(({ data }, i) => differenceOf(data, want[i]!.data).largest));
}

const isList = (
  given: ArrayLike<number> | readonly ArrayLike<number>[],
): given is readonly ArrayLike<number>[] => Array.isArray(given) && typeof given[0] === 'object';

const titleOf = (name: string, result: BenchResult): string =>
  result.name === '' ? name : `${name}: ${result.name}`;
