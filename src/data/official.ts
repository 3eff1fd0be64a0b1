import { refuseExtra } from '../options.ts';
import type { Layout } from './layouts/index.ts';

/** What one class of a data set holds. */
export interface ClassCounts {
  readonly name: string;
  readonly train: number;
  readonly testNormal: number;
  readonly testAnomalous: number;
  /** Images per defect folder. */
  readonly defects: Readonly<Record<string, number>>;
  /** Native sizes, `900x900`, and how many images have each. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Images per folder of one class; `defects` only where the set tells kinds of defects apart. */
interface OfficialClass {
  readonly train: number;
  readonly testNormal: number;
  readonly testAnomalous: number;
  readonly defects?: Readonly<Record<string, number>>;
}

interface OfficialSet {
  readonly name: string;
  readonly layouts: readonly Layout[];
  readonly classes: Readonly<Record<string, OfficialClass>>;
}

const plain = (train: number, testNormal: number, testAnomalous: number): OfficialClass => ({
  train,
  testNormal,
  testAnomalous,
});
const kinds = (train: number, testNormal: number, defects: Record<string, number>): OfficialClass => ({
  ...plain(
    train,
    testNormal,
    Object.values(defects).reduce((sum, n) => sum + n, 0),
  ),
  defects,
});

/** Counts per class as published (evaluation.md 1.1 to 1.3). */
export const OFFICIAL_SETS: readonly OfficialSet[] = [
  {
    name: 'MVTec AD',
    layouts: ['mvtec'],
    classes: {
      bottle: kinds(209, 20, { broken_large: 20, broken_small: 22, contamination: 21 }),
      cable: kinds(224, 58, {
        bent_wire: 13,
        cable_swap: 12,
        combined: 11,
        cut_inner_insulation: 14,
        cut_outer_insulation: 10,
        missing_cable: 12,
        missing_wire: 10,
        poke_insulation: 10,
      }),
      capsule: kinds(219, 23, { crack: 23, faulty_imprint: 22, poke: 21, scratch: 23, squeeze: 20 }),
      carpet: kinds(280, 28, { color: 19, cut: 17, hole: 17, metal_contamination: 17, thread: 19 }),
      grid: kinds(264, 21, { bent: 12, broken: 12, glue: 11, metal_contamination: 11, thread: 11 }),
      hazelnut: kinds(391, 40, { crack: 18, cut: 17, hole: 18, print: 17 }),
      leather: kinds(245, 32, { color: 19, cut: 19, fold: 17, glue: 19, poke: 18 }),
      metal_nut: kinds(220, 22, { bent: 25, color: 22, flip: 23, scratch: 23 }),
      pill: kinds(267, 26, {
        color: 25,
        combined: 17,
        contamination: 21,
        crack: 26,
        faulty_imprint: 19,
        pill_type: 9,
        scratch: 24,
      }),
      screw: kinds(320, 41, {
        manipulated_front: 24,
        scratch_head: 24,
        scratch_neck: 25,
        thread_side: 23,
        thread_top: 23,
      }),
      tile: kinds(230, 33, { crack: 17, glue_strip: 18, gray_stroke: 16, oil: 18, rough: 15 }),
      toothbrush: kinds(60, 12, { defective: 30 }),
      transistor: kinds(213, 60, { bent_lead: 10, cut_lead: 10, damaged_case: 10, misplaced: 10 }),
      wood: kinds(247, 19, { color: 8, combined: 11, hole: 10, liquid: 10, scratch: 21 }),
      zipper: kinds(240, 32, {
        broken_teeth: 19,
        combined: 16,
        fabric_border: 17,
        fabric_interior: 16,
        rough: 17,
        split_teeth: 18,
        squeezed_teeth: 16,
      }),
    },
  },
  {
    name: 'VisA',
    // Its prepared copy looks like MVTec AD.
    layouts: ['visa', 'mvtec'],
    classes: {
      candle: plain(900, 100, 100),
      capsules: plain(542, 60, 100),
      cashew: plain(450, 50, 100),
      chewinggum: plain(453, 50, 100),
      fryum: plain(450, 50, 100),
      macaroni1: plain(900, 100, 100),
      macaroni2: plain(900, 100, 100),
      pcb1: plain(904, 100, 100),
      pcb2: plain(901, 100, 100),
      pcb3: plain(905, 101, 100),
      pcb4: plain(904, 101, 100),
      pipe_fryum: plain(450, 50, 100),
    },
  },
  {
    name: 'BTAD',
    layouts: ['btad'],
    classes: {
      '01': plain(400, 21, 49),
      '02': plain(399, 30, 200),
      '03': plain(1000, 400, 41),
    },
  },
  // These have no split of normal images of their own: the counts are those of our layouts.
  {
    name: 'ELPV',
    layouts: ['elpv'],
    classes: { solar_mono: plain(446, 142, 313), solar_poly: plain(690, 230, 402) },
  },
  {
    name: 'the magnetic tile set',
    layouts: ['magnetic-tile'],
    classes: {
      magnetic_tile: kinds(724, 228, { blowhole: 115, break: 85, crack: 57, fray: 32, uneven: 103 }),
    },
  },
  {
    name: 'DeepPCB',
    layouts: ['deeppcb'],
    classes: { pcb: plain(1000, 500, 500) },
  },
];

/** A folder whose number of images is not the published one. */
export interface CountDifference {
  /** `bottle: test/crack`. */
  readonly folder: string;
  readonly found: number;
  readonly official: number;
}

/** A data set on disk against the published one of that name. */
export interface OfficialComparison {
  readonly name: string;
  readonly missingClasses: readonly string[];
  readonly extraClasses: readonly string[];
  readonly differences: readonly CountDifference[];
}

/**
 * The published set that a data set is a copy of: the one with the same layout that has at least half of its classes,
 * or null.
 */
export function officialSet(
  layout: Layout,
  classes: readonly string[],
  ...extra: never[]
): OfficialSet | null {
  refuseExtra('officialSet', extra);
  return (
    OFFICIAL_SETS.find((set) => {
      const known = classes.filter((name) => Object.hasOwn(set.classes, name)).length;
      return set.layouts.includes(layout) && known > 0 && 2 * known >= classes.length;
    }) ?? null
  );
}

/** Classes and images of a whole set as published. */
export function officialTotals(
  { classes }: OfficialSet,
  ...extra: never[]
): { classes: number; train: number; test: number } {
  refuseExtra('officialTotals', extra);
  const each = Object.values(classes);
  return {
    classes: each.length,
    train: each.reduce((sum, { train }) => sum + train, 0),
    test: each.reduce((sum, { testNormal, testAnomalous }) => sum + testNormal + testAnomalous, 0),
  };
}

/** Comparison with its published set, or null. */
export function compareWithOfficial(
  layout: Layout,
  classes: readonly ClassCounts[],
): OfficialComparison | null {
  const found = classes.map(({ name }) => name);
  const set = officialSet(layout, found);
  if (!set) return null;
  const known = classes.filter(({ name }) => Object.hasOwn(set.classes, name));
  return {
    name: set.name,
    missingClasses: Object.keys(set.classes).filter((name) => !found.includes(name)),
    extraClasses: classes.filter((each) => !known.includes(each)).map(({ name }) => name),
    differences: known.flatMap((each) => differencesOf(each, set.classes[each.name]!)),
  };
}

function differencesOf(found: ClassCounts, official: OfficialClass): CountDifference[] {
  const { name } = found;
  const pairs: [string, number, number][] = [
    ['train', found.train, official.train],
    ['test, normal', found.testNormal, official.testNormal],
  ];
  if (official.defects === undefined) {
    pairs.push(['test, anomalous', found.testAnomalous, official.testAnomalous]);
  } else {
    for (const defect of new Set([...Object.keys(official.defects), ...Object.keys(found.defects)])) {
      pairs.push([`test/${defect}`, countIn(found.defects, defect), countIn(official.defects, defect)]);
    }
  }
  return pairs
    .filter(([, n, expected]) => n !== expected)
    .map(([folder, n, expected]) => ({ folder: `${name}: ${folder}`, found: n, official: expected }));
}

/** A folder may be called `constructor`. */
const countIn = (counts: Readonly<Record<string, number>>, name: string): number =>
  Object.hasOwn(counts, name) ? counts[name]! : 0;

/** In words, a line each. Counts are all that is compared: which files differ is not known. */
export function formatComparison(comparison: OfficialComparison): string[] {
  const { name, missingClasses, extraClasses, differences } = comparison;
  const set = OFFICIAL_SETS.find((each) => each.name === name)!;
  const total = Object.keys(set.classes).length;
  if (missingClasses.length + extraClasses.length + differences.length === 0) {
    const all = total === 1 ? 'its one class' : `all ${total} classes`;
    return [`${name}: ${all} with the published counts`];
  }
  const lines = [
    `counts that differ from ${name} as published (${total} classes); which files they are is not known:`,
  ];
  if (missingClasses.length > 0) lines.push(`  missing classes: ${missingClasses.join(', ')}`);
  if (extraClasses.length > 0) lines.push(`  extra classes: ${extraClasses.join(', ')}`);
  for (const { folder, found, official } of differences) {
    const by = Math.abs(found - official);
    lines.push(
      `  ${folder}: ${found} images, published ${official} (${by} ${found < official ? 'missing' : 'extra'})`,
    );
  }
  return lines;
}
