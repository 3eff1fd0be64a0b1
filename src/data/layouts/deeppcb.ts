import { join, posix } from 'node:path';
import { isThere, readText } from '../../formats/regularFile.ts';
import type { DatasetProblem } from '../findings.ts';
import { foldersIn, imagesIn } from '../listImages.ts';
import { headOf, leadsOut, wrongLine } from './csvTable.ts';
import type { Box, DataLayout, DataPlace, Sample, Scan } from './layout.ts';
import { filesAmong, missingFile, scanOf, withoutMask } from './listed.ts';

const CLASS = 'pcb';
const LISTS = ['trainval.txt', 'test.txt'] as const;
/** `group20085/20085/20085000.jpg group20085/20085_not/20085000.txt` */
const LINE = /^(group\S+)\.jpg\s+(\S+\.txt)$/;
/** Defects by their number in an annotation; 0 is not used. */
const KINDS = ['open', 'short', 'mousebite', 'spur', 'copper', 'pin-hole'];

/**
 * DeepPCB (Tang and others): pairs of a template without defects (`_temp.jpg`) and a board with defects (`_test.jpg`), of
 * which boxes are known. The lists in its folder name a pair by neither of its files, but by what they have in common.
 */
export const deeppcb: DataLayout = {
  sign: { inSet: '`trainval.txt` and `test.txt` of DeepPCB' },
  addTest: 'list pairs in test.txt',
  row: {
    sets: 'DeepPCB',
    train: '`_temp.jpg` of the pairs in `trainval.txt`; class `pcb`',
    test: '`_temp.jpg` and `_test.jpg` of the pairs in `test.txt`',
    masks: 'the boxes in `<group>_not/<pair>.txt`',
  },
  detect: async ({ root }) => (await folderOf(root)) !== undefined,
  scan: scanBoards,
};

/** The folder of the lists below `root`, as a prefix of paths; undefined if there is none whose lists begin as DeepPCB's. */
async function folderOf(root: string): Promise<string | undefined> {
  for (const folder of ['PCBData', '.']) {
    const firsts = await Promise.all(
      LISTS.map(async (list) => (await headOf(join(root, folder, list))).split(/\r?\n/, 1)[0]!),
    );
    if (firsts.every((first) => LINE.test(first.trim()))) return folder;
  }
  return undefined;
}

/** A pair of a list: paths from the data set's root without `_temp.jpg` and `_test.jpg`, and of its annotation. */
interface Pair {
  readonly stem: string;
  readonly annotation: string;
  readonly list: string;
}

async function scanBoards({ root }: DataPlace): Promise<Scan> {
  const problems: DatasetProblem[] = [];
  const oddities: DatasetProblem[] = [];
  const top = (await folderOf(root)) ?? '.';
  const [trained, tested] = await pairsOf(root, top, problems);
  const all = [...trained!, ...tested!];
  const present = await filesAmong(
    all.flatMap(({ stem }) => [join(root, `${stem}_temp.jpg`), join(root, `${stem}_test.jpg`)]),
  );
  const found = (id: string, list: string): boolean => {
    const path = join(root, id);
    if (!present.has(path)) problems.push(missingFile(path, id, list));
    return present.has(path);
  };
  const template = ({ stem, list }: Pair): Sample[] => {
    const id = `${stem}_temp.jpg`;
    const labels = { className: CLASS, defect: 'good', anomalous: false, maskPath: null };
    return found(id, list) ? [{ path: join(root, id), id, ...labels }] : [];
  };
  const board = async ({ stem, annotation, list }: Pair): Promise<Sample[]> => {
    const id = `${stem}_test.jpg`;
    if (!found(id, list)) return [];
    const { kinds, boxes } = await annotationOf(root, annotation, list, problems);
    const sample: Sample = {
      path: join(root, id),
      id,
      className: CLASS,
      defect: kinds.size === 1 ? [...kinds][0]! : 'mixed',
      anomalous: true,
      maskPath: null,
      ...(boxes.length > 0 && { boxes }),
    };
    if (boxes.length === 0) oddities.push(withoutMask(sample, 'no box'));
    return [sample];
  };
  const test: Sample[] = [];
  for (const pair of tested!) test.push(...template(pair), ...(await board(pair)));
  for (const oddity of await unlisted(root, top, all)) oddities.push(oddity);
  return scanOf({
    root,
    table: LISTS.join(' and '),
    classes: [CLASS],
    train: trained!.flatMap(template),
    test,
    problems,
    oddities,
    notes: [
      `DeepPCB has pairs, not normal images: templates of trainval.txt are trained on, templates and boards of test.txt tested; the ${trained!.length} boards of trainval.txt are not used`,
      'DeepPCB marks defects by boxes: pixel metrics are of boxes',
    ],
  });
}

