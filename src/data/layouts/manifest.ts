import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { isForeign, NORMAL_NAMES } from '../fileNames.ts';
import type { DatasetProblem } from '../findings.ts';
import { filesIn } from '../listImages.ts';
import { type CsvTable, headerOf, readTable, wrongLine } from './csvTable.ts';
import type { DataLayout, DataPlace, Sample, Scan } from './layout.ts';
import { filesAmong, missingFile, scanOf, withoutMask } from './listed.ts';

const EXTENSIONS = ['.csv', '.tsv'];
const REQUIRED = ['path', 'split', 'label'] as const;
const COLUMNS = [...REQUIRED, 'class', 'mask', 'defect'] as const;
type Column = (typeof COLUMNS)[number];

/** Whether a label is of an anomalous image, by its names in lower case. */
const LABELS: ReadonlyMap<string, boolean> = new Map([
  ...['normal', 'good', 'ok', '0', 'false'].map((name) => [name, false] as const),
  ...['anomalous', 'anomaly', 'abnormal', 'defective', 'defect', 'bad', 'ng', '1', 'true'].map(
    (name) => [name, true] as const,
  ),
]);

/** A table of images, as a database exports it: they may lie anywhere below its folder. */
export const manifest: DataLayout = {
  sign: { inSet: 'CSV table with the columns path, split and label' },
  addTest: 'add lines with split test to the table',
  tables: EXTENSIONS,
  row: {
    sets: 'anyone with a database',
    train: 'lines with split `train` of a CSV table',
    test: 'lines with split `test`',
    masks: 'its column `mask`',
  },
  detect: async ({ root }) => (await tablesIn(root)).length > 0,
  scan: scanManifest,
};

/** Names of the tables in a folder that have the columns. */
async function tablesIn(root: string): Promise<string[]> {
  const tables: string[] = [];
  for (const name of await filesIn(root)) {
    if (!EXTENSIONS.includes(extname(name).toLowerCase())) continue;
    const header = await headerOf(join(root, name));
    if (REQUIRED.every((column) => header.includes(column))) tables.push(name);
  }
  return tables;
}

async function scanManifest({ root, table: named }: DataPlace): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const tables = named === undefined ? await tablesIn(root) : [basename(named)];
  const [table = ''] = tables;
  const path = join(root, table);
  const content = tables.length === 1 ? await readTable(path, COLUMNS) : null;
  const unusable = faultOf(tables, content);
  if (content === null || unusable !== undefined) {
    problems.push({ kind: 'layout', path, item: path, message: `${path}: ${unusable}` });
    return scanOf({ root, table, classes: [], train: [], test: [], problems, oddities });
  }
  const { columns, rows } = content;
  const files = rows.flatMap(({ cells }) => [cells.path, cells.mask]).filter((file) => file !== '');
  const present = await filesAmong(
    files.flatMap((file) => [file, slashed(file)].map((each) => resolve(root, each))),
  );
  const placeOf = (file: string): Place => {
    const literal = resolve(root, file);
    const place = present.has(literal) ? literal : resolve(root, slashed(file));
    return { path: place, id: relative(root, place).split(sep).join('/'), isThere: present.has(place) };
  };
  const wrong: { line: number; message: string }[] = [...content.faults];
  const seen = new Map<string, number>();
  const classes = new Set<string>();
  const train: Sample[] = [];
  const test: Sample[] = [];
  for (const { line, cells } of rows) {
    const image = cells.path === '' ? null : placeOf(cells.path);
    const mask = cells.mask === '' ? null : placeOf(cells.mask);
    const faults = cellFaults(cells, columns);
    if (image && isOutside(image)) faults.push(`${cells.path} ${OUTSIDE}`);
    if (mask && isOutside(mask)) faults.push(`${cells.mask} ${OUTSIDE}`);
    const before = image ? seen.get(image.id) : undefined;
    if (before !== undefined) faults.push(`${cells.path} stands in line ${before} already`);
    else if (image) seen.set(image.id, line);
    for (const message of faults) wrong.push({ line, message });
    if (image === null || faults.length > 0) continue;
    const className = columns.has('class') ? cells.class : basename(root);
    classes.add(className);
    if (!image.isThere) {
      problems.push(missingFile(image.path, image.id, `line ${line} of ${table}`));
      continue;
    }
    const anomalous = LABELS.get(cells.label.toLowerCase())!;
    const sample: Sample = {
      path: image.path,
      id: image.id,
      className,
      defect: anomalous ? cells.defect || 'defect' : 'good',
      anomalous,
      maskPath: anomalous && mask?.isThere ? mask.path : null,
    };
    if (anomalous && sample.maskPath === null) {
      const why = mask === null ? `no mask in ${table}` : `no mask: ${cells.mask} does not exist`;
      oddities.push(withoutMask(sample, why));
    }
    (isTrain(cells) ? train : test).push(sample);
  }
  wrong.sort((a, b) => a.line - b.line);
  for (const { line, message } of wrong) problems.push(wrongLine(path, table, line, message));
  return scanOf({ root, table, classes, train, test, problems, oddities });
}

/** A file that the table names. */
interface Place {
  readonly path: string;
  /** Below the table's folder. */
  readonly id: string;
  readonly isThere: boolean;
}

/** What keeps the table in a folder from being read at all. */
function faultOf(tables: readonly string[], content: CsvTable<Column> | null): string | undefined {
  if (tables.length > 1) return `has several tables, name one of them: ${tables.join(', ')}`;
  if (content === null) return `has no CSV table with the columns ${REQUIRED.join(', ')}`;
  const absent = REQUIRED.filter((column) => !content.columns.has(column));
  if (absent.length > 0) return `lacks the columns ${absent.join(', ')}`;
  return content.rows.length + content.faults.length === 0 ? 'has no line below its header' : undefined;
}

/** Of a table from Windows. */
const slashed = (path: string): string => path.replaceAll('\\', '/');

const OUTSIDE = "lies outside of the table's folder";
const isOutside = ({ id }: Place): boolean => id === '' || /^\.\.(\/|$)/.test(id) || resolve(id) === id;

const isTrain = ({ split }: Readonly<Record<Column, string>>): boolean => split.toLowerCase() === 'train';

/** All that is wrong with a line's own words. */
function cellFaults(cells: Readonly<Record<Column, string>>, columns: ReadonlySet<Column>): string[] {
  const faults: string[] = [];
  const { path, split, label, class: className, defect } = cells;
  if (path === '') faults.push('path is empty');
  if (!isTrain(cells) && split.toLowerCase() !== 'test')
    faults.push(`split is "${split}", not train or test`);
  const anomalous = LABELS.get(label.toLowerCase());
  if (anomalous === undefined) {
    faults.push(
      `label is "${label}", not ${namesOf(false)} for a normal image or ${namesOf(true)} for another`,
    );
  }
  if (anomalous && isTrain(cells)) faults.push('an anomalous image is in the split that is trained on');
  if (columns.has('class') && !isName(className)) faults.push(`class is "${className}", not a name`);
  if (anomalous && defect !== '' && !isName(defect)) faults.push(`defect is "${defect}", not a name`);
  if (anomalous && NORMAL_NAMES.has(defect.toLowerCase())) {
    faults.push(`defect is "${defect}", a name for normal images`);
  }
  return faults;
}

const namesOf = (anomalous: boolean): string =>
  [...LABELS].flatMap(([name, is]) => (is === anomalous ? [name] : [])).join(', ');

/** Names of classes and defects become names of files and folders. */
const isName = (text: string): boolean =>
  /^[^/\\]+$/.test(text) && !isForeign({ name: text, isFolder: true });
