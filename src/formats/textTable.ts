/** Tables of text for a terminal or a document, no wider than asked. */

/** A column of a table of `R`s; it is left out where all its cells are empty. */
export interface TextColumn<R> {
  readonly title: string;
  /** @param at the row's place. */
  cell(row: R, at: number): string;
  /** Words stand on the left and may go on in the line below; numbers stand on the right. Default numbers. */
  readonly words?: boolean;
  /** Above 0. Where the table is too wide, columns with a rank are left out, the highest first; default it stays. */
  readonly rank?: number;
}

export interface TextTable {
  readonly lines: readonly string[];
  /** Titles of the columns that did not fit. */
  readonly leftOut: readonly string[];
}

type FilledColumn = Omit<TextColumn<unknown>, 'cell'> & { readonly cells: readonly string[] };

const GAP = '  ';
/** Columns are left out before words become narrower than this; where none can be, words go down to the second. */
const LEAST_WORDS = 20;
const NARROWEST = 8;

/** @param width most characters of a line; a single word that is longer, or numbers alone that are wider, go beyond it. */
export function textTable<R>(
  rows: readonly R[],
  columns: readonly TextColumn<R>[],
  width: number,
): TextTable {
  const filled = columns
    .map((column) => ({ ...column, cells: rows.map((row, at) => column.cell(row, at)) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  let shown = filled;
  while (leastWidth(shown) > width) {
    const last = Math.max(0, ...shown.map(({ rank = 0 }) => rank));
    if (last === 0) break;
    shown = shown.filter(({ rank }) => rank !== last);
  }
  const widths = widthsOf(shown, width);
  const row = (cellOf: (column: FilledColumn) => string): string[] => {
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
    lines: [...row(({ title }) => title), ...rows.flatMap((_, i) => row(({ cells }) => cells[i]!))],
    leftOut: filled.filter((column) => !shown.includes(column)).map(({ title }) => title),
  };
}

/** Width of what describes an adapter or a profile. */
export const NARROW = 80;

/** A text with its lines broken at spaces; what goes on is indented by two more. */
export const narrow = (text: string, width = NARROW): string =>
  text
    .split('\n')
    .flatMap((line) => {
      const [indent] = /^ */.exec(line)!;
      return broken(line.slice(indent.length), width - indent.length).map((part) => indent + part);
    })
    .join('\n');

const textWidth = ({ title, cells }: FilledColumn): number =>
  Math.max(...[title, ...cells].map(({ length }) => length));

const gaps = (columns: readonly FilledColumn[]): number => GAP.length * Math.max(0, columns.length - 1);

/** With the words as narrow as they may become. */
const leastWidth = (columns: readonly FilledColumn[]): number =>
  columns.reduce(
    (sum, column) => sum + (column.words ? Math.min(LEAST_WORDS, textWidth(column)) : textWidth(column)),
    gaps(columns),
  );

/** What numbers leave is shared by the columns of words: the widest gives way first. */
function widthsOf(columns: readonly FilledColumn[], width: number): number[] {
  const widths = columns.map(textWidth);
  for (;;) {
    const excess = widths.reduce((sum, each) => sum + each, gaps(columns)) - width;
    const widest = Math.max(...columns.map(({ words }, i) => (words ? widths[i]! : 0)));
    if (excess <= 0 || widest <= NARROWEST) return widths;
    const at = columns.findIndex(({ words }, i) => words && widths[i] === widest);
    widths[at] = widest - 1;
  }
}

const wrapped = (text: string, width: number, { words }: FilledColumn): string[] =>
  words ? broken(text, width) : [text];

/** Lines of at most `width` characters, broken at spaces, and within a word that is longer; what goes on is indented. */
function broken(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (line.trim() !== '' && (line + word).trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = GAP;
    }
    line += word;
    while (line.trimEnd().length > width) {
      lines.push(line.slice(0, width));
      line = GAP + line.slice(width);
    }
  }
  return line.trim() === '' ? lines : [...lines, line.trimEnd()];
}
