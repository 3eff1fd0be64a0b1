/**
 * Convolutions on GPUs with the terms of their sums in another order: a few channels of a tap, the same of the next tap. A tile's
 * terms then belong to one tap: whether a pixel lies inside is asked once a tile, and the next channel's pixel lies a constant
 * away. The weights have to be copied into that order first, rows side by side, as a tile holds them.
 */
import { type DeviceFacts, ELEMENT_BYTES, type Kernel, read, write } from '../kernel.ts';
import { perElement } from '../perElement.ts';
import { code, wgsl } from '../wgsl.ts';
import { TAP_RUN } from './convOperands.ts';
import type { Operand } from './problem.ts';

/** Fours of rows that neighbours copy side by side, before they go on to the next channel. */
const FOURS = 4;
/** Most taps: the text has them all. */
const MOST_TAPS = 32;

/** One product with its terms in that order. */
export interface TapsFirst {
  /** Copies the weights; of all products of an op the same. */
  readonly pack: Kernel;
  /** Words of the copy. */
  readonly words: number;
  /** Reads the copy, the first scratch array. */
  readonly a: Operand;
  readonly b: Operand;
}

/** Weights, and the products that read them. */
export interface TapOrder {
  readonly length: number;
  readonly element: Operand['binding']['element'];
  readonly groups: number;
  /** Of a group: rows, and the channels that each sums over. */
  readonly rows: number;
  readonly channels: number;
  /** Elements from a group, row and channel to the next. */
  readonly strides: { readonly group: number; readonly row: number; readonly channel: number };
  /** Of each product: elements from a row's first tap to those that it reads, in order. */
  readonly products: readonly (readonly number[])[];
}

export const suitsTapsFirst = (
  { rows, channels, products }: Pick<TapOrder, 'rows' | 'channels' | 'products'>,
  device: DeviceFacts,
): boolean => {
  const taps = products.reduce((sum, each) => sum + each.length, 0);
  const each = products.every(({ length }) => length > 0);
  return (
    !device.software && each && taps > 1 && taps <= MOST_TAPS && channels % TAP_RUN === 0 && rows % 4 === 0
  );
};

/** Elements of the products before `index`; of all by default. */
const sizeOf = ({ groups, rows, channels, products }: TapOrder, index = products.length): number =>
  products.slice(0, index).reduce((sum, taps) => sum + groups * rows * channels * taps.length, 0);

export const packedWords = (order: TapOrder): number =>
  Math.ceil((sizeOf(order) * ELEMENT_BYTES[order.element]) / 4);

/** Weights into [product][group][block of channels][tap][channel][row]. */
export function packTapsFirst(label: string, order: TapOrder, device: DeviceFacts): Kernel {
  const { length, element, groups, rows, channels, strides, products } = order;
  const stores = products.flatMap((taps, index) =>
    taps.map((tap, place) => {
      const four = [0, 1, 2, 3].map((r) => `w[start + ${tap + r * strides.row}u]`).join(', ');
      const first = sizeOf(order, index) / 4;
      const group = (taps.length * channels * rows) / 4;
      const term = `channel / ${TAP_RUN}u * ${taps.length * TAP_RUN}u + ${place * TAP_RUN}u + channel % ${TAP_RUN}u`;
      return code(
        `out[${first}u + group * ${group}u + (${term}) * ${rows / 4}u + four] = vec4<${element}>(${four});`,
      );
    }),
  );
  return perElement(
    {
      label: `${label} taps first`,
      bindings: [read('w', length, element), { ...write('out', sizeOf(order), element), vector: true }],
      total: groups * channels * Math.ceil(rows / (4 * FOURS)) * FOURS,
      layout: `out [product][group][block of ${TAP_RUN} channels][tap][channel][row]: an invocation has a channel of four rows.`,
      body: wgsl`
        let channel = i / ${FOURS}u % ${channels}u;
        let block = i / ${FOURS * channels}u;
        let group = block / ${Math.ceil(rows / (4 * FOURS))}u;
        let four = block % ${Math.ceil(rows / (4 * FOURS))}u * ${FOURS}u + i % ${FOURS}u;
        ${code(rows % (4 * FOURS) === 0 ? '' : `if (four >= ${rows / 4}u) { continue; }`)}
        let start = group * ${strides.group}u + four * ${4 * strides.row}u + channel * ${strides.channel}u;
        ${stores}`,
    },
    device,
  );
}

/** The copy as A[m, k] of product `index`. */
export function packedRows(order: TapOrder, index: number): Operand {
  const { element, rows, channels, products } = order;
  const group = products[index]!.length * channels * rows;
  return {
    binding: read('w', sizeOf(order), element),
    input: { scratch: 0 },
    outer: (m, tag, z) => `
let o${tag} = ${sizeOf(order, index)}u + ${z} * ${group}u + ${m};
let four${tag} = o${tag} / 4u;`,
    inner: (k, tag) => `let i${tag} = ${k} * ${rows}u;\nlet four${tag} = ${k} * ${rows / 4}u;`,
    at: (o, i) => `f32(w[o${o} + i${i}])`,
    vectors: { along: 'outer', at: (o, i) => `vec4f(w[four${o} + four${i}])` },
  };
}
