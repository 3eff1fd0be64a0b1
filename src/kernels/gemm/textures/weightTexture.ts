/** A correlation's weights as a texture: how they lie there, where a row of the product finds them, and their packing. */
import { loaded } from '../../element.ts';
import {
  type DeviceFacts,
  type Element,
  type Kernel,
  read,
  type TextureShape,
  textureWords,
  write,
} from '../../kernel.ts';
import { perElement } from '../../perElement.ts';
import { code, wgsl } from '../../wgsl.ts';
import { type Correlation, channelQuads, TEXELS_EACH } from './correlation.ts';

/** Rows side by side: those of the highest tile, and what a copy into a texture asks. */
export const ROW_BLOCK = 16;

/** Longest texture row in texels. */
const LONGEST_ROW = 8192;

/**
 * [block of rows][k = (channel quad, tap)][row in the block][4], so that a tile reads its weights from first to last.
 * Where that is too long for a texture's row, a block takes several of `steps` k each.
 */
function weightRows(p: Correlation): { steps: number; perBlock: number } {
  const k = channelQuads(p) * p.y.taps * p.x.taps;
  const perBlock = Math.ceil((k * ROW_BLOCK) / LONGEST_ROW);
  return { steps: Math.ceil(k / perBlock), perBlock };
}

export function weightTexture(p: Correlation): TextureShape {
  const { steps, perBlock } = weightRows(p);
  return {
    width: steps * ROW_BLOCK,
    height: Math.ceil(p.rows / ROW_BLOCK) * perBlock,
    layers: p.products ?? 1,
  };
}

/** WGSL, vec2u: the texel of `row` at k = 0, to which `weightShift` is added. */
export const weightTexel = (p: Correlation, row: string): string =>
  `vec2u(${row} % ${ROW_BLOCK}u, ${row} / ${ROW_BLOCK}u * ${weightRows(p).perBlock}u)`;

/** WGSL, vec2u: from k = 0 to `k`. */
export function weightShift(p: Correlation, k: string): string {
  const { steps, perBlock } = weightRows(p);
  return perBlock === 1
    ? `vec2u(${k} * ${ROW_BLOCK}u, 0u)`
    : `vec2u(${k} % ${steps}u * ${ROW_BLOCK}u, ${k} / ${steps}u)`;
}

/** Terms of a block of rows in memory: the sum's, and what fills its last texture row. */
export function stepsOfBlock(p: Correlation): number {
  const { steps, perBlock } = weightRows(p);
  return steps * perBlock;
}

/** WGSL: the word of `row` at `k` in layer 0; `steps`: `stepsOfBlock`. */
export const weightWord = (steps: string, row: string, k: string): string =>
  `4u * ((${row} / ${ROW_BLOCK}u * ${steps} + ${k}) * ${ROW_BLOCK}u + ${row} % ${ROW_BLOCK}u)`;

/** Where weights lie in memory: strides in elements, and which taps of a `kernel` wide kernel are read. */
export interface WeightLayout {
  readonly length: number;
  readonly row: number;
  readonly channel: number;
  readonly y: { readonly first: number; readonly step: number };
  readonly x: { readonly first: number; readonly step: number };
  readonly kernelWidth: number;
}

/** Weights into `weightTexture`. */
export function packWeights(
  label: string,
  p: Correlation,
  layout: WeightLayout,
  device: DeviceFacts,
  element: Element = 'f32',
): Kernel {
  const taps = p.y.taps * p.x.taps;
  const parts = Math.ceil(p.rows / TEXELS_EACH);
  const used = channelQuads(p) * taps;
  const channels = [0, 1, 2, 3].map((c) => {
    const value = loaded(element, `w[first + ${c * layout.channel}u]`);
    const inside = p.channels % 4 === 0 ? '' : `quad * 4u + ${c}u < ${p.channels}u`;
    return code(`out[to + ${c}u] = ${inside ? `select(0.0, ${value}, ${inside})` : value};`);
  });
  return perElement(
    {
      label: `${label} pack weights`,
      bindings: [read('w', layout.length, element), write('out', textureWords(weightTexture(p)))],
      total: used * parts,
      sizes: { rows: p.rows },
      layout: `out [block of ${ROW_BLOCK} rows][k = (channel quad, tap)][row][4]: an invocation has one k of ${TEXELS_EACH} rows.`,
      body: wgsl`
      let k = i % ${used}u;
      let part = i / ${used}u;
      let quad = k / ${taps}u;
      let ty = i32(k % ${taps}u / ${p.x.taps}u);
      let tx = i32(k % ${p.x.taps}u);
      let tap = (${layout.y.first} + ty * ${layout.y.step}) * ${layout.kernelWidth} + ${layout.x.first} + tx * ${layout.x.step};
      let last = min(sizes.rows, (part + 1u) * ${TEXELS_EACH}u);
      for (var row = part * ${TEXELS_EACH}u; row < last; row++) {
        let to = ${code(weightWord(`${stepsOfBlock(p)}u`, 'row', 'k'))};
        let first = row * ${layout.row}u + quad * ${4 * layout.channel}u + u32(tap);
        ${channels}
      }`,
    },
    device,
  );
}
