/**
 * How a workgroup loads a tile of an operand into its memory: [k][outer], four of the outer axis to a vec4f, so that an
 * invocation fetches its rows or columns of one k in few wide reads. Global memory is read in two steps, into registers
 * and from there into the tile, so that the next tile is on its way while this one is multiplied.
 */
import { range } from '../../../shape.ts';
import { code, type Wgsl, wgsl } from '../../wgsl.ts';
import type { GemmProblem, Operand } from '../problem.ts';

/**
 * `scalars`: four loads of a number each make a vec4f, neighbouring invocations reading neighbouring numbers. `outer`:
 * four of the outer axis lie side by side in memory: one load. `k`: four k lie side by side: an invocation loads four
 * vectors and transposes the 4 x 4 block.
 */
export type LoadMode = 'scalars' | 'outer' | 'k';

export interface TileLoads {
  readonly mode: LoadMode;
  /** Vectors between one k and the next in the tile. */
  readonly stride: number;
  /** WGSL: the outer index, from the tile's first on, of component `c` of vector `group`. */
  readonly outerOf: (group: string, c: string | number) => string;
  /** Statements before the loop over k: what depends on the outer index alone. */
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

export const loadMode = (operand: Operand): LoadMode => operand.vectors?.along ?? 'scalars';

/** Tiles written by invocations neighbouring in k get one spare vector per row, to avoid bank conflicts. */
export function tileStride(operand: Operand, outer: number): number {
  const neighboursInK = loadMode(operand) === 'k' || (loadMode(operand) === 'scalars' && operand.kFirst);
  return outer / 4 + (neighboursInK ? 1 : 0);
}

/** True, or why the tile cannot be shared out among the invocations. */
export function loadsFit(operand: Operand, { outer, k, invocations }: TileSizes): true | string {
  const pieces = loadMode(operand) === 'k' ? (outer / 4) * (k / 4) : (outer / 4) * k;
  if (pieces % invocations === 0 || invocations % pieces === 0) return true;
  return `${pieces} loads of a tile do not come out even among ${invocations} invocations`;
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
  const groups = outer / 4;
  const stride = tileStride(operand, outer);
  const first = name === 'a' ? 'first_m' : 'first_n';
  const pieces = mode === 'k' ? groups * (k / 4) : groups * k;
  const kSteps = mode === 'k' ? k / 4 : k;
  // The axis contiguous in memory varies fastest, so that neighbouring invocations read neighbouring numbers.
  const kRunsFirst = mode === 'k' || (mode === 'scalars' && operand.kFirst === true);
  const fills = range(Math.ceil(pieces / invocations));
  const some = pieces < invocations;
  const only = (body: readonly Wgsl[]): Wgsl =>
    some
      ? wgsl`
        if (lane < ${pieces}u) {
          ${body}
        }`
      : wgsl`${body}`;
  const piece = (i: number): string => (i === 0 ? 'lane' : `(lane + ${i * invocations}u)`);
  const groupOf = (i: number): string =>
    kRunsFirst ? `(${piece(i)} / ${kSteps}u)` : `(${piece(i)} % ${groups}u)`;
  const kOf = (i: number): string => {
    const step = kRunsFirst ? `(${piece(i)} % ${kSteps}u)` : `(${piece(i)} / ${groups}u)`;
    return mode === 'k' ? `${step} * 4u` : step;
  };
  // Interleaved, neighbouring groups' scalars are neighbours in memory; vectors along the outer axis are not apart.
  const interleaved = mode === 'scalars' && !kRunsFirst;
  const outerOf = (group: string, c: string | number): string =>
    interleaved
      ? `${group} + ${c}${typeof c === 'number' ? 'u' : ''} * ${groups}u`
      : `${group} * 4u + ${c}${typeof c === 'number' ? 'u' : ''}`;
  const tag = (i: number, c: number): string => `_${name}${i}_${c}`;
  const vectors = mode === 'outer' ? [0] : [0, 1, 2, 3];
  const before = fills.flatMap((i) =>
    vectors.map((c) => code(operand.outer(`(${first} + ${outerOf(groupOf(i), c)})`, tag(i, c), 'z'))),
  );
  const guarded = (value: string, at: string, zero: string): string =>
    problem.k % k === 0 ? value : `select(${zero}, ${value}, ${at} < K)`;
  const loads = fills.flatMap((i): Wgsl[] => {
    const at = `k_${name}${i}`;
    const place = [code(`let ${at} = k0 + ${kOf(i)};`), code(operand.inner(at, `_${name}k${i}`, 'z'))];
    const scalar = (c: number): string => guarded(operand.at(tag(i, c), `_${name}k${i}`), at, '0.0');
    if (mode === 'scalars')
      return [...place, code(`next_${name}${i} = vec4f(${vectors.map(scalar).join(', ')});`)];
    const vector = (c: number): string =>
      guarded(operand.vectors!.at(tag(i, c), `_${name}k${i}`), at, 'vec4f()');
    return [
      ...place,
      ...vectors.map((c) => code(`next_${name}${i}${mode === 'k' ? `_${c}` : ''} = ${vector(c)};`)),
    ];
  });
  /** From the registers of one fill into the tile, whose first vector is `to`. */
  const writes = (i: number, to: string): Wgsl[] => {
    const place = (step: number): string =>
      `tile_${name}[${to} + (${kOf(i)} + ${step}u) * ${stride}u + ${groupOf(i)}]`;
    if (mode !== 'k') return [code(`${place(0)} = next_${name}${i};`)];
    return vectors.map((step) => {
      const transposed = vectors.map((c) => `next_${name}${i}_${c}.${'xyzw'[step]!}`);
      return code(`${place(step)} = vec4f(${transposed.join(', ')});`);
    });
  };
  const registers = fills.flatMap((i) =>
    mode === 'k'
      ? vectors.map((c) => wgsl`var next_${code(name)}${i}_${c} = vec4f();`)
      : [wgsl`var next_${code(name)}${i} = vec4f();`],
  );
  return {
    mode,
    stride,
    outerOf,
    before: wgsl`${[...before, ...registers]}`,
    // A block's braces keep the names of two loads of one text apart.
    load: wgsl`
      {
        ${only(loads)}
      }`,
    write: (to) => only(fills.flatMap((i) => writes(i, to))),
  };
}
