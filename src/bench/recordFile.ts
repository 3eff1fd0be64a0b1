/** Records in a file, as `--out` writes them and `--compare` reads them. */
import { FileError } from '../errors.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { readJson } from '../formats/readJson.ts';
import type { BenchRecord } from './record.ts';

const TEXTS = ['suite', 'name', 'shape', 'adapter'] as const;
const TIMES = ['p10Ms', 'medianMs', 'p90Ms'] as const;

/** @throws FileError where the file is not what `writeRecords` writes: a comparison with it would pass whatever is measured. */
export async function readRecords(path: string): Promise<BenchRecord[]> {
  const refuse = (what: string): never => {
    throw new FileError(`${path}: ${what}`, { fix: 'give a file that `wgad bench ... --out FILE` wrote' });
  };
  const read: unknown = await readJson(path);
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

/** The first missing or invalid entry of a record; undefined if it is valid. */
function wrongOf(record: Partial<BenchRecord> | null): string | undefined {
  if (typeof record !== 'object' || record === null) return 'nothing of one';
  const text = TEXTS.find((key) => typeof record[key] !== 'string');
  if (text) return `no ${text}`;
  const time = TIMES.find((key) => !(Number.isFinite(record[key]) && record[key]! > 0));
  if (time) return `no ${time} above 0`;
  if (!(record.p10Ms! <= record.medianMs! && record.medianMs! <= record.p90Ms!)) {
    return 'a median outside of its 10th to 90th percentile';
  }
  const { ratio } = record;
  return ratio === null || (Number.isFinite(ratio) && ratio! > 0) ? undefined : 'an invalid ratio';
}

export async function writeRecords(path: string, records: readonly BenchRecord[]): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(records, null, 2)}\n`);
}