/** The pairs of each list. */
async function pairsOf(root: string, top: string, problems: DatasetProblem[]): Promise<Pair[][]> {
  const seen = new Map<string, string>();
  const lists: Pair[][] = [];
  for (const list of LISTS) {
    const path = join(root, top, list);
    const pairs: Pair[] = [];
    lists.push(pairs);
    if (!(await isThere(path))) {
      problems.push({ kind: 'layout', path, item: path, message: `DeepPCB needs ${list}` });
      continue;
    }
    for (const [i, line] of (await readText(path)).split(/\r?\n/).entries()) {
      if (line.trim() === '') continue;
      const wrong = (fault: string): void => void problems.push(wrongLine(path, list, i + 1, fault));
      const [, stem, annotation] = LINE.exec(line.trim()) ?? [];
      if (stem === undefined) wrong(`"${line.trim()}" is not a board and its annotation`);
      else if ([stem, annotation!].some(leadsOut)) wrong(`${line.trim()} leads out of the data set`);
      else if (seen.has(stem)) wrong(`${stem} stands in ${seen.get(stem)} already`);
      else pairs.push({ stem: posix.join(top, stem), annotation: posix.join(top, annotation!), list });
      if (stem !== undefined) seen.set(stem, `line ${i + 1} of ${list}`);
    }
  }
  return lists;
}

/** Lines of `x1 y1 x2 y2 type`; the documentation has commas, the files have spaces. */
async function annotationOf(
  root: string,
  id: string,
  list: string,
  problems: DatasetProblem[],
): Promise<{ kinds: ReadonlySet<string>; boxes: readonly Box[] }> {
  const kinds = new Set<string>();
  const boxes: Box[] = [];
  const path = join(root, id);
  if (!(await isThere(path))) {
    problems.push(missingFile(path, id, list));
    return { kinds, boxes };
  }
  for (const [i, line] of (await readText(path)).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const numbers = line
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    const [left, top, right, bottom, type] = numbers as [number, number, number, number, number];
    const kind = KINDS[type - 1];
    const isBox = numbers.length === 5 && numbers.every(Number.isInteger) && left < right && top < bottom;
    if (isBox && kind !== undefined && left >= 0 && top >= 0) {
      boxes.push({ left, top, right, bottom });
      kinds.add(kind);
    } else {
      const fault = `"${line.trim()}" is not x1 y1 x2 y2 of a box and a type from 1 to ${KINDS.length}`;
      problems.push(wrongLine(path, id, i + 1, fault));
    }
  }
  return { kinds, boxes };
}

/** Images beside the listed ones. */
async function unlisted(root: string, top: string, pairs: readonly Pair[]): Promise<DatasetProblem[]> {
  const listed = new Set(pairs.flatMap(({ stem }) => [`${stem}_temp.jpg`, `${stem}_test.jpg`]));
  const found: DatasetProblem[] = [];
  for (const group of await foldersIn(join(root, top))) {
    if (!group.startsWith('group')) continue;
    for (const part of await foldersIn(join(root, top, group))) {
      for (const name of await imagesIn(join(root, top, group, part))) {
        const id = posix.join(top, group, part, name);
        if (listed.has(id)) continue;
        const message = `${id} is listed in neither ${LISTS.join(' nor ')}`;
        found.push({ kind: 'extra-file', path: join(root, id), item: id, message });
      }
    }
  }
  return found;
}
