/**
 * The tables of the CADA paper ("Absolute-Unified Multi-Class Anomaly Detection via Class-Agnostic Distribution
 * Alignment", Guo et al.) as data: what each row measures, and the numbers printed there, in percent. What the paper
 * prints twice with different numbers stands here twice (RevDist with CADA in Tables 1 and 4).
 */
import type { Alignment } from '../methods/alignments/index.ts';
import type { HeadStructure } from '../models/regressor.ts';
import type { MetricName } from '../score/measures.ts';
import type { Protocol } from '../score/testRun.ts';

export const SET_NAMES = ['MVTec AD', 'VisA', 'BTAD'] as const;
export type SetName = (typeof SET_NAMES)[number];

/** Detectors of the paper's tables, by the names of `--method`. */
const PAPER_METHODS = {
  draem: 'DRAEM',
  patchcore: 'PatchCore',
  cfa: 'CFA',
  uniad: 'UniAD',
  revdist: 'RevDist',
  recontrast: 'ReContrast',
} as const;
type PaperMethod = keyof typeof PAPER_METHODS;

type Numbers = Readonly<Partial<Record<MetricName, number>>>;

/** A row: one measurement of one run, and what the paper has for it. */
export interface Entry {
  /** A text per label column of its table. */
  readonly labels: readonly string[];
  readonly set: SetName;
  readonly method: PaperMethod;
  readonly alignment: Alignment;
  readonly protocol: Exclude<Protocol, 'class-separated'>;
  /** Structure of the alignment's head and fraction of the score; absent: the defaults. */
  readonly structure?: HeadStructure;
  readonly dropout?: number;
  readonly scoreFraction?: number;
  /** In percent. */
  readonly paper: Numbers;
  /** The row that this one is shown as a gain over. */
  readonly base?: Entry;
}

export interface Table {
  readonly title: string;
  readonly labels: readonly string[];
  readonly metrics: readonly MetricName[];
  readonly entries: readonly Entry[];
}

