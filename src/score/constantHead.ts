import type { Alignment } from '../methods/alignments/index.ts';
import type { TestRow } from './testRows.ts';

/**
 * Warns of a head that predicts the same for every image: all maps are then calibrated alike, no order changes, and every
 * metric is that of `none`. It happens where the learning rate is too large for maps in large units.
 * @param alignment whose statistics the rows hold; null: none has a head
 */
export function constantHead(rows: readonly TestRow[], alignment: Alignment | null): string[] {
  const predicted = rows.flatMap(({ statistics }) => (statistics === null ? [] : [statistics]));
  const [first] = predicted;
  if (alignment === null || predicted.length < 2 || first === undefined) return [];
  if (predicted.some(([mean, maximum]) => mean !== first[0] || maximum !== first[1])) return [];
  const [mean, maximum] = first.map((value) => Number(value.toPrecision(4)));
  return [
    `${alignment}: its head predicts the same for every image (mean ${mean}, maximum ${maximum}), so it changes no order; train again with a lower --align-lr`,
  ];
}
