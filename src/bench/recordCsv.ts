import { refuseExtra } from '../options.ts';
import type { BenchRecord } from './record.ts';

/** Records as CSV (RFC 4180), a column an entry; parts of an entry have columns of their own, as `memory.arenas`. */
export function recordsCsv(records: readonly BenchRecord[], ...extra: never[]): string {
  refuseExtra('recordsCsv', extra);
  const rows = records.map((record) => new Map(cellsOf(record)));
  const heads = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const line = (cells: readonly string[]): string => cells.map(quoted).join(',');
  return [line(heads), ...rows.map((row) => line(heads.map((head) => row.get(head) ?? '')))].join('\n');
}

function cellsOf(part: object, path = ''): [string, string][] {
  return Object.entries(part).flatMap(([key, value]): [string, string][] => {
    const name = path + key;
    if (value === undefined) return [];
    return typeof value === 'object' && value !== null
      ? cellsOf(value as object, `${name}.`)
      : [[name, value === null ? '' : String(value)]];
  });
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
