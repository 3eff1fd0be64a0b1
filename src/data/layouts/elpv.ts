import { dirname, join, posix } from 'node:path';
import { readText } from '../../formats/regularFile.ts';
import type { DatasetProblem } from '../findings.ts';
import { headOf, leadsOut, wrongLine } from './csvTable.ts';
import type { DataLayout, DataPlace, Sample, Scan } from './layout.ts';
import { filesAmong, missingFile, scanOf, withoutMask } from './listed.ts';

/** In the repository, beside and in the Python package, in the first releases or the folder of data itself. */
const TABLES = [
  'src/elpv_dataset/data/labels.csv',
  'elpv_dataset/data/labels.csv',
  'data/labels.csv',
  'labels.csv',
];
/** `images/cell0001.png  1.0                 mono`: no header, columns padded with spaces. */
const LINE = /^(\S+)\s+(\S+)\s+(mono|poly)$/;

/**
 * ELPV (Deitsch and others): photographs of solar cells by electroluminescence, each with a defect probability and the
 * type of its module. It has no masks, and no split for anomaly detection.
 */
export const elpv: DataLayout = {
  sign: { inSet: '`labels.csv` of ELPV' },
  addTest: 'give some cells a number that divides by 4',
  row: {
    sets: 'ELPV, its repository or Python package',
    train: 'probability 0 in `labels.csv`, number not divisible by 4; classes `solar_mono`, `solar_poly`',
    test: 'probability 0, number divisible by 4; probability 1',
    masks: 'none',
  },
  detect: async ({ root }) => (await tableOf(root)) !== undefined,
  scan: scanElpv,
};

/** The table's path below `root`; undefined if none begins with a line of ELPV's. */
async function tableOf(root: string): Promise<string | undefined> {
  for (const table of TABLES) {
    const [first = ''] = (await headOf(join(root, table))).split(/\r?\n/, 1);
    if (LINE.test(first.trim())) return table;
  }
  return undefined;
}

async function scanElpv({ root }: DataPlace): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const table = await tableOf(root);
  if (table === undefined) {
    const message = `ELPV needs labels.csv with lines such as "images/cell0001.png 1.0 mono"`;
    problems.push({ kind: 'layout', path: root, item: root, message });
    return scanOf({ root, table: 'labels.csv', classes: [], train: [], test: [], problems, oddities: [] });
  }
  const path = join(root, table);
  const cells: Cell[] = [];
  for (const [i, line] of (await readText(path)).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const cell = cellOf(line.trim());
    if (typeof cell === 'string') problems.push(wrongLine(path, table, i + 1, cell));
    else cells.push(cell);
  }
  const folder = posix.dirname(table);
  const present = await filesAmong(cells.map(({ image }) => join(dirname(path), image)));
  const train: Sample[] = [];
  const test: Sample[] = [];
  let unsure = 0;
  for (const { image, probability, type } of cells) {
    const sample: Sample = {
      path: join(dirname(path), image),
      id: posix.join(folder, image),
      className: `solar_${type}`,
      defect: probability === 0 ? 'good' : 'defective',
      anomalous: probability > 0,
      maskPath: null,
    };
    if (probability > 0 && probability < 1) unsure += 1;
    else if (!present.has(sample.path)) problems.push(missingFile(sample.path, sample.id, table));
    else (sample.anomalous || isTested(image) ? test : train).push(sample);
  }
  return scanOf({
    root,
    table,
    classes: cells.map(({ type }) => `solar_${type}`),
    train,
    test,
    problems,
    oddities: test.filter(({ anomalous }) => anomalous).map((sample) => withoutMask(sample, 'no mask')),
    notes: [
      'ELPV has no split for anomaly detection: normal cells whose number divides by 4 are tested, the others trained on; all defective ones are tested',
      ...(unsure > 0 ? [`${unsure} cells with a defect probability between 0 and 1 are left out`] : []),
    ],
  });
}

interface Cell {
  readonly image: string;
  readonly probability: number;
  readonly type: string;
}

/** A line's cell, or what is wrong with it. */
function cellOf(line: string): Cell | string {
  const [, image, number, type] = LINE.exec(line) ?? [];
  if (image === undefined) return `"${line}" is not an image, a probability and mono or poly`;
  const probability = Number(number);
  if (!(probability >= 0 && probability <= 1)) return `probability is "${number}", not from 0 to 1`;
  return leadsOut(image) ? `${image} leads out of the data set` : { image, probability, type: type! };
}

/** By the cell's own number: another cell that is missing moves no other to the other side. */
const isTested = (image: string): boolean => Number(/(\d+)\D*$/.exec(image)?.[1] ?? 1) % 4 === 0;
