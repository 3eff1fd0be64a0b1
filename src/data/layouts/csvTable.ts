import { type CsvFault, type CsvRow, parseCsv } from '../../formats/csv.ts';
import { openRegular, readText } from '../../formats/regularFile.ts';
import { decodeText } from '../../formats/text.ts';
import type { DatasetProblem } from '../findings.ts';

/** A CSV table of a data set: a header of column names, in any case, and cells without the spaces around them. */
export interface CsvTable<Column extends string> {
  /** Columns that were asked for and are there. */
  readonly columns: ReadonlySet<Column>;
  /** Cells of missing columns are empty. */
  readonly rows: readonly { readonly line: number; readonly cells: Readonly<Record<Column, string>> }[];
  readonly faults: readonly CsvFault[];
}

/** @param columns the ones to read; others are ignored. @throws FileError where the file cannot be read. */
export async function readTable<Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<CsvTable<Column>> {
  const { rows, faults } = parseCsv(await readText(path));
  const [header, ...body] = rows;
  const names = namesOf(header?.cells);
  const isLong = ({ cells }: CsvRow): boolean => cells.slice(names.length).some((cell) => cell.trim() !== '');
  return {
    columns: new Set(columns.filter((name) => names.includes(name))),
    rows: body
      .filter((row) => !isLong(row))
      .map(({ line, cells }) => ({
        line,
        cells: Object.fromEntries(
          columns.map((name) => [name, cells[names.indexOf(name)]?.trim() ?? '']),
        ) as Record<Column, string>,
      })),
    faults: [
      ...faults,
      ...body.filter(isLong).map(({ line, cells }) => ({
        line,
        message: `it has ${cells.length} cells, the header ${names.length}; a cell that holds a separator stands in quotes`,
      })),
    ],
  };
}

const namesOf = (header: readonly string[] = []): string[] => header.map((name) => name.trim().toLowerCase());

/** Enough of a file for its first line. */
const HEAD_BYTES = 4096;

/** The text that a file begins with; empty where it cannot be read. */
export async function headOf(path: string): Promise<string> {
  const file = await openRegular(path).catch(() => null);
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return decodeText(buffer.subarray(0, bytesRead));
  } catch {
    return '';
  } finally {
    await file.close().catch(() => {});
  }
}

/** Column names of a CSV file, in lower case; empty where it cannot be read. */
export async function headerOf(path: string): Promise<string[]> {
  const [first = ''] = (await headOf(path)).split(/[\r\n]/, 1);
  return namesOf(parseCsv(first).rows[0]?.cells);
}

/** A line of a set's table that says nothing usable. @param table its name, for the message. */
export const wrongLine = (path: string, table: string, line: number, fault: string): DatasetProblem => ({
  kind: 'row',
  path,
  item: `${table}, line ${line}`,
  message: `${table}, line ${line}: ${fault}`,
});

/** Whether a path in a table is no relative one that stays in the data set: a table from elsewhere may hold any. */
export const leadsOut = (path: string): boolean => /^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(path);
