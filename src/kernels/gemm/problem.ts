/**
 * One implicit matrix product: out[m, n] = sum over k of A[m, k] B[k, n], for each z. How A and B are read and
 * where (m, n, z) is stored is data, so matmul, convolution, and its gradients are one family of kernels.
 */
import { product, type Shape } from '../../shape.ts';
import { broadcastIndex } from '../broadcast.ts';
import { loaded as asF32, stored } from '../element.ts';
import {
  type Binding,
  type Element,
  GROUP_INDEX,
  linearGrid,
  read,
  type Sizes,
  touching,
  write,
} from '../kernel.ts';
import type { OperandRef, TensorSpec } from '../lowering.ts';
import { type Program, programText } from '../program.ts';
import { code, type Wgsl, wgsl } from '../wgsl.ts';

/**
 * How one operand is read. `outer` is m for A, n for B. Every name that the statements make ends in the
 * given tag, so that they can be repeated. Reads beyond the operand are clamped by robust access and must
 * only ever reach results that are not stored, except along k, where `guardK` makes them zero.
 */
export interface Operand {
  readonly binding: Binding;
  /** Which of the op's inputs it is, or a scratch array. */
  readonly input: OperandRef;
  /** Statements that depend on the outer index alone: run once. */
  readonly outer: (index: string, tag: string, z: string) => string;
  /** Statements that depend on k alone. */
  readonly inner: (k: string, tag: string, z: string) => string;
  /** The element, an f32 expression over what `outer` and `inner` made. */
  readonly at: (outerTag: string, innerTag: string) => string;
  /**
   * Where four elements that begin at a multiple of four along an axis lie side by side, or `apart` elements apart in as many
   * vectors side by side: the axis, and the vec4f.
   */
  readonly vectors?: {
    readonly along: 'outer' | 'k';
    readonly apart?: number;
    readonly at: (outerTag: string, innerTag: string) => string;
  };
  /**
   * Where some elements lie outside and count as zero: the same in two steps, so that a kernel can compare after the load
   * has arrived. `value` reads whatever is there, `inside` is a bool; `outer` has statements more for the outer index.
   */
  readonly masked?: {
    readonly outer?: (tag: string) => string;
    readonly value: (outerTag: string, innerTag: string) => string;
    readonly inside: (outerTag: string, innerTag: string) => string;
  };
  /**
   * Where four terms from a multiple of four on lie a fixed distance apart, but at no multiple of four in memory: the vec4f, read
   * number by number, and which of them are inside (a vec4<bool>; default all).
   */
  readonly fours?: {
    readonly at: (outerTag: string, innerTag: string) => string;
    readonly inside?: (outerTag: string, innerTag: string) => string;
  };
  /** Where terms lie a fixed distance apart. */
  readonly runs?: Runs;
  /** Neighbours in k lie nearer than neighbours in the outer axis. */
  readonly kFirst?: true;
  /** What its statements read as `sizes.name`. */
  readonly sizes?: Sizes;
}

/**
 * Runs of `depth` terms, from multiples of it on: each term's element lies `step` elements behind the one before it, and all
 * are inside where the first one is.
 */
export interface Runs {
  readonly depth: number;
  readonly step: number;
  /** Of whole cache lines, for each number. */
  readonly bytes: number;
  /** WGSL, i32: where the element of a run's first term lies, over what `outer` and `inner` made. */
  readonly first: (outerTag: string, innerTag: string) => string;
  /** WGSL, f32: the element there. */
  readonly value: (place: string) => string;
}

/** Its binding for kernels that read it by `vectors` where it has them. */
export const vectorBinding = ({ binding, vectors }: Operand): Binding =>
  vectors ? { ...binding, vector: true } : binding;

export interface GemmProblem {
  readonly label: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /**
   * The sum runs over the batch: kernels read k from `sizes`, so that other batches share the text. Default: k is in
   * the text.
   */
  readonly kVaries?: true;
  /** Independent products: batches, groups. */
  readonly z: number;
  readonly a: Operand;
  readonly b: Operand;
  readonly store: Store;
  /** What `store` reads as `sizes.name`. */
  readonly sizes?: Sizes;
  readonly outShape: Shape;
  /** What the result is stored as; default f32. */
  readonly outElement?: Element;
  readonly epilogue?: Epilogue;
}

