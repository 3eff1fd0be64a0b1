/** Records as a file holds them. It may have been edited, or come from a stranger's link. */
import { FileError } from '../errors.ts';
import {
  type Expectation,
  fields,
  number,
  numberOrNull,
  oneOf,
  optional,
  tableOf,
  text,
  textOrNull,
} from '../formats/expectation.ts';
import { type BenchRecord, BOUNDS } from './record.ts';

const TEXTS = ['suite', 'name', 'shape', 'adapter'] as const;
const TIMES = ['p10Ms', 'medianMs', 'p90Ms'] as const;

/**
 * @param path the file, for errors @param read what its JSON says
 * @throws FileError where it is not what `recordsText` makes: a comparison with it would pass whatever is measured.
 */
export function recordsIn(path: string, read: unknown): BenchRecord[] {
  const refuse = (what: string): never => {
    throw new FileError(`${path}: ${what}`, { fix: 'give a file that `wgad bench ... --out FILE` wrote' });
  };
  if (!Array.isArray(read) || read.length === 0) return refuse('expects a list of benchmark records');
  const cases = new Set<string>();
  for (const [i, each] of (read as (Partial<BenchRecord> | null)[]).entries()) {
    const wrong = wrongOf(each);
    if (wrong) return refuse(`expects a list of benchmark records, but number ${i + 1} has ${wrong}`);
    const { suite, name, shape, peer, ratio } = each as BenchRecord;
    const key = `${suite} ${name} ${shape} ${peer} ${ratio === null}`;
    if (cases.has(key)) return refuse(`has ${name} ${shape} twice: which of them counts?`);
    cases.add(key);
  }
  return read as BenchRecord[];
}

export const recordsText = (records: readonly BenchRecord[]): string =>
  `${JSON.stringify(records, null, 2)}\n`;

/** The first missing or invalid entry of a record; undefined if it is valid. */
function wrongOf(record: Partial<BenchRecord> | null): string | undefined {
  if (typeof record !== 'object' || record === null) return 'nothing of one';
  const missing = TEXTS.find((key) => typeof record[key] !== 'string');
  if (missing) return `no ${missing}`;
  const time = TIMES.find((key) => !(Number.isFinite(record[key]) && record[key]! > 0));
  if (time) return `no ${time} above 0`;
  if (!(record.p10Ms! <= record.medianMs! && record.medianMs! <= record.p90Ms!)) {
    return 'a median outside of its 10th to 90th percentile';
  }
  const { ratio } = record;
  if (ratio !== null && !(Number.isFinite(ratio) && ratio! > 0)) return 'an invalid ratio';
  const other = OTHERS(record, '');
  return other === null ? undefined : `an invalid entry: ${other}`;
}

/** Those that older versions did not write are left out there. */
const OTHERS: Expectation = fields({
  dtype: optional(text),
  variant: optional(text),
  runs: optional(number),
  gpuMs: optional(numberOrNull),
  granularityNs: optional(number),
  gflops: optional(numberOrNull),
  gbs: optional(numberOrNull),
  rooflineShare: optional(numberOrNull),
  gemmShare: optional(number),
  floorMs: optional(tableOf(number)),
  bound: optional(oneOf(BOUNDS)),
  peakGflops: optional(number),
  copyGbs: optional(number),
  memory: optional(tableOf(number)),
  error: optional(number),
  date: optional(text),
  version: optional(text),
  commit: optional(text),
  peer: optional(textOrNull),
  ratioP10: optional(number),
  ratioP90: optional(number),
});
