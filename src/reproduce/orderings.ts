import type { OutcomeRow } from './outcome.ts';

/** A claim of the paper about two rows' I-AUROC, which should hold on other data too. */
export interface Ordering {
  readonly claim: string;
  /** First row less second, in points; null where one was not measured. */
  readonly difference: number | null;
  readonly holds: boolean | null;
}

/** So many points below still count as close: ten times the largest gap that the paper calls comparable. */
const CLOSE = 2;

/**
 * The paper's orderings among the rows of one table: every alignment above none in the absolute-unified protocol, none
 * lower there than in the model-unified one, CADA close to or above CaDA-A.
 */
export function orderings(rows: readonly OutcomeRow[]): Ordering[] {
  const same = (a: OutcomeRow, b: OutcomeRow): boolean => a.set === b.set && a.method === b.method;
  const found = rows.flatMap((row): Ordering[] => {
    const others = rows.filter((other) => same(row, other) && other.protocol === 'absolute-unified');
    const name = [row.set, ...row.labels.filter((label) => label !== '' && label !== row.set)].join(', ');
    if (row.protocol === 'model-unified') {
      if (row.alignment !== 'none') return [];
      const absolute = others.find(({ alignment }) => alignment === 'none');
      return absolute ? [ordering(`${name}: above absolute-unified`, row, absolute, 0)] : [];
    }
    const plain = others.find(({ alignment }) => alignment === 'none');
    const told = others.find(({ alignment }) => alignment === 'class');
    return [
      ...(plain && row.alignment !== 'none' ? [ordering(`${name}: above none`, row, plain, 0)] : []),
      ...(told && row.alignment === 'cada'
        ? [ordering(`${name}: above CaDA-A, or at most ${CLOSE} points below`, row, told, CLOSE)]
        : []),
    ];
  });
  // A table that repeats a row does not claim it twice.
  return [...new Map(found.map((each) => [each.claim, each])).values()];
}

function ordering(claim: string, a: OutcomeRow, b: OutcomeRow, slack: number): Ordering {
  const [first, second] = [a.numbers.iAuroc?.mean ?? null, b.numbers.iAuroc?.mean ?? null];
  if (first === null || second === null) return { claim, difference: null, holds: null };
  const difference = first - second;
  return { claim, difference, holds: slack === 0 ? difference > 0 : difference >= -slack };
}

/** How many hold, and which do not. */
export function orderingLines(found: readonly Ordering[]): string[] {
  const measured = found.filter(({ holds }) => holds !== null);
  if (measured.length === 0) return [];
  const broken = measured.filter(({ holds }) => !holds);
  return [
    `Of the paper's orderings of I-AUROC ${measured.length - broken.length} of ${measured.length} hold`,
    ...broken.map(({ claim, difference }) => `Does not hold (${difference!.toFixed(1)} points): ${claim}`),
  ];
}
