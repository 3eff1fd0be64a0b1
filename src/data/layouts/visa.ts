import { dirname, join } from 'node:path';
import { isThere, readText } from '../../formats/regularFile.ts';
import type { DatasetProblem } from '../findings.ts';
import { compareCodePoints, foldersIn, imagesIn } from '../listImages.ts';
import type { DataLayout, Sample, Scan } from './layout.ts';
import { signOf } from './sign.ts';
import { skippedFile, skippedFolder } from './skipped.ts';

const TABLES = ['split_csv/1cls.csv', '1cls.csv'];
const COLUMNS = ['object', 'split', 'label', 'image', 'mask'] as const;

/** VisA as released (evaluation.md 1.2): the split, labels and masks stand in `split_csv/1cls.csv`. */
export const visa: DataLayout = {
  sign: { inClass: 'Data/Images (VisA)' },
  addTest: 'put normal images into test/good and others into test/<defect>',
  row: { train: 'as `split_csv/1cls.csv` says', test: 'the same', masks: 'the same' },
  detect: async ({ base }) => (await signOf(base)) === 'Data/Images',
  scan: ({ root }) => scanVisa(root),
};

async function scanVisa(root: string): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const rows = await readTable(root, problems);
  const present = await existing(root, rows);
  const train: Sample[] = [];
  const test: Sample[] = [];
  for (const { object, split, label, image, mask } of rows) {
    if (!present.has(image)) {
      const message = `${image}, listed in 1cls.csv, does not exist`;
      problems.push({ kind: 'missing-file', path: join(root, image), item: image, message });
      continue;
    }
    const anomalous = label === 'anomaly';
    if (anomalous && !present.has(mask)) {
      const which = mask === '' ? 'no mask in 1cls.csv' : `no mask: ${mask} does not exist`;
      const message = `${image} has ${which}; it is left out of pixel metrics`;
      oddities.push({ kind: 'missing-mask', path: join(root, image), item: image, message });
    }
    const sample: Sample = {
      path: join(root, image),
      id: image,
      className: object,
      defect: anomalous ? 'bad' : 'good',
      anomalous,
      maskPath: anomalous && present.has(mask) ? join(root, mask) : null,
    };
    (split === 'train' ? train : test).push(sample);
  }
  for (const samples of [train, test]) samples.sort((a, b) => compareCodePoints(a.id, b.id));
  const classes = [...new Set(rows.map((row) => row.object))].sort(compareCodePoints);
  const classesOf = (samples: readonly Sample[]) => new Set(samples.map((sample) => sample.className));
  const [trained, tested] = [classesOf(train), classesOf(test)];
  for (const name of classes) {
    const place = { path: join(root, name), item: name };
    if (!trained.has(name)) {
      const message = `class ${name} has no training images in 1cls.csv`;
      problems.push({ kind: 'no-train', ...place, message });
    }
    if (!tested.has(name)) {
      oddities.push({ kind: 'no-test', ...place, message: `class ${name} has no test images in 1cls.csv` });
    }
  }
  for (const oddity of unlisted(root, rows, present)) oddities.push(oddity);
  for (const oddity of await skipped(root, classes)) oddities.push(oddity);
  return { samples: { classes, train, test }, problems, oddities };
}

/** Folders beside those of the table. */
async function skipped(root: string, classes: readonly string[]): Promise<DatasetProblem[]> {
  const found: DatasetProblem[] = [];
  const folders = await foldersIn(root, (path, what) =>
    found.push(what === 'folder' ? skippedFolder(root, path) : skippedFile(root, path)),
  );
  for (const name of folders) {
    if (classes.includes(name) || TABLES[0]!.startsWith(`${name}/`)) continue;
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

async function readTable(root: string, problems: DatasetProblem[]): Promise<Row[]> {
  const wrong = (path: string, message: string): void => {
    problems.push({ kind: 'layout', path, item: path, message });
  };
  for (const name of TABLES) {
    const path = join(root, name);
    if (!(await isThere(path))) continue;
    const [header, ...lines] = (await readText(path)).split(/\r?\n/);
    const columns = header!.split(',');
    const absent = COLUMNS.filter((column) => !columns.includes(column));
    if (absent.length > 0) {
      wrong(path, `${name} lacks the columns ${absent.join(', ')}`);
      return [];
    }
    const rows: Row[] = [];
    for (const [i, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const cells = line.split(',');
      const cell = (column: string): string => cells[columns.indexOf(column)]?.trim() ?? '';
      const row = Object.fromEntries(COLUMNS.map((column) => [column, cell(column)])) as Row;
      const fault = faultOf(row);
      if (fault) wrong(path, `${name}, line ${i + 2}: ${fault}`);
      else rows.push(row);
    }
    return rows;
  }
  wrong(root, `VisA needs ${TABLES[0]} (in its archive, or from its repository)`);
  return [];
}

function faultOf({ object, split, label, image, mask }: Row): string | undefined {
  if (object === '' || image === '') return 'object or image is empty';
  if (split !== 'train' && split !== 'test') return `split is "${split}", not train or test`;
  if (label !== 'normal' && label !== 'anomaly') return `label is "${label}", not normal or anomaly`;
  if (split === 'train' && label === 'anomaly') return `${image} is an anomaly in the training split`;
  // A table from elsewhere must not make us read outside the data set.
  for (const path of [image, mask]) {
    if (/^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)/.test(path)) return `${path} leads out of the data set`;
  }
  return undefined;
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
