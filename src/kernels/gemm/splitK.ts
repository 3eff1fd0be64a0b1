/** Long sums cut into parts that are added up in a fixed order: with few results, the parts keep an adapter busy. */
import { product, range } from '../../shape.ts';
import { type DeviceFacts, type Kernel, read, write } from '../kernel.ts';
import { perElement } from '../perElement.ts';
import { code, type Wgsl, wgsl } from '../wgsl.ts';
import { guessSplits, ratesOf, sizesOf } from './blocked/rule.ts';
import { AT_COLUMN, type GemmProblem, type Operand, resultBindings, storeStatements } from './problem.ts';
import { subgroupMatrix } from './subgroupMatrix.ts';

/** Number of parts that a long sum is cut into, so that all cores of the adapter have work. 1: not cut. */
export function splitsFor(problem: GemmProblem, device: DeviceFacts): number {
  const matrices = subgroupMatrix.guess(problem, device) !== null;
  // Tiny products (`plain`) are done before parts are added up.
  if (!device.software && !matrices)
    return problem.m <= 4 && problem.k < 256
      ? 1
      : guessSplits(sizesOf(problem), MOST_SPLITS, ratesOf(device));
  const [wanted, side] = matrices ? [264, 64] : [16, 16];
  const groups = Math.ceil(problem.m / side) * Math.ceil(problem.n / side) * problem.z;
  const most = Math.floor(problem.k / 256);
  return Math.max(1, Math.min(most, Math.ceil(wanted / Math.max(1, groups)), MOST_SPLITS));
}

export const MOST_SPLITS = 64;
/** On a GPU parts of a sum begin at multiples of so many terms: loads of four then never straddle two of them. */
const PART_DEPTH = 16;

/**
 * The problem with its sum cut into `splits` parts, each stored in a row of its own of a scratch array, and the
 * kernel that adds the rows in order (so the result does not depend on timing) and applies the epilogue.
 */
export function splitK(
  problem: GemmProblem,
  splits: number,
  device: DeviceFacts,
): { partial: GemmProblem; total: Kernel; words: number } {
  const { m, n, k, z } = problem;
  const depth = device.software ? Math.ceil(k / splits) : Math.ceil(k / splits / PART_DEPTH) * PART_DEPTH;
  const size = product(problem.outShape);
  const inside = (zero: string, value: string, innerTag: string): string =>
    depth * splits === k ? value : `select(${zero}, ${value}, all${innerTag} < sizes.terms)`;
  const shifted = (operand: GemmProblem['a']): GemmProblem['a'] => ({
    ...operand,
    outer: (index, tag, each) => operand.outer(index, tag, `(${each} / sizes.splits)`),
    inner: (at, tag, each) =>
      `let all${tag} = ${at} + (${each} % sizes.splits) * K;\n${operand.inner(`all${tag}`, tag, `(${each} / sizes.splits)`)}`,
    at: (outerTag, innerTag) => inside('0.0', operand.at(outerTag, innerTag), innerTag),
    masked: maskedPart(operand, depth * splits === k),
    fours: operand.fours && foursPart(operand.fours, depth * splits === k),
    vectors: operand.vectors && {
      ...operand.vectors,
      at: (outerTag, innerTag) => inside('vec4f()', operand.vectors!.at(outerTag, innerTag), innerTag),
    },
  });
  const partial: GemmProblem = {
    ...problem,
    label: `${problem.label} part`,
    k: depth,
    kVaries: true,
    z: z * splits,
    a: shifted(problem.a),
    b: shifted(problem.b),
    store: {
      row: (row, each) =>
        `(${each} % sizes.splits) * sizes.part + ${problem.store.row(row, `(${each} / sizes.splits)`)}`,
      column: problem.store.column,
      ...(problem.store.inFours !== undefined && { inFours: problem.store.inFours && size % 4 === 0 }),
    },
    sizes: { ...problem.sizes, splits, part: size, terms: k },
    outShape: [splits, size],
    outElement: 'f32',
    epilogue: undefined,
  };
  const flat: GemmProblem = { ...problem, store: AT_COLUMN };
  const bindings = resultBindings(problem);
  const store = storeStatements(flat, { m: '0u', z: '0u', column: 'i' }, 'sum', '');
  const abreast = device.software ? 1 : abreastOf(splits);
  const total = perElement(
    {
      label: `${problem.label} total of ${splits}`,
      bindings: [
        read('parts', splits * size),
        ...bindings.slice(0, -1),
        write('out', size, problem.outElement),
      ],
      total: size,
      flops: splits * m * n * z,
      sizes: { splits },
      layout: "parts [splits, out]: one lane adds one element's parts in order.",
      body: wgsl`
        var sum = 0.0;
        ${inOrder(abreast)}
        ${store}`,
    },
    device,
  );
  return { partial, total, words: splits * size };
}

/** Most parts whose loads are under way at once. */
const ABREAST = 16;

/** The largest power of two that goes into `splits`, `ABREAST` at most. */
const abreastOf = (splits: number): number => {
  let abreast = 1;
  while (abreast < ABREAST && splits % (2 * abreast) === 0) abreast *= 2;
  return abreast;
};

/** Statements that add parts to `sum` in order, `abreast` of them loaded before the first is added. */
function inOrder(abreast: number): Wgsl {
  if (abreast === 1)
    return code('for (var part = 0u; part < sizes.splits; part++) { sum += parts[part * sizes.total + i]; }');
  const parts = range(abreast);
  return wgsl`
        for (var part = 0u; part < sizes.splits; part += ${abreast}u) {
          ${parts.map((p) => code(`let part${p} = parts[(part + ${p}u) * sizes.total + i];`))}
          ${parts.map((p) => code(`sum += part${p};`))}
        }`;
}

/** The same of four terms at once. */
function foursPart(fours: NonNullable<Operand['fours']>, even: boolean): Operand['fours'] {
  if (even) return fours;
  const { at, inside } = fours;
  return {
    at,
    inside: (o, i) => `vec4<bool>(all${i} < sizes.terms)${inside ? ` & ${inside(o, i)}` : ''}`,
  };
}

/** A part's last terms may belong to the next one's sum, or lie behind all. @param even whether none does */
function maskedPart(operand: Operand, even: boolean): Operand['masked'] {
  if (even) return operand.masked;
  const ofTerm = (innerTag: string): string => `all${innerTag} < sizes.terms`;
  const { masked } = operand;
  return {
    ...masked,
    value: masked?.value ?? operand.at,
    inside: (o, i) => (masked ? `${ofTerm(i)} && ${masked.inside(o, i)}` : ofTerm(i)),
  };
}
