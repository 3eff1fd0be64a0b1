/** How the operands of a convolution and of its two gradients are read, as rows and columns of a product. */

import { range } from '../../shape.ts';
import type { Element } from '../kernel.ts';
import { read } from '../kernel.ts';
import type { OperandRef } from '../lowering.ts';
import type { Operand, Runs } from './problem.ts';

/** All sizes of a convolution; y = conv(x, w). */
export interface ConvSizes {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly cout: number;
  readonly kh: number;
  readonly kw: number;
  readonly oh: number;
  readonly ow: number;
  readonly groups: number;
  readonly stride: readonly [number, number];
  /** top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
}

export const perGroup = (s: ConvSizes): { cin: number; cout: number } => ({
  cin: s.c / s.groups,
  cout: s.cout / s.groups,
});

/**
 * Terms of a product's sum: every tap of a channel, then the next channel; or `TAP_RUN` channels of a tap, the same of every
 * other tap, then the next channels.
 */
export type TermOrder = 'channels' | 'taps';

/** Channels are a multiple of it where taps come first. */
export const TAP_RUN = 16;

/** A row-major matrix [z][rows][k] (or [z][k][rows] with `transposed`) as it lies in memory. */
export function matrix(
  name: string,
  input: OperandRef,
  element: Element,
  length: number,
  sizes: {
    outer: number;
    k: number;
    /** WGSL, u32: which matrix of memory product z reads, in units of `matrix` elements. */
    perZ: (z: string) => string;
    matrix: number;
    transposed: boolean;
  },
): Operand {
  const { outer, k, perZ, matrix, transposed } = sizes;
  const pitch = `${name}_pitch`;
  return {
    binding: read(name, length, element),
    input,
    sizes: { [pitch]: transposed ? outer : k, [`${name}_matrix`]: matrix },
    outer: (index, tag, z) =>
      `let o${tag} = ${perZ(z)} * sizes.${name}_matrix + ${transposed ? index : `${index} * sizes.${pitch}`};`,
    inner: (at, tag) => `let i${tag} = ${transposed ? `${at} * sizes.${pitch}` : at};`,
    at: (o, i) => `f32(${name}[o${o} + i${i}])`,
    ...(!transposed && { kFirst: true }),
    ...((transposed ? outer : k) % 4 === 0 && {
      vectors: {
        along: transposed ? 'outer' : 'k',
        at: (o, i) => `vec4f(${name}[(o${o} + i${i}) / 4u])`,
      },
    }),
  };
}

/** x as B[k = (ci, ky, kx) or as `order` says, n = (image, oy, ox)] of the forward convolution. */
export function patches(
  s: ConvSizes,
  input: number,
  element: Element,
  order: TermOrder = 'channels',
): Operand {
  const { cin } = perGroup(s);
  const taps = s.kh * s.kw;
  const padded = s.padding.some((p) => p > 0);
  // Every position once, in order.
  const whole = taps === 1 && !padded && s.stride.every((step) => step === 1) && (s.h * s.w) % 4 === 0;
  return {
    binding: read('x', s.n * s.c * s.h * s.w, element),
    input,
    outer: (index, tag, z) => `
let p${tag} = ${index} % ${s.oh * s.ow}u;
let y${tag} = i32(p${tag} / ${s.ow}u) * ${s.stride[0]} - ${s.padding[0]};
let x${tag} = i32(p${tag} % ${s.ow}u) * ${s.stride[1]} - ${s.padding[2]};
let o${tag} = i32((${index} / ${s.oh * s.ow}u) * ${s.c * s.h * s.w}u + ${z} * ${cin * s.h * s.w}u) + y${tag} * ${s.w} + x${tag};`,
    inner: (k, tag) => {
      if (taps === 1) return `let i${tag} = i32(${k}) * ${s.h * s.w};\nlet dy${tag} = 0;\nlet dx${tag} = 0;`;
      const { tap, channel } = termParts(k, order, taps);
      return `
let tap${tag} = ${tap};
let dy${tag} = i32(tap${tag} / ${s.kw}u) * ${s.dilation[0]};
let dx${tag} = i32(tap${tag} % ${s.kw}u) * ${s.dilation[1]};
let i${tag} = i32(${channel}) * ${s.h * s.w} + dy${tag} * ${s.w} + dx${tag};`;
    },
    at: (o, i) => {
      const value = `f32(x[o${o} + i${i}])`;
      if (!padded) return value;
      // A negative coordinate becomes a huge unsigned one: one comparison per axis.
      return `select(0.0, ${value}, u32(y${o} + dy${i}) < ${s.h}u && u32(x${o} + dx${i}) < ${s.w}u)`;
    },
    ...(padded &&
      taps > 1 && {
        masked: {
          ...(taps <= MASK_BITS && { outer: (tag) => insideMask(s, tag) }),
          value: (o, i) => `f32(x[o${o} + i${i}])`,
          inside: (o, i) =>
            taps <= MASK_BITS
              ? `((mask${o} >> tap${i}) & 1u) == 1u`
              : `u32(y${o} + dy${i}) < ${s.h}u && u32(x${o} + dx${i}) < ${s.w}u`,
        },
      }),
    ...(whole && { vectors: { along: 'outer', at: (o, i) => `vec4f(x[u32(o${o} + i${i}) / 4u])` } }),
    ...(order === 'taps' && { runs: runsOfTap('x', s.h * s.w, s.ow, s.stride[1]) }),
  };
}

/** WGSL, u32: of term `k`. */
const termParts = (k: string, order: TermOrder, taps: number): { tap: string; channel: string } =>
  order === 'taps'
    ? {
        tap: `${k} / ${TAP_RUN}u % ${taps}u`,
        channel: `(${k} / ${TAP_RUN * taps}u * ${TAP_RUN}u + ${k} % ${TAP_RUN}u)`,
      }
    : { tap: `${k} % ${taps}u`, channel: `${k} / ${taps}u` };

/** Bytes of a cache's line. */
const LINE = 128;

/**
 * The channels of one tap of array `name`, whose planes are `step` elements apart; neighbours across read `width` elements of a row,
 * `stride` apart.
 */
const runsOfTap = (name: string, step: number, width: number, stride: number): Runs => ({
  depth: TAP_RUN,
  step,
  // Rows begin anywhere in a line.
  bytes: (LINE + 4 * (width * stride - 1)) / width,
  first: (o, i) => `o${o} + i${i}`,
  value: (place) => `f32(${name}[${place}])`,
});

/** Taps whose being inside fits into one word. */
const MASK_BITS = 32;

/** Statements that set bit `tap` of `mask` where that tap of a patch lies inside the image. */
function insideMask({ kh, kw, h, w, dilation }: ConvSizes, tag: string): string {
  const columns = range(kw).map((x) => `select(0u, ${1 << x}u, u32(x${tag} + ${x * dilation[1]}) < ${w}u)`);
  const rows = range(kh).map(
    (y) => `select(0u, columns${tag} << ${y * kw}u, u32(y${tag} + ${y * dilation[0]}) < ${h}u)`,
  );
  return `let columns${tag} = ${columns.join(' | ')};\nlet mask${tag} = ${rows.join(' | ')};`;
}

/** x as B[k = (image, oy, ox), n = (ci, ky, kx)] of the weight gradient: `patches` with rows and columns swapped. */
export function patchesTransposed(s: ConvSizes, input: number, element: Element): Operand {
  const forward = patches(s, input, element);
  return {
    ...forward,
    outer: (index, tag, z) => forward.inner(index, tag, z),
    inner: (k, tag, z) => forward.outer(k, tag, z),
    at: (outerTag, innerTag) => forward.at(innerTag, outerTag),
    ...(forward.masked && {
      masked: {
        value: (outerTag, innerTag) => forward.masked!.value(innerTag, outerTag),
        inside: (o, i) => `u32(y${i} + dy${o}) < ${s.h}u && u32(x${i} + dx${o}) < ${s.w}u`,
      },
    }),
    kFirst: true,
    ...(forward.vectors
      ? { vectors: { along: 'k', at: (outerTag, innerTag) => forward.vectors!.at(innerTag, outerTag) } }
      : everySecond(s)
        ? { vectors: everySecondOfRow() }
        : s.ow % 4 === 0 && { fours: foursOfRow(s) }),
  };
}

/** Whether four positions of an output's row are every second of eight pixels that begin at a multiple of eight. */
const everySecond = (s: ConvSizes): boolean =>
  s.kh * s.kw === 1 &&
  s.padding.every((p) => p === 0) &&
  s.stride[1] === 2 &&
  s.ow % 4 === 0 &&
  s.w % 8 === 0;

function everySecondOfRow(): NonNullable<Operand['vectors']> {
  const pixels = (o: string, i: string, from: number): string =>
    `vec4f(x[u32(o${i} + i${o}) / 4u + ${from}u]).xz`;
  return { along: 'k', apart: 2, at: (o, i) => `vec4f(${pixels(o, i, 0)}, ${pixels(o, i, 1)})` };
}

/** Four positions of an output's row, whose pixels lie in one row. */
function foursOfRow({ h, w, stride, padding }: ConvSizes): NonNullable<Operand['fours']> {
  const steps = range(4).map((c) => c * stride[1]);
  return {
    at: (o, i) => `vec4f(${steps.map((step) => `f32(x[o${i} + i${o} + ${step}])`).join(', ')})`,
    ...(padding.some((p) => p > 0) && {
      inside: (o, i) =>
        `(vec4u(vec4i(x${i} + dx${o}) + vec4i(${steps})) < vec4u(${w}u)) & vec4<bool>(u32(y${i} + dy${o}) < ${h}u)`,
    }),
  };
}

/** dy as A[m = co, k = (image, position)] of the weight gradient. */
export function outputRows(s: ConvSizes, input: number, element: Element): Operand {
  const { cout } = perGroup(s);
  const positions = s.oh * s.ow;
  return {
    binding: read('dy', s.n * s.cout * positions, element),
    input,
    outer: (index, tag, z) => `let o${tag} = (${z} * ${cout}u + ${index}) * ${positions}u;`,
    inner: (k, tag) =>
      `let i${tag} = (${k} / ${positions}u) * ${s.cout * positions}u + ${k} % ${positions}u;`,
    at: (o, i) => `f32(dy[o${o} + i${i}])`,
    kFirst: true,
    ...(positions % 4 === 0 && {
      vectors: { along: 'k', at: (o, i) => `vec4f(dy[(o${o} + i${i}) / 4u])` },
    }),
  };
}

/**
 * One phase of the input gradient: the input rows y = phase + stride i, to which only every stride-th tap
 * contributes; tap t is kernel row first + t step, read at output row i + offset - t offsetStep.
 */
export interface PhaseAxis {
  readonly phase: number;
  /** Input rows in the phase. */
  readonly count: number;
  readonly taps: number;
  readonly first: number;
  readonly step: number;
  readonly offset: number;
  readonly offsetStep: number;
}

/** The phases of one axis. */
export function phases(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
): PhaseAxis[] {
  return Array.from({ length: Math.min(stride, size) }, (_, phase) => {
    const taps: number[] = [];
    for (let t = 0; t < kernel; t++) {
      if ((((phase + padding - t * dilation) % stride) + stride) % stride === 0) taps.push(t);
    }
    const first = taps[0] ?? 0;
    const step = taps.length > 1 ? taps[1]! - first : 1;
    return {
      phase,
      count: Math.ceil((size - phase) / stride),
      taps: taps.length,
      first,
      step,
      offset: taps.length === 0 ? 0 : (phase + padding - first * dilation) / stride,
      offsetStep: taps.length < 2 ? 0 : (step * dilation) / stride,
    };
  });
}

/** dy as B[k = (co, ty, tx) or as `order` says, n = (image, i, j)] of one phase of the input gradient. */
export function phasePatches(
  s: ConvSizes,
  rows: PhaseAxis,
  columns: PhaseAxis,
  input: number,
  element: Element,
  order: TermOrder = 'channels',
): Operand {
  const { cout } = perGroup(s);
  const taps = Math.max(1, rows.taps * columns.taps);
  const across = Math.max(1, columns.taps);
  const positions = rows.count * columns.count;
  const inside =
    taps === 1 && rows.offset === 0 && columns.offset === 0 && rows.count <= s.oh && columns.count <= s.ow;
  const whole = inside && rows.count === s.oh && columns.count === s.ow && positions % 4 === 0;
  return {
    binding: read('dy', s.n * s.cout * s.oh * s.ow, element),
    input,
    outer: (index, tag, z) => `
let p${tag} = ${index} % ${positions}u;
let y${tag} = i32(p${tag} / ${columns.count}u) + ${rows.offset};
let x${tag} = i32(p${tag} % ${columns.count}u) + ${columns.offset};
let o${tag} = i32((${index} / ${positions}u) * ${s.cout * s.oh * s.ow}u + ${z} * ${cout * s.oh * s.ow}u) + y${tag} * ${s.ow} + x${tag};`,
    inner: (k, tag) => {
      const { tap, channel } = termParts(k, order, taps);
      return `
let tap${tag} = ${tap};
let dy${tag} = i32(tap${tag} / ${across}u) * ${rows.offsetStep};
let dx${tag} = i32(tap${tag} % ${across}u) * ${columns.offsetStep};
let i${tag} = i32(${channel}) * ${s.oh * s.ow} - dy${tag} * ${s.ow} - dx${tag};`;
    },
    at: (o, i) => {
      const value = `f32(dy[o${o} + i${i}])`;
      if (inside) return value;
      return `select(0.0, ${value}, u32(y${o} - dy${i}) < ${s.oh}u && u32(x${o} - dx${i}) < ${s.ow}u)`;
    },
    ...(!inside && {
      masked: {
        value: (o, i) => `f32(dy[o${o} + i${i}])`,
        inside: (o, i) => `u32(y${o} - dy${i}) < ${s.oh}u && u32(x${o} - dx${i}) < ${s.ow}u`,
      },
    }),
    ...(whole && { vectors: { along: 'outer', at: (o, i) => `vec4f(dy[u32(o${o} + i${i}) / 4u])` } }),
    ...(order === 'taps' && { runs: runsOfTap('dy', s.oh * s.ow, columns.count, 1) }),
  };
}

/** weight [Cout, Cin/groups, kh, kw] as A[m = ci, k = (co, ty, tx)] of one phase of the input gradient. */
export function phaseWeights(
  s: ConvSizes,
  rows: PhaseAxis,
  columns: PhaseAxis,
  input: number,
  element: Element,
): Operand {
  const { cin, cout } = perGroup(s);
  const taps = Math.max(1, rows.taps * columns.taps);
  const across = Math.max(1, columns.taps);
  const kernel = s.kh * s.kw;
  return {
    binding: read('w', s.cout * cin * kernel, element),
    input,
    outer: (index, tag, z) => `let o${tag} = ${z} * ${cout * cin * kernel}u + ${index} * ${kernel}u;`,
    inner: (k, tag) => `
let t${tag} = ${k} % ${taps}u;
let i${tag} = (${k} / ${taps}u) * ${cin * kernel}u + (${rows.first}u + (t${tag} / ${across}u) * ${rows.step}u) * ${s.kw}u + ${columns.first}u + (t${tag} % ${across}u) * ${columns.step}u;`,
    at: (o, i) => `f32(w[o${o} + i${i}])`,
    ...(kernel === 1 &&
      cin % 4 === 0 && {
        vectors: { along: 'outer', at: (o, i) => `vec4f(w[(o${o} + i${i}) / 4u])` },
      }),
  };
}
