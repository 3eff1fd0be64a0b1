/** Tables of text for a terminal or a document, no wider than asked. */

/** A column; it is left out where all its cells are empty. */
export interface TextColumn {
  readonly title: string;
  readonly cells: readonly string[];
  /** Words stand on the left and may go on in the line below; numbers stand on the right. Default numbers. */
  readonly words?: boolean;
  /** Where the table is too wide, columns with a rank are left out, the highest first; default it stays. */
  readonly rank?: number;
}

export interface TextTable {
  readonly lines: readonly string[];
  /** Titles of the columns that did not fit. */
  readonly leftOut: readonly string[];
}

const GAP = '  ';
/** Columns of words never become narrower by wrapping. */
const LEAST_WORDS = 16;

/** @param width most characters of a line; a single word that is longer, or numbers alone that are wider, go beyond it. */
export function textTable(columns: readonly TextColumn[], width: number): TextTable {
  const shown = columns.filter(({ cells }) => cells.some((cell) => cell !== ''));
  const leftOut: string[] = [];
  while (leastWidth(shown) > width) {
    const last = shown.toSorted((a, b) => (b.rank ?? 0) - (a.rank ?? 0))[0];
    if (last?.rank === undefined) break;
    shown.splice(shown.indexOf(last), 1);
    leftOut.push(last.title);
  }
  const widths = widthsOf(shown, width);
  const rows = Math.max(0, ...shown.map(({ cells }) => cells.length));
  const row = (cellOf: (column: TextColumn) => string): string[] => {
    const cells = shown.map((column, i) => wrapped(cellOf(column), widths[i]!, column));
    const height = Math.max(1, ...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      shown
        .map(({ words }, i) =>
          words ? (cells[i]![line] ?? '').padEnd(widths[i]!) : (cells[i]![line] ?? '').padStart(widths[i]!),
        )
        .join(GAP)
        .trimEnd(),
    );
  };
  return {
    lines: [
      ...row(({ title }) => title),
      ...Array.from({ length: rows }, (_, i) => row(({ cells }) => cells[i] ?? '')).flat(),
    ],
    leftOut: columns.filter(({ title }) => leftOut.includes(title)).map(({ title }) => title),
  };
}

const textWidth = ({ title, cells }: TextColumn): number =>
  Math.max(...[title, ...cells].map(({ length }) => length));

const gaps = (columns: readonly TextColumn[]): number => GAP.length * Math.max(0, columns.length - 1);

/** With the words as narrow as they may become. */
const leastWidth = (columns: readonly TextColumn[]): number =>
  columns.reduce(
    (sum, column) => sum + (column.words ? Math.min(LEAST_WORDS, textWidth(column)) : textWidth(column)),
    gaps(columns),
  );

/** What numbers leave is shared by the columns of words: the widest gives way first. */
function widthsOf(columns: readonly TextColumn[], width: number): number[] {
  const widths = columns.map(textWidth);
  for (;;) {
    const excess = widths.reduce((sum, each) => sum + each, gaps(columns)) - width;
    const widest = Math.max(...columns.map(({ words }, i) => (words ? widths[i]! : 0)));
    if (excess <= 0 || widest <= LEAST_WORDS) return widths;
    const at = columns.findIndex(({ words }, i) => words && widths[i] === widest);
    widths[at] = widest - 1;
  }
}

/** Lines of at most `width` characters, broken at spaces, behind commas and slashes; what goes on is indented. */
function wrapped(text: string, width: number, { words }: TextColumn): string[] {
  if (!words || text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const part of text.match(/[^ ,/]*[ ,/]?/g)!) {
    if (line.trim() !== '' && (line + part).trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = GAP;
    }
    line += part;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = GAP + line.slice(width);
      if (line.trim() === '') break;
    }
  }
  return line.trim() === '' ? lines : [...lines, line.trimEnd()];
}
