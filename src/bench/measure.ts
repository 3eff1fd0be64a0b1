/** Subjects measured alone and by turns, checked first. */
import { requireCount, requireFlag, requireFunction, requireList, requirePositive } from '../arguments.ts';
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
import { type CaseName, type Pace, planRecord } from './planCase.ts';
import type { BenchRecord } from './record.ts';
import { sample, type Timing } from './sampler.ts';

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
 * What subjects compute, each of their results once it is what `expected` and `same` (of two subjects) say. Nothing is timed.
 * @throws WrongResultError naming the first element that differs, with both numbers.
 */
export async function check(
  device: BenchDevice,
  subjects: readonly BenchSubject[],
  options: TurnsOptions = {},
  ...extra: never[]
): Promise<readonly (readonly BenchResult[])[]> {
  refuseExtra('check', extra);
  requireTurns('check', subjects, options);
  return checkedOn(device, subjects, options, async (_, results) => results);
}

/**
 * Time, rates and shares of one subject on a device (`{ gpu }`: an engine), replayed with its operands there and nothing
 * read back. Its results are checked first.
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
  requireTurns('measure', [subject], options);
  return checkedOn(device, [subject], options, async ([{ name, executable, replays }]) => {
    const timing = await sample(replays, options.samples);
    const record = planRecord(device, name, executable, timing, options.pace);
    return { ...record, ...(await device.clock?.time(device.gpu, executable)) };
  });
}

/** Two subjects that were measured by turns. */
export interface Turns {
  /** The first's, with the second's time over its own as `ratio`; then the second's. */
  readonly records: Both<BenchRecord>;
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
  subjects: Both<BenchSubject>,
  options: TurnsOptions = {},
  ...extra: never[]
): Promise<Turns> {
  refuseExtra('measureByTurns', extra);
  if (!Array.isArray(subjects) || subjects.length !== 2) {
    throw new ConfigError(`measureByTurns: expects two subjects, got ${gotText(subjects)}`);
  }
  requireTurns('measureByTurns', subjects, options);
  return checkedOn(device, subjects, options, async ([first, second], results) => {
    const { ours, theirs, ...ratios } = await alternate(first.replays, second!.replays, options.samples);
    const record = ({ name, executable }: Prepared, timing: Timing): BenchRecord =>
      planRecord(device, name, executable, timing, options.pace);
    return {
      records: [{ ...record(first, ours), peer: subjects[1].name, ...ratios }, record(second!, theirs)],
      difference: largestDifference(results[0]!, results[1]!),
    };
  });
}

type Both<T> = readonly [T, T];

function requireTurns(where: string, subjects: readonly BenchSubject[], options: TurnsOptions): void {
  requireOptions(where, options, TURNS_OPTIONS);
  requireList(where, 'subjects', subjects);
  for (const subject of subjects) requireSubject(subject);
  const { samples, expected, tolerance, same } = options;
  if (samples !== undefined) requireCount(where, 'samples', samples, 1);
  if (tolerance !== undefined) requirePositive(where, 'tolerance', tolerance);
  if (expected !== undefined) requireFunction(where, 'expected', expected);
  if (same !== undefined) requireFlag(where, 'same', same);
}

interface Prepared extends PreparedOperation {
  readonly name: CaseName;
}

/** Runs `body` with all subjects on the device and their results, once these are what they should be. */
async function checkedOn<T>(
  device: BenchDevice,
  subjects: readonly BenchSubject[],
  options: TurnsOptions,
  body: (prepared: readonly [Prepared, ...Prepared[]], results: readonly BenchResult[][]) => Promise<T>,
): Promise<T> {
  const prepared: Prepared[] = [];
  try {
    const results: BenchResult[][] = [];
    for (const subject of subjects) {
      const each = await prepareOperation(device, subject);
      prepared.push({ ...each, name: { suite: 'op', name: subject.name, shape: each.shape } });
      results.push(await checkedResults(subject.name, each, options));
    }
    if (options.same) {
      for (const [i, other] of subjects.entries()) {
        if (i > 0) requireSame(subjects[0]!.name, results[0]!, other.name, results[i]!, options.tolerance);
      }
    }
    return await body(prepared as [Prepared, ...Prepared[]], results);
  } finally {
    for (const each of prepared) each.destroy();
  }
}

/** @throws WrongResultError where they are not what the reference gives. */
async function checkedResults(
  name: string,
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

/** @throws WrongResultError where results are not the other's. */
function requireSame(
  name: string,
  got: readonly BenchResult[],
  other: string,
  want: readonly BenchResult[],
  tolerance: number | undefined,
): void {
  if (got.length !== want.length) {
    throw new WrongResultError(`${name} has ${got.length} results, ${other} has ${want.length}`, {
      fix: 'compare what computes the same',
    });
  }
  for (const [i, result] of got.entries()) {
    requireEqual(titleOf(name, result), other, result, want[i]!.data, tolerance);
  }
}

function largestDifference(got: readonly BenchResult[], want: readonly BenchResult[]): number | undefined {
  const alike = got.length === want.length && got.every(({ shape }, i) => shapesEqual(shape, want[i]!.shape));
  if (!alike) return undefined;
  return Math.max(...got.map(({ data }, i) => differenceOf(data, want[i]!.data).largest));
}

const isList = (
  given: ArrayLike<number> | readonly ArrayLike<number>[],
): given is readonly ArrayLike<number>[] => Array.isArray(given) && typeof given[0] === 'object';

const titleOf = (name: string, result: BenchResult): string =>
  result.name === '' ? name : `${name}: ${result.name}`;