export const TABLE_NAMES = ['table1', 'table2', 'table3', 'table4', 'table5'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

const FOUR = ['iAuroc', 'iAp', 'pAuroc', 'pAp'] as const;
type Four = readonly [iAuroc: number, iAp: number, pAuroc: number, pAp: number];
const four = ([iAuroc, iAp, pAuroc, pAp]: Four): Numbers => ({ iAuroc, iAp, pAuroc, pAp });

/** Tables 1 and 2: each method in both protocols; the aligned ones beside their gain in the absolute-unified one. */
function comparison(
  set: SetName,
  methods: readonly [PaperMethod, 'none' | 'cada', { unified: Four; absolute: Four }][],
): Entry[] {
  const bases = new Map<PaperMethod, Entry>();
  return methods.flatMap(([method, alignment, { unified, absolute }]) => {
    const name = `${PAPER_METHODS[method]}${alignment === 'none' ? '' : ' + CADA'}`;
    const row = (protocol: Entry['protocol'], numbers: Four): Entry => ({
      labels: [name, protocol],
      set,
      method,
      alignment,
      protocol,
      paper: four(numbers),
      ...(protocol === 'absolute-unified' && alignment !== 'none' ? { base: bases.get(method) } : {}),
    });
    const rows = [row('model-unified', unified), row('absolute-unified', absolute)];
    if (alignment === 'none') bases.set(method, rows[1]!);
    return rows;
  });
}

const absolute = {
  protocol: 'absolute-unified',
  method: 'revdist',
} as const satisfies Partial<Entry>;

/** Table 3: one row of the ablation. */
function ablation(
  name: string,
  structure: HeadStructure,
  dropout: number,
  scoreFraction: number,
  numbers: Four,
): Entry {
  const fraction = scoreFraction === 0 ? 'maximum' : `${100 * scoreFraction} %`;
  return {
    ...absolute,
    labels: [name, structure.replaceAll('-', ' ').replace('conv ', 'conv, '), String(dropout), fraction],
    set: 'MVTec AD',
    alignment: 'cada',
    structure,
    dropout,
    scoreFraction,
    paper: four(numbers),
  };
}

/** Table 4: who is told the class. */
const informed = (
  set: SetName,
  name: string,
  knows: string,
  alignment: Alignment,
  [iAuroc, pAuroc, pAp]: readonly [number, number, number],
): Entry => ({ ...absolute, labels: [set, name, knows], set, alignment, paper: { iAuroc, pAuroc, pAp } });

/** Table 5: what stands for a normal map's highest values. */
const statistic = (set: SetName, name: string, alignment: Alignment, numbers: Four): Entry => ({
  ...absolute,
  labels: [set === 'BTAD' ? 'noisy BTAD' : set, name],
  set,
  alignment,
  paper: four(numbers),
});

export const TABLES: Readonly<Record<TableName, Table>> = {
  table1: {
    title: 'Table 1: MVTec AD',
    labels: ['method', 'setting'],
    metrics: FOUR,
    entries: comparison('MVTec AD', [
      ['draem', 'none', { unified: [89.1, 94.7, 88.9, 52.2], absolute: [82.3, 93.7, 81.8, 41.1] }],
      ['patchcore', 'none', { unified: [96.3, 99.0, 75.4, 20.3], absolute: [89.0, 96.2, 84.4, 25.6] }],
      ['uniad', 'none', { unified: [97.1, 99.0, 97.1, 53.1], absolute: [91.4, 97.0, 96.4, 51.1] }],
      ['revdist', 'none', { unified: [97.8, 99.1, 96.4, 58.1], absolute: [85.0, 94.4, 94.5, 49.0] }],
      ['recontrast', 'none', { unified: [98.5, 99.4, 97.6, 60.8], absolute: [90.7, 96.8, 96.8, 56.3] }],
      ['uniad', 'cada', { unified: [97.2, 99.1, 97.0, 52.7], absolute: [95.7, 98.4, 96.1, 50.9] }],
      ['revdist', 'cada', { unified: [98.2, 99.2, 96.1, 57.0], absolute: [98.0, 99.3, 95.6, 53.1] }],
      ['recontrast', 'cada', { unified: [98.7, 99.5, 97.8, 61.3], absolute: [98.6, 99.5, 97.2, 57.2] }],
    ]),
  },
  table2: {
    title: 'Table 2: VisA',
    labels: ['method', 'setting'],
    metrics: FOUR,
    entries: comparison('VisA', [
      ['draem', 'none', { unified: [75.1, 78.9, 87.1, 10.3], absolute: [70.0, 76.0, 82.7, 7.0] }],
      ['cfa', 'none', { unified: [74.1, 78.0, 94.0, 33.1], absolute: [42.9, 50.1, 72.9, 1.6] }],
      ['uniad', 'none', { unified: [90.9, 93.4, 98.3, 40.4], absolute: [89.0, 91.8, 97.9, 34.7] }],
      ['revdist', 'none', { unified: [93.8, 94.8, 96.3, 44.2], absolute: [83.5, 88.2, 94.0, 32.9] }],
      ['recontrast', 'none', { unified: [95.8, 96.7, 98.5, 48.4], absolute: [93.2, 95.0, 97.1, 42.1] }],
      ['uniad', 'cada', { unified: [90.5, 92.7, 98.2, 39.8], absolute: [90.7, 93.3, 98.3, 35.4] }],
      ['revdist', 'cada', { unified: [93.4, 94.8, 96.2, 44.5], absolute: [92.8, 94.4, 95.4, 41.7] }],
      ['recontrast', 'cada', { unified: [95.8, 96.7, 98.3, 48.1], absolute: [95.8, 96.7, 97.8, 45.0] }],
    ]),
  },
  table3: {
    title: 'Table 3: ablations of RevDist on MVTec AD, absolute-unified',
    labels: ['method', 'regressor', 'dropout', 'image score'],
    metrics: FOUR,
    entries: [
      {
        ...absolute,
        labels: ['RevDist', '–', '–', '1 %'],
        set: 'MVTec AD',
        alignment: 'none',
        paper: four([85.0, 94.4, 94.5, 49.0]),
      },
      ablation('+ CADA', '1-linear', 0.25, 0.01, [96.0, 98.6, 95.6, 53.8]),
      ablation('', '2-linear', 0.25, 0.01, [96.9, 98.9, 95.6, 52.6]),
      ablation('', '3-linear', 0.25, 0.01, [97.1, 99.0, 95.3, 52.4]),
      ablation('default', '1-conv-2-linear', 0.25, 0.01, [98.0, 99.3, 95.6, 53.1]),
      ablation('', '2-conv-2-linear', 0.25, 0.01, [97.3, 99.1, 96.0, 54.8]),
      ablation('', '1-conv-2-linear', 0, 0.01, [97.5, 99.1, 95.4, 52.0]),
      ablation('default', '1-conv-2-linear', 0.25, 0.01, [98.0, 99.3, 95.6, 53.1]),
      ablation('', '1-conv-2-linear', 0.5, 0.01, [97.7, 99.2, 95.6, 53.5]),
      ablation('', '1-conv-2-linear', 0.75, 0.01, [97.6, 99.2, 95.8, 53.3]),
      ablation('', '1-conv-2-linear', 0.25, 0, [97.3, 99.0, 95.6, 53.1]),
      ablation('', '1-conv-2-linear', 0.25, 0.001, [97.8, 99.2, 95.6, 53.1]),
      ablation('default', '1-conv-2-linear', 0.25, 0.01, [98.0, 99.3, 95.6, 53.1]),
      ablation('', '1-conv-2-linear', 0.25, 0.02, [97.4, 99.1, 95.6, 53.1]),
    ],
  },
  table4: {
    title: 'Table 4: who knows the class (RevDist, absolute-unified)',
    labels: ['data', 'method', 'class information'],
    metrics: ['iAuroc', 'pAuroc', 'pAp'],
    entries: [
      informed('MVTec AD', 'RevDist', 'none', 'none', [85.0, 94.5, 49.0]),
      informed('MVTec AD', '+ CaDA-A', 'training and inference', 'class', [97.3, 95.2, 52.4]),
      informed('MVTec AD', '+ CaDA-B', 'training', 'classifier', [97.3, 95.2, 52.4]),
      informed('MVTec AD', '+ CADA', 'none', 'cada', [98.0, 96.0, 54.7]),
      informed('VisA', 'RevDist', 'none', 'none', [83.5, 94.0, 32.9]),
      informed('VisA', '+ CaDA-A', 'training and inference', 'class', [93.0, 95.6, 40.3]),
      informed('VisA', '+ CaDA-B', 'training', 'classifier', [93.0, 95.6, 40.3]),
      informed('VisA', '+ CADA', 'none', 'cada', [92.8, 95.4, 41.7]),
    ],
  },
  table5: {
    title: 'Table 5: maximum or standard deviation (RevDist, absolute-unified)',
    labels: ['data', 'method'],
    metrics: FOUR,
    entries: [
      statistic('MVTec AD', 'RevDist', 'none', [85.0, 94.4, 94.5, 49.0]),
      statistic('MVTec AD', '+ CADA (u, γ)', 'cada', [98.0, 99.3, 96.0, 54.7]),
      statistic('MVTec AD', '+ CADA (u, σ)', 'cada-std', [96.3, 98.7, 95.3, 48.2]),
      statistic('VisA', 'RevDist', 'none', [83.5, 88.2, 94.0, 32.9]),
      statistic('VisA', '+ CADA (u, γ)', 'cada', [92.8, 94.4, 95.4, 41.7]),
      statistic('VisA', '+ CADA (u, σ)', 'cada-std', [87.1, 90.9, 95.5, 37.7]),
      statistic('BTAD', 'RevDist', 'none', [81.1, 83.5, 97.4, 60.8]),
      statistic('BTAD', '+ CADA (u, γ)', 'cada', [88.1, 88.6, 97.2, 54.0]),
      statistic('BTAD', '+ CADA (u, σ)', 'cada-std', [98.4, 97.6, 97.6, 51.4]),
    ],
  },
};
