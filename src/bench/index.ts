/**
 * Measuring ops and kernels of one's own, in Node and in browsers: the sampler, two by turns, the adapter's pace, its roofline,
 * and the records that `wgad bench` writes.
 */
// For the declarations: it says what values of each op know.
import '../graph/ops/index.ts';

export {
  alternate,
  type Contender,
  type Duel,
  type SingleRun,
  type Timed,
  type TimedCase,
} from './alternate.ts';
export type { DeviceClock, DeviceTiming } from './deviceClock.ts';
export { type Difference, differenceOf } from './difference.ts';
export {
  check,
  type Expected,
  type MeasureOptions,
  measure,
  measureByTurns,
  type Turns,
  type TurnsOptions,
} from './measure.ts';
export type { BenchDevice, BenchOperand, BenchResult, BenchSubject, Pass } from './operation.ts';
export { measurePace } from './pace.ts';
export type { Pace } from './planCase.ts';
export type { BenchMemory, BenchRecord, Bound } from './record.ts';
export { recordsCsv } from './recordCsv.ts';
export { formatRecords, type RecordColumn, type RecordTableOptions } from './recordTable.ts';
export { type BenchCase, sample, type Timing } from './sampler.ts';
