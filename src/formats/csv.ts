import { type Info, parse } from 'csv-parse/sync';

export interface CsvRow {
  /** Where it begins; the first line is 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A row that cannot be parsed. */
export interface CsvFault {
  readonly line: number;
  readonly message: string;
}

/**
 * Rows of cells, without empty lines; quoted cells may hold separators, quotes and line ends, of any system. What
 * separates cells is what the first line has of comma, semicolon (spreadsheets in half of Europe) and tab.
 */
export function parseCsv(text: string): { rows: CsvRow[]; faults: CsvFault[] } {
  const faults = new Map<number, string>();
  const [first] = text.split(/[\r\n]/, 1);
  const records = parse(text, {
    delimiter: [',', ';', '\t'].find((each) => first!.includes(each)) ?? ',',
    record_delimiter: ['\r\n', '\n', '\r'],
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip(error) {
      // A quote that is out of place is found twice where it also swallows the end of the file.
      const line = Number(error?.lines);
      if (!faults.has(line)) faults.set(line, error!.message);
      return undefined;
    },
  }) as unknown as { record: string[]; info: Info }[];
  const rows = records.map(({ record, info }) => {
    const below = record.reduce((sum, each) => sum + (each.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
    return { line: info.lines - below, cells: record };
  });
  return { rows, faults: [...faults].map(([line, message]) => ({ line, message })) };
}
