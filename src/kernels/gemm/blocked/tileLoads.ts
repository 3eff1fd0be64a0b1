/**
 * How a workgroup loads a tile of an operand into its memory: [k][outer], four of the outer axis to a vec4f, so that an
 * invocation fetches its rows or columns of one k in few wide reads. Global memory is read in two steps, into registers
 * and from there into the tile, so that the next tile is on its way while this one is multiplied.
 */
import { range } from '../../../shape.ts';
import { code, type Wgsl, wgsl } from '../../wgsl.ts';
import type { GemmProblem, Operand, Runs } from '../problem.ts';

/**
 * What one load fetches. `scalars`: a number. `outer`: four of the outer axis, which lie side by side in memory and in the
 * tile. `k`: four k, which lie side by side in memory and in four rows of the tile.
 */
type LoadMode = 'scalars' | 'outer' | 'k';

export interface TileLoads {
  readonly mode: LoadMode;
  /** Vectors between one k and the next in the tile. */
  readonly stride: number;
  /** Statements before the loop over k: what depends on the outer index alone, and the places in the tile. */
  readonly before: Wgsl;
  /** Statements that load the tile that begins at `k0` into registers. */
  readonly load: Wgsl;
  /** Statements that write the registers into the tile. `to`: WGSL, the tile's first vector. */
  readonly write: (to: string) => Wgsl;
}

interface TileSizes {
  /** Rows or columns. */
  readonly outer: number;
  readonly k: number;
  readonly invocations: number;
}

const loadMode = ({ vectors, fours }: Operand): LoadMode => vectors?.along ?? (fours ? 'k' : 'scalars');

/** Loads of a tile along its outer axis and along k. */
const pieces = (mode: LoadMode, { outer, k }: TileSizes): { along: number; deep: number } => ({
  along: mode === 'outer' ? outer / 4 : outer,
  deep: mode === 'k' ? k / 4 : k,
});

/** Of an operand that is read number by number: its runs, where a tile of depth `k` is one or part of one. */
const runsOf = (operand: Operand, k: number): Runs | undefined =>
  loadMode(operand) === 'scalars' && operand.runs && operand.runs.depth % k === 0 ? operand.runs : undefined;

/** The axis that lies in memory side by side varies fastest, so that neighbouring invocations read neighbours. */
const kRunsFirst = (operand: Operand): boolean =>
  loadMode(operand) === 'k' || (loadMode(operand) === 'scalars' && operand.kFirst === true);

/** Tiles written by invocations neighbouring in k get one spare vector per row, to avoid bank conflicts. */
export const tileStride = (operand: Operand, outer: number): number =>
  outer / 4 + (kRunsFirst(operand) ? 1 : 0);

/** True, or why the tile cannot be shared out among the invocations. */
export function loadsFit(operand: Operand, sizes: TileSizes): true | string {
  const { along, deep } = pieces(loadMode(operand), sizes);
  const [count, { invocations }] = [along * deep, sizes];
  if (count % invocations === 0 || invocations % count === 0) return true;
  return `${count} loads of a tile do not come out even among ${invocations} invocations`;
}

/** Where a load lies along one axis: WGSL, and the part of it that does not depend on which of an invocation's loads it is. */
interface Place {
  readonly text: string;
  readonly step: number;
}

/**
 * Places of an invocation's loads. Sizes are powers of two, so along the axis that runs fastest either all loads of an
 * invocation lie at the same place, and along the other a fixed distance apart, or whole rows of loads follow one another.
 */
function places(fast: number, invocations: number, fill: number): { fast: Place; slow: Place } {
  if (invocations > fast) {
    const step = fill * (invocations / fast);
    return {
      fast: { text: `lane % ${fast}u`, step: 0 },
      slow: { text: `lane / ${fast}u`, step },
    };
  }
  const rows = fast / invocations;
  return {
    fast: { text: 'lane', step: (fill % rows) * invocations },
    slow: { text: '', step: Math.floor(fill / rows) },
  };
}

/**
 * Loads of four terms go to four rows of the tile, one number each. Invocations side by side then write rows side by side:
 * those of half a subgroup find 32 different banks, where neighbours in k would meet at the same ones.
 */
