/** A correlation's pixels as a texture: how they lie there, where a result finds its taps, and the kernel that packs them. */
import { loaded } from '../../element.ts';
import {
  type DeviceFacts,
  type Element,
  type Kernel,
  read,
  TEXTURE_ALIGN,
  type TextureShape,
  textureWords,
  write,
} from '../../kernel.ts';
import { perElement } from '../../perElement.ts';
import { code, wgsl } from '../../wgsl.ts';
import { type ChannelBlocks, COLUMN_BLOCK } from './channelBlocks.ts';
import { type Correlation, type CorrelationAxis, channelQuads, frameOf, TEXELS_EACH } from './correlation.ts';

const aligned = (texels: number): number => Math.ceil(texels / TEXTURE_ALIGN) * TEXTURE_ALIGN;

/** Longest texture row in texels, WebGPU's default limit. A padded image within it is one row, a larger one takes many. */
const LONGEST_ROW = 8192;

/**
 * How pixels lie in memory. With several taps: [image][channel quad][row][column][4], the padded image, its rows
 * `pitch` texels apart, the rows of one quad `places` texels in all. A texture sees one quad as one row where that is
 * short enough, else row by row. With one tap: [image][block][channel quad][place in the block][4], of the places
 * that results read alone, so that a tile reads its columns from first to last; where that is too long for a row of the
 * texture, a block takes `rowsEach` of them with `quads` channel quads each.
 */
type PixelLayout =
  | { readonly kind: 'rows'; readonly pitch: number; readonly places: number; readonly oneRow: boolean }
  | { readonly kind: 'blocks'; readonly blocks: number; readonly quads: number; readonly rowsEach: number };

/** Texture rows that a block of a one-tap image takes. */
const rowsOfBlock = (p: Correlation): number => Math.ceil((channelQuads(p) * COLUMN_BLOCK) / LONGEST_ROW);

function pixelLayout(p: Correlation): PixelLayout {
  if (p.y.taps * p.x.taps === 1) {
    const rowsEach = rowsOfBlock(p);
    const quads = Math.ceil(channelQuads(p) / rowsEach);
    return { kind: 'blocks', blocks: Math.ceil((p.y.out * p.x.out) / COLUMN_BLOCK), quads, rowsEach };
  }
  const [down, across] = [frameOf(p.y).size, frameOf(p.x).size];
  const whole = aligned(down * across);
  // Quads a power of two apart fall into the same few cache lines: packing 256 channels took 1.4 times as long.
  const places = whole % 256 === 0 ? whole + TEXTURE_ALIGN : whole;
  if (places <= LONGEST_ROW) return { kind: 'rows', pitch: across, places, oneRow: true };
  return { kind: 'rows', pitch: aligned(across), places: down * aligned(across), oneRow: false };
}

/** How x lies in its texture where that is only another order of its elements. */
export function blocksOf(p: Correlation): ChannelBlocks | undefined {
  const places = p.y.size * p.x.size;
  const fills =
    p.products === undefined &&
    [p.y, p.x].every(isEveryPlace) &&
    p.channels % 4 === 0 &&
    places % COLUMN_BLOCK === 0;
  return fills && quadsOfBlock(p) === channelQuads(p) ? { channels: p.channels, places } : undefined;
}

const isEveryPlace = ({ size, out, stride, taps, before }: CorrelationAxis): boolean =>
  taps === 1 && stride === 1 && before === 0 && out === size;

/** x as a texture. */
export function pixelTexture(p: Correlation): TextureShape {
  const layout = pixelLayout(p);
  const layers = p.images * (p.products ?? 1);
  if (layout.kind === 'blocks')
    return { width: layout.quads * COLUMN_BLOCK, height: layout.blocks * layout.rowsEach, layers };
  const { pitch, places, oneRow } = layout;
  return { width: oneRow ? places : pitch, height: channelQuads(p) * (oneRow ? 1 : places / pitch), layers };
}

/** WGSL, vec2u: the texel of the first tap of a result's `position` in its image, to which `tapShift` is added. */
export function firstTexel(p: Correlation, position: string): string {
  const layout = pixelLayout(p);
  if (layout.kind === 'blocks')
    return `vec2u(${position} % ${COLUMN_BLOCK}u, ${position} / ${COLUMN_BLOCK}u * ${layout.rowsEach}u)`;
  const y = `${position} / ${p.x.out}u * ${p.y.stride}u${insideFrame(p.y)}`;
  const x = `${position} % ${p.x.out}u * ${p.x.stride}u${insideFrame(p.x)}`;
  return layout.oneRow
    ? `vec2u(${insideFrame(p.y) ? `(${y})` : y} * ${layout.pitch}u + ${x}, 0u)`
    : `vec2u(${x}, ${y})`;
}

/** How far behind its frame's beginning an axis begins. */
const insideFrame = (axis: CorrelationAxis): string => {
  const rows = frameOf(axis).before - axis.before;
  return rows === 0 ? '' : ` + ${rows}u`;
};

