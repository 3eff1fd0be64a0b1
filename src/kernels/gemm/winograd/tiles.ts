/** Images cut into tiles and taken into Winograd's domain, and the products there: one per pair of points. */
import { range } from '../../../shape.ts';
import { loaded } from '../../element.ts';
import {
  type DeviceFacts,
  type Element,
  type Kernel,
  read,
  type Sizes,
  type TextureShape,
  textureWords,
  write,
} from '../../kernel.ts';
import { perElement } from '../../perElement.ts';
import { code, type Wgsl, wgsl } from '../../wgsl.ts';
import { COLUMN_BLOCK } from '../textures/channelBlocks.ts';
import { type Correlation, channelQuads, everyPlace } from '../textures/correlation.ts';
import { blockedWord, pixelTexture, quadsOfBlock } from '../textures/pixelTexture.ts';
import { ROW_BLOCK, stepsOfBlock, weightTexture, weightWord } from '../textures/weightTexture.ts';
import type { Matrix, WinogradTransform } from './matrices.ts';
import { alongColumn, alongRows } from './transforms.ts';

/** Tiles of m x m results: of an image's height and width, and of all images. */
export interface Tiling {
  readonly m: number;
  readonly down: number;
  readonly across: number;
  readonly tiles: number;
}

export function tilingOf(conv: Correlation, m: number): Tiling {
  const [down, across] = [Math.ceil(conv.y.out / m), Math.ceil(conv.x.out / m)];
  return { m, down, across, tiles: conv.images * down * across };
}

/** rows x columns products over `length` terms, packed four terms a texel. */
export function productsOf(
  { points }: WinogradTransform,
  rows: number,
  columns: number,
  length: number,
): Correlation {
  return {
    products: points ** 2,
    images: 1,
    channels: length,
    rows,
    y: everyPlace(1),
    x: everyPlace(columns),
  };
}

/** An operand of the products: their rows, or their columns. */
export interface ProductOperand {
  readonly products: Correlation;
  readonly asRows: boolean;
}

export const operandTexture = ({ products, asRows }: ProductOperand): TextureShape =>
  asRows ? weightTexture(products) : pixelTexture(products);

/** A number in a kernel's text; read from `sizes` if it depends on the batch, so that other batches share the text. */
const counted = (varies: boolean, name: string, value: number): string =>
  varies ? `sizes.${name}` : `${value}u`;

/**
 * An operand's elements of one point in the order in which they lie: neighbours write side by side. Declares `index`,
 * the row or column, `term`, which may lie beyond the last, and `to`. `terms`: what the products' terms are.
 */
export function operandElements(
  { products, asRows }: ProductOperand,
  terms: TileTransform['terms'],
): { total: number; begin: Wgsl; sizes: Sizes } {
  const count = asRows ? products.rows : products.x.out;
  const block = asRows ? ROW_BLOCK : COLUMN_BLOCK;
  const quads = channelQuads(products);
  const { width, height } = operandTexture({ products, asRows });
  const each = asRows ? stepsOfBlock(products) : quadsOfBlock(products);
  const varies = terms === 'tile';
  const inBlock = counted(varies, 'block_quads', each);
  const word = asRows
    ? weightWord(inBlock, 'index', 'term / 4u')
    : blockedWord(inBlock, 'term / 4u', 'index');
  const begin = wgsl`
    let index = i / ${code(counted(varies, 'block', 4 * block * quads))} * ${block}u + i / 4u % ${block}u;
    let term = i / ${4 * block}u % ${code(counted(varies, 'quads', quads))} * 4u + i % 4u;
    ${code(count % block === 0 ? '' : 'if (index >= sizes.count) { continue; }')}
    let to = ${code(word)} + term % 4u;`;
  return {
    total: Math.ceil(count / block) * block * quads * 4,
    begin,
    sizes: {
      count,
      quads,
      block: 4 * block * quads,
      block_quads: each,
      length: products.channels,
      layer: 4 * width * height,
    },
  };
}

export interface TileTransform {
  /** [images, channels, y, x] in memory. */
  readonly source: Source;
  readonly tiling: Tiling;
  /** Rows and columns of a tile that lie before m times its index. */
  readonly before: readonly [number, number];
  /** [points, side of a tile of the source]. */
  readonly matrix: Matrix;
  /** Which of a tile's indices runs over the terms of the products; the other over rows or columns. */
  readonly terms: 'channel' | 'tile';
  readonly into: ProductOperand;
}

interface Source {
  /** Default f32. */
  readonly element?: Element;
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** `matrix` d `matrix`^T of every tile d of every channel, into the rows or columns of products. */
export function transformTiles(label: string, transform: TileTransform, device: DeviceFacts): Kernel {
  const { source, tiling, before, matrix, terms, into } = transform;
  const { m, down, across } = tiling;
  const side = matrix[0]!.length;
  const { element = 'f32' } = source;
  const points = matrix.length;
  const texture = operandTexture(into);
  const { total, begin, sizes } = operandElements(into, terms);
  const [tile, channel] = terms === 'tile' ? ['term', 'index'] : ['index', 'term'];
  const { channels: length } = into.products;
  const filled = length % 4 === 0 ? '' : ' && term < sizes.length';
  const columns = range(side).map((c) =>
    code(`let x${c} = left + ${c};  let in_x${c} = u32(x${c}) < ${source.width}u${filled};`),
  );
  const load = (c: number): string =>
    `select(0.0, ${loaded(element, `x[u32(plane + y * ${source.width} + x${c})]`)}, in_y && in_x${c})`;
  return perElement(
    {
      label,
      bindings: [
        read('x', source.images * source.channels * source.height * source.width, element),
        write('out', textureWords(texture)),
      ],
      total,
      sizes,
      layout: `out [point][block of ${into.asRows ? 'rows' : 'columns'}][term quad][${into.asRows ? 'row' : 'column'}][4], terms are ${terms}s: an invocation has all ${points} x ${points} points of one channel of one tile of ${side} x ${side}.`,
      body: wgsl`
        let layer = sizes.layer;
        ${begin}
        let tile = ${code(tile)};
        let channel = ${code(channel)};
        let top = i32(tile / ${across}u % ${down}u) * ${m} - (${before[0]});
        let left = i32(tile % ${across}u) * ${m} - (${before[1]});
        let image = tile / ${down * across}u;
        let plane = i32((image * ${source.channels}u + channel) * ${source.height * source.width}u);
        ${columns}
        ${alongRows(matrix, code(`let y = top + i32(r);\nlet in_y = u32(y) < ${source.height}u;`), load, device.software)}
        ${range(points).map((c) => alongColumn(matrix, `${c}`, (k, value) => `out[to + ${k * points + c}u * layer] = ${value};`))}`,
    },
    device,
  );
}

/** The pixels that a correlation reads, and the results that it makes. */
export const pixelsOf = ({ images, channels, y, x }: Correlation): Source => ({
  images,
  channels,
  height: y.size,
  width: x.size,
});
export const resultsOf = ({ images, rows, y, x }: Correlation): Source => ({
  images,
  channels: rows,
  height: y.out,
  width: x.out,
});
