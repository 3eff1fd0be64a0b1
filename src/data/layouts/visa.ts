import { dirname, join } from 'node:path';
import { isThere } from '../../formats/regularFile.ts';
import { compareCodePoints } from '../fileNames.ts';
import type { DatasetProblem } from '../findings.ts';
import { foldersIn, imagesIn } from '../listImages.ts';
import { leadsOut, readTable, wrongLine } from './csvTable.ts';
import type { DataLayout, Sample, Scan } from './layout.ts';
import { missingFile, scanOf, withoutMask } from './listed.ts';
import { signOf } from './sign.ts';
import { skippedFolder, skippedTo } from './skipped.ts';

const TABLES = ['split_csv/1cls.csv', '1cls.csv'];
const COLUMNS = ['object', 'split', 'label', 'image', 'mask'] as const;

/** VisA as released (evaluation.md 1.2): the split, labels and masks stand in `split_csv/1cls.csv`. */
export const visa: DataLayout = {
  sign: { inClass: 'Data/Images (VisA)' },
  addTest: 'put normal images into test/good and others into test/<defect>',
  masks: { at: /^(.*\/Data)\/Masks\//, beside: /^Images$/ },
  row: { train: 'as `split_csv/1cls.csv` says', test: 'the same', masks: 'the same' },
  detect: async ({ base }) => (await signOf(base)) === 'Data/Images',
  scan: ({ root }) => scanVisa(root),
};

async function scanVisa(root: string): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const rows = await readRows(root, problems);
  const present = await existing(root, rows);
  const train: Sample[] = [];
  const test: Sample[] = [];
  for (const { object, split, label, image, mask } of rows) {
    const path = join(root, image);
    if (!present.has(image)) {
      problems.push(missingFile(path, image, '1cls.csv'));
      continue;
    }
    const anomalous = label === 'anomaly';
    const sample: Sample = {
      path,
      id: image,
      className: object,
      defect: anomalous ? 'bad' : 'good',
      anomalous,
      maskPath: anomalous && present.has(mask) ? join(root, mask) : null,
    };
    if (anomalous && sample.maskPath === null) {
      const why = mask === '' ? 'no mask in 1cls.csv' : `no mask: ${mask} does not exist`;
      oddities.push(withoutMask(sample, why));
    }
    (split === 'train' ? train : test).push(sample);
  }
  const classes = new Set(rows.map((row) => row.object));
  for (const oddity of unlisted(root, rows, present)) oddities.push(oddity);
  for (const oddity of await skipped(root, classes)) oddities.push(oddity);
  return scanOf({ root, classes, train, test, table: '1cls.csv', problems, oddities });
}

/** Folders beside those of the table. */
async function skipped(root: string, classes: ReadonlySet<string>): Promise<DatasetProblem[]> {
  const found: DatasetProblem[] = [];
  const folders = await foldersIn(root, skippedTo(root, found));
  for (const name of folders) {
    if (classes.has(name) || TABLES[0]!.startsWith(`${name}/`)) continue;
    found.push(skippedFolder(root, join(root, name), '1cls.csv does not list it'));
  }
  return found;
}

/** Files in the folders of the table that it does not mention. */
function unlisted(root: string, rows: readonly Row[], present: ReadonlySet<string>): DatasetProblem[] {
  const listed = new Set(rows.flatMap((row) => [row.image, row.mask]));
  return [...present]
    .filter((path) => !listed.has(path))
    .sort(compareCodePoints)
    .map((id) => ({
      kind: 'extra-file',
      path: join(root, id),
      item: id,
      message: `${id} is not listed in 1cls.csv`,
    }));
}

type Row = Record<(typeof COLUMNS)[number], string>;

async function readRows(root: string, problems: DatasetProblem[]): Promise<Row[]> {
  const wrong = (path: string, message: string): void => {
    problems.push({ kind: 'layout', path, item: path, message });
  };
  for (const name of TABLES) {
    const path = join(root, name);
    if (!(await isThere(path))) continue;
    const { columns, rows, faults } = await readTable(path, COLUMNS);
    const absent = COLUMNS.filter((column) => !columns.has(column));
    if (absent.length > 0) {
      wrong(path, `${name} lacks the columns ${absent.join(', ')}`);
      return [];
    }
    for (const { line, message } of faults) problems.push(wrongLine(path, name, line, message));
    return rows.flatMap(({ line, cells }) => {
      const fault = faultOf(cells);
      if (fault) problems.push(wrongLine(path, name, line, fault));
      return fault ? [] : [cells];
    });
  }
  wrong(root, `VisA needs ${TABLES[0]} (in its archive, or from its repository)`);
  return [];
}

function faultOf({ object, split, label, image, mask }: Row): string | undefined {
  if (object === '' || image === '') return 'object or image is empty';
  if (split !== 'train' && split !== 'test') return `split is "${split}", not train or test`;
  if (label !== 'normal' && label !== 'anomaly') return `label is "${label}", not normal or anomaly`;
  if (split === 'train' && label === 'anomaly') return `${image} is an anomaly in the training split`;
  const outside = [image, mask].find(leadsOut);
  return outside === undefined ? undefined : `${outside} leads out of the data set`;
}

/** Which of the listed files exist, by listing each folder once. */
async function existing(root: string, rows: readonly Row[]): Promise<Set<string>> {
  const files = rows.flatMap((row) => [row.image, row.mask]).filter((path) => path !== '');
  const folders = new Set(files.map((path) => dirname(path)));
  const present = new Set<string>();
  for (const folder of folders) {
    for (const name of await imagesIn(join(root, folder))) present.add(`${folder}/${name}`);
  }
  return present;
}
