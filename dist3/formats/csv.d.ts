/** One CSV line (RFC 4180). Text that a spreadsheet would run as a formula gets a quote in front. */
export declare const csvLine: (cells: readonly (string | number | null)[]) => string;
/** Rows of cells; quoted cells may hold commas, quotes and line ends. */
export declare function parseCsv(text: string): string[][];
