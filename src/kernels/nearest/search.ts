import { range } from '../../shape.ts';
import type { Element } from '../kernel.ts';
import { code, type Wgsl, wgsl } from '../wgsl.ts';

/**
 * What a search orders rows by. `products`, |b|^2/2 - x.b, takes half the arithmetic and rounds by the rows' lengths;
 * `differences`, |x - b|^2 summed in the order of the columns, has the bits of the distance that comes out.
 */
export type Measure = 'products' | 'differences';

/** Rows of one bank searched for each query, in parts that workgroups take side by side. */
export interface Search {
  readonly label: string;
  /** Queries, rows of this bank, columns. */
  readonly m: number;
  readonly rows: number;
  readonly columns: number;
  readonly by: Measure;
  /** How the queries and the bank are stored. */
  readonly query: Element;
  readonly bank: Element;
  /** Candidates kept of each part; no part has fewer rows. */
  readonly kept: number;
  readonly parts: number;
  /** Index of this bank's first candidate among all, and of its first row. */
  readonly firstCandidate: number;
  readonly firstRow: number;
  /** Candidates of all banks. */
  readonly candidates: number;
}

/** WGSL: the first row of `part`, an expression; part + 1 gives its end. Parts differ by one row at most. */
export const partStart = ({ rows, parts }: Search, part: string): string =>
  parts === 1
    ? `(${part}) * ${rows}u`
    : `(${part}) * ${Math.floor(rows / parts)}u + min(${part}, ${rows % parts}u)`;

/** Value of an empty place in a list: above that of any row. */
const EMPTY = '3.4e38';
/**
 * Value of a row whose own is infinite or NaN: after all others, but before an empty place, so that a list longer than
 * the number of finite rows still names each row once.
 */
const FARTHEST = '3.3e38';

/** WGSL: `value` with FARTHEST for what is beyond it; min takes the number where the other is NaN. */
export const orFarthest = (value: string): string => `min(${value}, ${FARTHEST})`;

/** Sorted lists of `kept` values and row numbers in registers, one per `tag`. */
export const emptyList = ({ kept, firstRow }: Search, tag: string): Wgsl =>
  wgsl`${range(kept).map((j) => code(`var best${j}_${tag} = ${EMPTY};  var row${j}_${tag} = ${firstRow}u;`))}`;

/**
 * Puts (`value`, `row`) into the list where it belongs. A value equal to one in the list goes behind it, so rows that
 * come in ascending order stay so. The comparison with the last is nearly always the only one.
 */
export function insertion(kept: number, tag: string, value: string, row: string): Wgsl {
  const bests = range(kept).map((j) => code(`best${j}_${tag}`));
  const rows = range(kept).map((j) => code(`row${j}_${tag}`));
  const [lastBest, lastRow] = [bests.at(-1)!, rows.at(-1)!];
  const steps = range(kept - 1)
    .reverse()
    .map((j) => {
      const [best, next, own, other] = [bests[j]!, bests[j + 1]!, rows[j]!, rows[j + 1]!];
      return wgsl`
        if (${next} < ${best}) {
          let b = ${best};  ${best} = ${next};  ${next} = b;
          let r = ${own};  ${own} = ${other};  ${other} = r;
        }`;
    });
  return wgsl`
    if (${code(value)} < ${lastBest}) {
    ${lastBest} = ${code(value)};
    ${lastRow} = ${code(row)};
    ${steps}
    }`;
}

/** Writes the list of `query`, if there is such a query, as candidates of `part`: out [candidate][M]. */
export const storeList = (s: Search, tag: string, query: string, part: string): Wgsl =>
  wgsl`
    if (${code(query)} < ${s.m}u) {
    let to = (${s.firstCandidate}u + ${code(part)} * ${s.kept}u) * ${s.m}u + ${code(query)};
    // One store's text in a loop: each costs a CPU adapter's compiler some 20 ms.
    var list = array(${code(
      range(s.kept)
        .map((j) => `row${j}_${tag}`)
        .join(', '),
    )});
    for (var j = 0u; j < ${s.kept}u; j++) { out[to + j * ${s.m}u] = list[j]; }
    }`;

export const searchFlops = ({ m, rows, columns, by }: Search): number =>
  (by === 'products' ? 2 : 3) * m * rows * columns;