/**
 * Flat index into the result, the sum of two u32 expressions: one of the row and the product, and one of the column,
 * which costs divisions and is the same in every row.
 */
export interface Store {
  readonly row: (m: string, z: string) => string;
  readonly column: (n: string) => string;
  /** Four columns from a multiple of four on lie side by side, the first at a multiple of four. */
  readonly inFours?: boolean;
}

/** Where the place of a result is at hand. */
export const AT_COLUMN: Store = { row: () => '0u', column: (n) => n };

/** Applied to each sum before it is stored. Program input 0 is the sum. */
export interface Epilogue {
  readonly program: Program;
  /** Program inputs 1.., broadcast against the result. */
  readonly operands: readonly TensorSpec[];
  /** Which of the op's inputs they are. */
  readonly inputs: readonly number[];
}

/** Bindings in order: a, b, the epilogue's operands, out. */
export const gemmBindings = (problem: GemmProblem): Binding[] => [
  problem.a.binding,
  problem.b.binding,
  ...resultBindings(problem),
];

/** Those of the result: the epilogue's operands, out. */
export const resultBindings = ({ m, n, z, epilogue, outShape, outElement }: GemmProblem): Binding[] => [
  ...(epilogue?.operands ?? []).map(({ shape, element }, i) => read(`extra${i}`, product(shape), element)),
  touching(m * n * z, write('out', product(outShape), outElement)),
];

export const gemmFlops = ({ m, n, k, z }: GemmProblem): number => 2 * m * n * k * z;

/**
 * What a kernel that cuts each product into `tilesM` x `tilesN` tiles, a workgroup each, has beside its text and bindings.
 * Its text begins with `tileOfGroup`.
 */
export function tiledProduct(problem: GemmProblem, tilesM: number, tilesN: number) {
  const { a, b, m, n, k, z } = problem;
  const tiles = tilesM * tilesN;
  const groups = tiles * z;
  const sizes: Sizes = {
    ...a.sizes,
    ...b.sizes,
    ...problem.sizes,
    ...{ m, n, k, z },
    ...{ tiles_m: tilesM, tiles_n: tilesN, tiles, groups },
  };
  return { grid: linearGrid(groups), sizes, flops: gemmFlops(problem) };
}

/** Statements that name the workgroup's `tile` of all, its product `z`, and the tile's place `within` that; groups too many end. */
export const tileOfGroup = ({ z }: GemmProblem): Wgsl => wgsl`
  let tile = ${code(GROUP_INDEX)};
  if (tile >= sizes.groups) { return; }
  ${code(
    z === 1
      ? 'let z = 0u;  let within = tile;'
      : 'let z = tile / sizes.tiles;  let within = tile - z * sizes.tiles;',
  )}`;

/** Statements at the head of a kernel whose loops and guards name them. */
export const namedSizes = ({ k, kVaries }: GemmProblem): Wgsl =>
  code(`let M = sizes.m;  let N = sizes.n;  ${kVaries ? 'let K = sizes.k;' : `const K = ${k}u;`}`);

/**
 * Statements that store `sum` at row m of product z through the epilogue, in the column whose part of the index `column`
 * is. `tag` keeps repeated stores apart; `loaded` names values of epilogue operands that are at hand already.
 */
