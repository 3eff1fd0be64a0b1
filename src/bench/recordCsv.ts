import { csvLine } from '../formats/csvLine.ts';
import { refuseExtra } from '../options.ts';
import type { BenchRecord } from './record.ts';

/** Records as CSV (RFC 4180), a column an entry; parts of an entry have columns of their own, as `memory.arenas`. */
export function recordsCsv(records: readonly BenchRecord[], ...extra: never[]): string {
  refuseExtra('recordsCsv', extra);
  const rows = records.map((record) => new Map(cellsOf(record)));
  const heads = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const lines = rows.map((row) => csvLine(heads.map((head) => row.get(head) ?? null)));
  return [csvLine(heads), ...lines].join('').replace(/\n$/, '');
}

type Cell = string | number | null;

function cellsOf(part: object, path = ''): [string, Cell][] {
  return Object.entries(part).flatMap(([key, value]): [string, Cell][] => {
    const name = path + key;
    if (value === undefined) return [];
    return typeof value === 'object' && value !== null
      ? cellsOf(value as object, `${name}.`)
      : [[name, typeof value === 'boolean' ? String(value) : (value as Cell)]];
  });
}
