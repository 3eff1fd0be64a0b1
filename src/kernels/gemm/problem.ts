/**
 * One implicit matrix product: out[m, n] = sum over k of A[m, k] B[k, n], for each z. How A and B are read and
 * where (m, n, z) is stored is data, so matmul, convolution, and its gradients are one family of kernels.
 */
import { product, type Shape } from '../../shape.ts';
import { broadcastIndex } from '../broadcast.ts';
import { loaded as asF32, stored } from '../element.ts';
import {
  type Binding,
  type DeviceFacts,
  type Element,
  type Kernel,
  read,
  touching,
  write,
} from '../kernel.ts';
import type { TensorSpec } from '../lowering.ts';
import { type Program, programText } from '../program.ts';
import { code, type Wgsl } from '../wgsl.ts';

/**
 * How one operand is read. `outer` is m for A, n for B. Every name that the statements make ends in the
 * given tag, so that they can be repeated. Reads beyond the operand are clamped by robust access and must
 * only ever reach results that are not stored, except along k, where `guardK` makes them zero.
 */
export interface Operand {
  readonly binding: Binding;
  /** Which of the op's inputs it is. */
  readonly input: number;
  /** Statements that depend on the outer index alone: run once. */
  readonly outer: (index: string, tag: string, z: string) => string;
  /** Statements that depend on k alone. */
  readonly inner: (k: string, tag: string, z: string) => string;
  /** The element, an f32 expression over what `outer` and `inner` made. */
  readonly at: (outerTag: string, innerTag: string) => string;
  /** Where four elements that begin at a multiple of four along an axis lie side by side: the axis, and the vec4f. */
  readonly vectors?: {
    readonly along: 'outer' | 'k';
    readonly at: (outerTag: string, innerTag: string) => string;
  };
  /** Neighbours in k lie nearer than neighbours in the outer axis. */
  readonly kFirst?: true;
}

/** Its binding for kernels that read it by `vectors` where it has them. */
export const vectorBinding = ({ binding, vectors }: Operand): Binding =>
  vectors ? { ...binding, vector: true } : binding;

export interface GemmProblem {
  readonly label: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Independent products: batches, groups. */
  readonly z: number;
  readonly a: Operand;
  readonly b: Operand;
  /** Flat index into the result from `m`, `n`, `z` (u32 names). */
  readonly store: (m: string, n: string, z: string) => string;
  readonly outShape: Shape;
  /** What the result is stored as; default f32. */
  readonly outElement?: Element;
  readonly epilogue?: Epilogue;
}

/** What is done to each sum before it is stored. Program input 0 is the sum. */
export interface Epilogue {
  readonly program: Program;
  /** Program inputs 1.., broadcast against the result. */
  readonly operands: readonly TensorSpec[];
  /** Which of the op's inputs they are. */
  readonly inputs: readonly number[];
}

/** A variant: its search space, whether it fits, what to take unmeasured, and how it is built. */
export interface GemmVariant<T> {
  readonly name: string;
  readonly tiles: { readonly [K in keyof T]: readonly T[K][] };
  /** True, or a sentence that says why not. */
  readonly fits: (tile: T, problem: GemmProblem, device: DeviceFacts) => true | string;
  /** Null where another variant suits this class of adapter. */
  readonly guess: (problem: GemmProblem, device: DeviceFacts) => T | null;
  readonly build: (problem: GemmProblem, tile: T, device: DeviceFacts) => Kernel;
}

/** Bindings in order: a, b, the epilogue's operands, out. */
export function gemmBindings(problem: GemmProblem, outLength: number): Binding[] {
  const extras = problem.epilogue?.operands ?? [];
  return [
    problem.a.binding,
    problem.b.binding,
    ...extras.map(({ shape, element }, i) => read(`extra${i}`, product(shape), element)),
    touching(problem.m * problem.n * problem.z, write('out', outLength, problem.outElement)),
  ];
}

export const gemmFlops = ({ m, n, k, z }: GemmProblem): number => 2 * m * n * k * z;

/**
 * Statements that store `sum` at (m, n, z) through the epilogue. `tag` keeps repeated stores apart; `loaded` names
 * values of epilogue operands that are at hand already.
 */
export function storeStatements(
  problem: GemmProblem,
  names: { m: string; n: string; z: string },
  sum: string,
  tag: string,
  loaded: ReadonlyMap<number, string> = new Map(),
): Wgsl {
  const index = `at${tag}`;
  const place = `let ${index} = ${problem.store(names.m, names.n, names.z)};`;
  const { epilogue, outShape, outElement = 'f32' } = problem;
  if (!epilogue) return code(`${place}\nout[${index}] = ${stored(outElement, sum)};`);
  const extras = epilogue.operands.flatMap((_, i) =>
    loaded.has(i)
      ? []
      : [
          `let e${tag}_${i} = ${extraAt(problem, i, broadcastIndex(index, outShape, epilogue.operands[i]!.shape))};`,
        ],
  );
  const inputs = [sum, ...epilogue.operands.map((_, i) => loaded.get(i) ?? `e${tag}_${i}`)];
  const { statements, result } = programText(epilogue.program, inputs, `t${tag}_`);
  return code(
    [place, ...extras, statements.text, `out[${index}] = ${stored(outElement, result)};`].join('\n'),
    ...statements.functions,
  );
}

/** WGSL, f32: element `index` of the epilogue's operand `i`. */
export const extraAt = ({ epilogue }: GemmProblem, i: number, index: string): string =>
  asF32(epilogue!.operands[i]!.element, `extra${i}[${index}]`);

/** Epilogue operands of a convolution that hold one number per output channel, which is its row. */
export const perChannel = ({ epilogue, outShape, m }: GemmProblem): number[] =>
  (epilogue?.operands ?? []).flatMap(({ shape }, i) =>
    outShape.length === 4 && outShape[1] === m && shape.at(-3) === m && product(shape) === m ? [i] : [],
  );

/** `value` where k is inside the sum, else 0; nothing where the loop never leaves it. */
export const guardK = (value: string, k: string, problem: GemmProblem, step: number): string =>
  problem.k % step === 0 ? value : `select(0.0, ${value}, ${k} < ${problem.k}u)`;

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