const ROWS_ABREAST = 16;

function rowsAbreast(deep: number, invocations: number, fill: number): { outer: Place; k: Place } {
  const rest =
    invocations > deep * ROWS_ABREAST ? ` + lane / ${deep * ROWS_ABREAST}u * ${ROWS_ABREAST}u` : '';
  return {
    outer: { text: `lane % ${ROWS_ABREAST}u${rest}`, step: (fill * invocations) / deep },
    k: { text: `lane / ${ROWS_ABREAST}u % ${deep}u`, step: 0 },
  };
}

/** @param name `a` or `b`: of the operand, its tile `tile_…` and all names made here. `first`: its first outer index. */
export function tileLoads(
  name: 'a' | 'b',
  operand: Operand,
  problem: GemmProblem,
  sizes: TileSizes,
): TileLoads {
  const { outer, k, invocations } = sizes;
  const mode = loadMode(operand);
  const runs = runsOf(operand, k);
  const stride = tileStride(operand, outer);
  const first = name === 'a' ? 'first_m' : 'first_n';
  const { along, deep } = pieces(mode, sizes);
  const [perOuter, perK] = [mode === 'outer' ? 4 : 1, mode === 'k' ? 4 : 1];
  const some = along * deep < invocations;
  const only = (body: readonly Wgsl[]): Wgsl =>
    some
      ? wgsl`
        if (lane < ${along * deep}u) {
          ${body}
        }`
      : wgsl`${body}`;
  const kFirst = kRunsFirst(operand);
  const fills = range(Math.ceil((along * deep) / invocations)).map((fill) => {
    if (mode === 'k' && invocations % (deep * ROWS_ABREAST) === 0)
      return { fill, ...rowsAbreast(deep, invocations, fill) };
    const { fast, slow } = places(kFirst ? deep : along, invocations, fill);
    return kFirst ? { fill, outer: slow, k: fast } : { fill, outer: fast, k: slow };
  });
  /** WGSL of a place in units of `per`. */
  const at = ({ text, step }: Place, per: number): string => {
    const lane = text === '' ? [] : [per === 1 ? `(${text})` : `(${text}) * ${per}u`];
    return [...lane, ...(step > 0 || text === '' ? [`${step * per}u`] : [])].join(' + ');
  };
  const outerTag = ({ outer: { step } }: (typeof fills)[number]): string => `_${name}${step}`;
  /** All loads of a run read from where its first term lies. */
  const kTag = ({ k: { step } }: (typeof fills)[number]): string => `_${name}k${runs ? 0 : step}`;
  const firsts = <T>(of: (fill: (typeof fills)[number]) => T): typeof fills =>
    fills.filter((each, i) => fills.findIndex((other) => of(other) === of(each)) === i);

  // Loads that lie a multiple of four apart have one place in the tile and a fixed distance from it.
  const near = ({ outer: { step } }: (typeof fills)[number]): number => (mode === 'outer' ? 0 : step % 4);
  const slot = (each: (typeof fills)[number]): string => `slot_${name}${near(each)}`;
  const part = (each: (typeof fills)[number]): string => `part_${name}${near(each)}`;
  const distance = ({ outer: o, k: { step } }: (typeof fills)[number]): number =>
    (mode === 'outer' ? o.step : Math.floor(o.step / 4)) + step * perK * stride;
  const [{ outer: laneOuter, k: laneK }] = fills as [(typeof fills)[number]];
  /** Of a run all terms are inside where one is. */
  const flag = ({ fill, outer: { step } }: (typeof fills)[number]): string =>
    `in_${name}${runs ? step : fill}`;
  const flags = firsts(flag);
  const slots = firsts(near).map((each) => {
    const within = at({ text: laneOuter.text, step: near(each) }, 1);
    const row = laneK.text === '' ? '' : ` + (${at({ text: laneK.text, step: 0 }, perK)}) * ${stride}u`;
    if (mode === 'outer') return code(`let ${slot(each)} = ${within}${row};`);
    return code(`let ${slot(each)} = (${within}) / 4u${row};\nlet ${part(each)} = (${within}) % 4u;`);
  });
  const before = [
    ...firsts(outerTag).map((each) =>
      code(operand.outer(`(${first} + ${at(each.outer, perOuter)})`, outerTag(each), 'z')),
    ),
    ...firsts(outerTag).flatMap((each) =>
      operand.masked?.outer && mode === 'scalars' ? [code(operand.masked.outer(outerTag(each)))] : [],
    ),
    ...slots,
    ...(runs && laneK.text !== ''
      ? [code(`let apart_${name} = i32(${at({ text: laneK.text, step: 0 }, runs.step)});`)]
      : []),
    ...(problem.k % k !== 0 || operand.fours?.inside || (mode === 'scalars' && operand.masked)
      ? flags.map((each) => code(`var ${flag(each)} = ${operand.fours?.inside ? 'vec4<bool>()' : 'false'};`))
      : []),
    ...fills.map(({ fill }) => code(`var next_${name}${fill} = ${mode === 'scalars' ? '0.0' : 'vec4f()'};`)),
  ];
  const depths = firsts(kTag).flatMap((each) => {
    const index = `at${kTag(each)}`;
    const place = runs ? '' : ` + ${at(each.k, perK)}`;
    return [code(`let ${index} = k0${place};`), code(operand.inner(index, kTag(each), 'z'))];
  });
  const runFirst = (each: (typeof fills)[number]): string => `run${outerTag(each)}`;
  const runStarts = runs
    ? firsts(outerTag).map((each) => {
        const lane = laneK.text === '' ? '' : ` + apart_${name}`;
        return code(`let ${runFirst(each)} = ${runs.first(outerTag(each), kTag(each))}${lane};`);
      })
    : [];
  const { masked, vectors, fours } = operand;
  /** What is known to be zero whatever the load finds: outside of the operand, or behind the last term. */
  const insideOf = (each: (typeof fills)[number]): string[] => [
    ...(mode === 'scalars' && masked ? [masked.inside(outerTag(each), kTag(each))] : []),
    ...(fours?.inside ? [fours.inside(outerTag(each), kTag(each))] : []),
    ...(problem.k % k === 0
      ? []
      : [fours?.inside ? `vec4<bool>(at${kTag(each)} < K)` : `at${kTag(each)} < K`]),
  ];
  const loads = fills.map((each) => {
    const read = mode === 'scalars' ? (masked?.value ?? operand.at) : (vectors ?? fours)!.at;
    const value = runs
      ? runs.value(`${runFirst(each)} + ${each.k.step * runs.step}`)
      : read(outerTag(each), kTag(each));
    const inside = flags.includes(each) ? insideOf(each) : [];
    const load = `next_${name}${each.fill} = ${value};`;
    return code(
      inside.length === 0 ? load : `${load}  ${flag(each)} = ${inside.join(fours?.inside ? ' & ' : ' && ')};`,
    );
  });
  /** The load's result, compared where it is used, so that the text before does not wait for it. */
  const arrived = (each: (typeof fills)[number]): string => {
    const next = `next_${name}${each.fill}`;
    if (insideOf(each).length === 0) return next;
    return `select(${mode === 'scalars' ? '0.0' : 'vec4f()'}, ${next}, ${flag(each)})`;
  };
  const writes = (to: string): Wgsl[] =>
    fills.map((each) => {
      const place = (step: number): string =>
        `tile_${name}[${to} + ${slot(each)} + ${distance(each) + step * stride}u]`;
      if (mode === 'outer') return code(`${place(0)} = ${arrived(each)};`);
      if (mode === 'scalars') return code(`${place(0)}[${part(each)}] = ${arrived(each)};`);
      const parts = range(4).map((step) => `${place(step)}[${part(each)}] = now.${'xyzw'[step]!};`);
      return code(`{ let now = ${arrived(each)};  ${parts.join('  ')} }`);
    });
  return {
    mode,
    stride,
    before: wgsl`${before}`,
    // A block's braces keep the names of two loads of one text apart.
    load: wgsl`
      {
        ${only([...depths, ...runStarts, ...loads])}
      }`,
    write: (to) => only(writes(to)),
  };
}