/** WGSL, vec2u: from the first tap's texel in quad 0 to tap (ty, tx) in `quad`. */
export function tapShift(p: Correlation, quad: string, ty: string, tx: string): string {
  const layout = pixelLayout(p);
  if (layout.kind === 'blocks') {
    const { quads, rowsEach } = layout;
    return rowsEach === 1
      ? `vec2u(${quad} * ${COLUMN_BLOCK}u, 0u)`
      : `vec2u(${quad} % ${quads}u * ${COLUMN_BLOCK}u, ${quad} / ${quads}u)`;
  }
  const { pitch, places, oneRow } = layout;
  const [y, x] = [`${ty} * ${p.y.step}u`, `${tx} * ${p.x.step}u`];
  return oneRow
    ? `vec2u(${y} * ${pitch}u + ${x}, ${quad})`
    : `vec2u(${x}, ${quad} * ${places / pitch}u + ${y})`;
}

/** Channel quads of a one-tap image's block in memory: its channels', and what fills its last texture row. */
export function quadsOfBlock(p: Correlation): number {
  const rows = rowsOfBlock(p);
  return Math.ceil(channelQuads(p) / rows) * rows;
}

/** WGSL: the word of `quad` at `place` of a one-tap image's layer 0, as `pixelTexture` lays it out; `quads`: `quadsOfBlock`. */
export const blockedWord = (quads: string, quad: string, place: string): string =>
  `4u * ((${place} / ${COLUMN_BLOCK}u * ${quads} + ${quad}) * ${COLUMN_BLOCK}u + ${place} % ${COLUMN_BLOCK}u)`;

/** Where pixels lie in memory: strides in elements. */
export interface PixelStrides {
  readonly image: number;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

const rowMajor = ({ channels, y, x }: Correlation): PixelStrides => ({
  image: channels * y.size * x.size,
  channel: y.size * x.size,
  row: x.size,
  column: 1,
});

/** x, [N, C, H, W] unless `strides` say otherwise, into `pixelTexture`. */
export function packPixels(
  label: string,
  p: Correlation,
  device: DeviceFacts,
  element: Element = 'f32',
  strides = rowMajor(p),
): Kernel {
  const layout = pixelLayout(p);
  const texture = pixelTexture(p);
  const quads = channelQuads(p);
  const parts = Math.ceil(quads / TEXELS_EACH);
  const perLayer = texture.width * texture.height;
  const places = layout.kind === 'blocks' ? layout.blocks * COLUMN_BLOCK : layout.places;
  const channels = [0, 1, 2, 3].map((c) => {
    const value = loaded(element, `x[first + ${c * strides.channel}u]`);
    const inside = p.channels % 4 === 0 ? '' : `quad * 4u + ${c}u < ${p.channels}u`;
    return code(`out[to + ${c}u] = ${inside ? `select(0.0, ${value}, ${inside})` : value};`);
  });
  const zeros = [0, 1, 2, 3].map((c) => code(`out[to + ${c}u] = 0.0;`));
  const blocked = layout.kind === 'blocks';
  // A place is a result's position where blocks are packed, else a position of the padded image.
  const [top, left] = blocked ? [p.y.before, p.x.before] : [frameOf(p.y).before, frameOf(p.x).before];
  const [pitch, down, across] = blocked ? [p.x.out, p.y.stride, p.x.stride] : [layout.pitch, 1, 1];
  const to = blocked
    ? blockedWord(`${quadsOfBlock(p)}u`, 'quad', 'place')
    : `4u * (quad * ${places}u + place)`;
  return perElement(
    {
      label: `${label} pack pixels`,
      bindings: [
        read('x', p.images * p.channels * p.y.size * p.x.size, element),
        write('out', textureWords(texture)),
      ],
      total: places * parts * p.images,
      layout: `out ${blocked ? `[image][block][channel quad][place of ${COLUMN_BLOCK}][4]` : '[image][channel quad][place in the padded image][4]'}: an invocation has one place of ${TEXELS_EACH} quads.`,
      body: wgsl`
      let place = i % ${places}u;
      let part = i / ${places}u % ${parts}u;
      let image = i / ${places * parts}u;
      // Left of and above the image is a huge unsigned number: one comparison per axis.
      let row = u32(i32(place / ${pitch}u * ${down}u) - (${top}));
      let column = u32(i32(place % ${pitch}u * ${across}u) - (${left}));
      let inside = row < ${p.y.size}u && column < ${p.x.size}u;
      let last = min(${quads}u, (part + 1u) * ${TEXELS_EACH}u);
      for (var quad = part * ${TEXELS_EACH}u; quad < last; quad++) {
        let to = image * ${4 * perLayer}u + ${code(to)};
        if (inside) {
          let first = image * ${strides.image}u + quad * ${4 * strides.channel}u + row * ${strides.row}u + column * ${strides.column}u;
          ${channels}
        } else {
          ${zeros}
        }
      }`,
    },
    device,
  );
}
