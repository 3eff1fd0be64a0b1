/** Records in a file, as `--out` writes them and `--compare` reads them. */
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { readJson } from '../formats/readJson.ts';
import type { BenchRecord } from './record.ts';
import { recordsIn, recordsText } from './recordList.ts';

/** @throws FileError where the file is not what `writeRecords` writes. */
export const readRecords = async (path: string): Promise<BenchRecord[]> =>
  recordsIn(path, await readJson<unknown>(path));

export const writeRecords = (path: string, records: readonly BenchRecord[]): Promise<void> =>
  writeFileAtomic(path, recordsText(records));