export function storeStatements(
  problem: GemmProblem,
  names: { m: string; z: string; column: string },
  sum: string,
  tag: string,
  loaded: ReadonlyMap<number, string> = new Map(),
): Wgsl {
  const index = `at${tag}`;
  const [at, row, column] = [code(index), code(problem.store.row(names.m, names.z)), code(names.column)];
  const { epilogue, outShape, outElement = 'f32' } = problem;
  if (!epilogue) {
    return wgsl`
      let ${at} = ${row} + ${column};
      out[${at}] = ${code(stored(outElement, sum))};`;
  }
  const extras = epilogue.operands.flatMap(({ shape }, i) => {
    const extra = code(extraAt(problem, i, broadcastIndex(index, outShape, shape)));
    return loaded.has(i) ? [] : [wgsl`let e${code(tag)}_${i} = ${extra};`];
  });
  const inputs = [sum, ...epilogue.operands.map((_, i) => loaded.get(i) ?? `e${tag}_${i}`)];
  const { statements, result } = programText(epilogue.program, inputs, `t${tag}_`);
  return wgsl`
    let ${at} = ${row} + ${column};
    ${[...extras, statements]}
    out[${at}] = ${code(stored(outElement, result))};`;
}

/** `resultBindings` for kernels that store by `storeFour`. */
export const resultInFours = (problem: GemmProblem): Binding[] =>
  resultBindings(problem).map((binding, i, all) =>
    i === all.length - 1 || whole(problem, i) ? { ...binding, vector: true } : binding,
  );

/** Whether the epilogue's operand `i` has an element for each result. */
const whole = ({ epilogue, outShape }: GemmProblem, i: number): boolean => {
  const shape = epilogue?.operands[i]?.shape;
  return shape !== undefined && product(shape) === product(outShape);
};

/** As `storeStatements`, of four columns of a store `inFours`; `sums` are four f32. */
export function storeFour(
  problem: GemmProblem,
  names: { m: string; z: string; column: string },
  sums: readonly string[],
  tag: string,
  loaded: ReadonlyMap<number, string> = new Map(),
): Wgsl {
  const { epilogue, outShape, outElement = 'f32' } = problem;
  const index = `at${tag}`;
  const head = code(`let ${index} = ${problem.store.row(names.m, names.z)} + ${names.column};`);
  const operands = epilogue?.operands ?? [];
  const vectors = operands.flatMap((_, i) =>
    whole(problem, i) && !loaded.has(i) ? [code(`let v${tag}_${i} = vec4f(extra${i}[${index} / 4u]);`)] : [],
  );
  const results = sums.map((sum, c) => {
    const each = `${tag}_${c}`;
    const inputs = operands.map(({ shape }, i) => {
      if (loaded.has(i)) return { name: loaded.get(i)!, text: [] };
      if (whole(problem, i)) return { name: `v${tag}_${i}.${'xyzw'[c]!}`, text: [] };
      const value = extraAt(problem, i, broadcastIndex(`(${index} + ${c}u)`, outShape, shape));
      return { name: `e${each}_${i}`, text: [code(`let e${each}_${i} = ${value};`)] };
    });
    if (!epilogue) return { statements: [], result: sum };
    const { statements, result } = programText(
      epilogue.program,
      [sum, ...inputs.map(({ name }) => name)],
      `t${each}_`,
    );
    return { statements: [...inputs.flatMap(({ text }) => text), statements], result };
  });
  const all = results.map(({ result }) => result).join(', ');
  return wgsl`
    ${head}
    ${[...vectors, ...results.flatMap(({ statements }) => statements)]}
    out[${code(index)} / 4u] = ${code(`vec4<${outElement}>(vec4f(${all}))`)};`;
}

/** WGSL, f32: element `index` of the epilogue's operand `i`. */
export const extraAt = ({ epilogue }: GemmProblem, i: number, index: string): string =>
  asF32(epilogue!.operands[i]!.element, `extra${i}[${index}]`);

/** Epilogue operands of a convolution that hold one number per output channel, which is its row. */
export const perChannel = ({ epilogue, outShape, m }: GemmProblem): number[] =>
  (epilogue?.operands ?? []).flatMap(({ shape }, i) =>
    outShape.length === 4 && outShape[1] === m && shape.at(-3) === m && product(shape) === m ? [i] : [],
  );

/** `value` where k is inside the sum of K terms, else 0; nothing where the loop never leaves it. */
export const guardK = (value: string, k: string, problem: GemmProblem, step: number): string =>
  problem.k % step === 0 ? value : `select(0.0, ${value}, ${k} < K)`;
