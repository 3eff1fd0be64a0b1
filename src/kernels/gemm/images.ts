/**
 * Convolution operands as textures, for CPU adapters. There one load costs the same for one f32 a lane from a
 * buffer (9.7 ns for 8 lanes on lavapipe) as for four from a storage texture (12.1 ns), because buffers are read
 * lane by lane behind two branches and texels by one vector load each. So both operands are packed four channels to
 * a texel, with the padding's zeros written out: the product then reads without a comparison.
 */
import {
  type DeviceFacts,
  IMAGE_ALIGN,
  type ImageShape,
  imageWords,
  type Kernel,
  read,
  write,
} from '../kernel.ts';
import { perElement } from '../perElement.ts';
import { code, wgsl } from '../wgsl.ts';

/** One axis of a correlation: result i reads rows i stride + t step - before, for t in taps. */
export interface ImageAxis {
  readonly size: number;
  readonly out: number;
  readonly stride: number;
  readonly taps: number;
  readonly step: number;
  readonly before: number;
}

/** A correlation of one image batch with one set of weights, without groups. */
export interface ImageConv {
  readonly images: number;
  readonly channels: number;
  readonly rows: number;
  readonly y: ImageAxis;
  readonly x: ImageAxis;
}

/** Rows or columns that the results of an axis read, zeros included. */
export const padded = ({ out, stride, taps, step }: ImageAxis): number =>
  (out - 1) * stride + (taps - 1) * step + 1;

export const channelQuads = (p: ImageConv): number => Math.ceil(p.channels / 4);
const aligned = (texels: number): number => Math.ceil(texels / IMAGE_ALIGN) * IMAGE_ALIGN;

/** Sides up to WebGPU's default limit take a whole padded image as one row of texels; larger images take many rows. */
const LONGEST_ROW = 8192;

/**
 * How a padded image lies in memory: [image][channel quad][row][column][4], rows `pitch` texels apart, the rows of
 * one quad `places` texels in all. A texture sees one quad as one row where that is short enough, else row by row.
 */
interface PixelLayout {
  readonly pitch: number;
  readonly places: number;
  readonly oneRow: boolean;
}

function pixelLayout(p: ImageConv): PixelLayout {
  const [down, across] = [padded(p.y), padded(p.x)];
  const whole = aligned(down * across);
  // Quads a power of two apart fall into the same few cache lines: packing 256 channels took 1.4 times as long.
  const places = whole % 256 === 0 ? whole + IMAGE_ALIGN : whole;
  if (places <= LONGEST_ROW) return { pitch: across, places, oneRow: true };
  return { pitch: aligned(across), places: down * aligned(across), oneRow: false };
}

/** x as a texture. */
export function pixelImage(p: ImageConv): ImageShape {
  const { pitch, places, oneRow } = pixelLayout(p);
  const height = channelQuads(p) * (oneRow ? 1 : places / pitch);
  return { width: oneRow ? places : pitch, height, layers: p.images };
}

/** WGSL, vec2u: the texel of the first tap of result (row, column), to which `tapShift` is added. */
export function firstTexel(p: ImageConv, row: string, column: string): string {
  const { pitch, oneRow } = pixelLayout(p);
  const [y, x] = [`${row} * ${p.y.stride}u`, `${column} * ${p.x.stride}u`];
  return oneRow ? `vec2u(${y} * ${pitch}u + ${x}, 0u)` : `vec2u(${x}, ${y})`;
}

/** WGSL, vec2u: from the first tap's texel in quad 0 to tap (ty, tx) in `quad`. */
export function tapShift(p: ImageConv, quad: string, ty: string, tx: string): string {
  const { pitch, places, oneRow } = pixelLayout(p);
  const [y, x] = [`${ty} * ${p.y.step}u`, `${tx} * ${p.x.step}u`];
  return oneRow
    ? `vec2u(${y} * ${pitch}u + ${x}, ${quad})`
    : `vec2u(${x}, ${quad} * ${places / pitch}u + ${y})`;
}

/**
 * Weights as [row][(channel quad, tap)]. The other order, in which the lanes of one load lie side by side, is no
 * faster for few rows and slower for many (512 rows, 8x8: 13 against 18 GFLOP/s): its rows lie kilobytes apart.
 */
export const weightImage = (p: ImageConv): ImageShape => ({
  width: aligned(channelQuads(p) * p.y.taps * p.x.taps),
  height: p.rows,
  layers: 1,
});

/** True, or why the operands do not fit into textures. */
export function imagesFit(p: ImageConv, device: DeviceFacts): true | string {
  if (device.maxImageSide === 0) return 'the adapter does not read storage textures in shaders';
  for (const shape of [pixelImage(p), weightImage(p)]) {
    const side = Math.max(shape.width, shape.height);
    if (side > device.maxImageSide)
      return `needs a texture side of ${side}, the adapter allows ${device.maxImageSide}`;
    if (shape.layers > device.maxImageLayers)
      return `needs ${shape.layers} layers, the adapter allows ${device.maxImageLayers}`;
    if (imageWords(shape) * 4 > device.maxBindingBytes)
      return `needs a binding of ${imageWords(shape) * 4} bytes`;
  }
  return true;
}

/** Texels that one invocation of a packing kernel writes: the index arithmetic is done once for all of them. */
const TEXELS_EACH = 8;

/** x [N, C, H, W] into `pixelImage`. */
export function packPixels(label: string, p: ImageConv): Kernel {
  const { pitch, places } = pixelLayout(p);
  const quads = channelQuads(p);
  const blocks = Math.ceil(quads / TEXELS_EACH);
  const plane = p.y.size * p.x.size;
  const channels = [0, 1, 2, 3].map((c) => {
    const value = `x[first + ${c * plane}u]`;
    const inside = p.channels % 4 === 0 ? '' : `quad * 4u + ${c}u < ${p.channels}u`;
    return code(`out[to + ${c}u] = ${inside ? `select(0.0, ${value}, ${inside})` : value};`);
  });
  const zeros = [0, 1, 2, 3].map((c) => code(`out[to + ${c}u] = 0.0;`));
  return perElement({
    label: `${label} pack pixels`,
    bindings: [read('x', p.images * p.channels * plane), write('out', imageWords(pixelImage(p)))],
    total: places * blocks * p.images,
    layout: `out [image][channel quad][place in the padded image][4]: an invocation has one place of ${TEXELS_EACH} quads.`,
    body: wgsl`
      let place = i % ${places}u;
      let block = i / ${places}u % ${blocks}u;
      let image = i / ${places * blocks}u;
      // Left of and above the image is a huge unsigned number: one comparison per axis.
      let row = u32(i32(place / ${pitch}u) - (${p.y.before}));
      let column = u32(i32(place % ${pitch}u) - (${p.x.before}));
      let inside = row < ${p.y.size}u && column < ${p.x.size}u;
      let last = min(${quads}u, (block + 1u) * ${TEXELS_EACH}u);
      for (var quad = block * ${TEXELS_EACH}u; quad < last; quad++) {
        let to = 4u * ((image * ${quads}u + quad) * ${places}u + place);
        if (inside) {
          let first = (image * ${p.channels}u + quad * 4u) * ${plane}u + row * ${p.x.size}u + column;
          ${channels}
        } else {
          ${zeros}
        }
      }`,
  });
}

/** Where weights lie in memory: strides in elements, and which taps of a `kernel` wide kernel are read. */
export interface WeightLayout {
  readonly length: number;
  readonly row: number;
  readonly channel: number;
  readonly y: { readonly first: number; readonly step: number };
  readonly x: { readonly first: number; readonly step: number };
  readonly kernelWidth: number;
}

/** Weights into `weightImage`. */
export function packWeights(label: string, p: ImageConv, layout: WeightLayout): Kernel {
  const { width } = weightImage(p);
  const taps = p.y.taps * p.x.taps;
  const blocks = Math.ceil(p.rows / TEXELS_EACH);
  const used = channelQuads(p) * taps;
  const channels = [0, 1, 2, 3].map((c) => {
    const value = `w[first + ${c * layout.channel}u]`;
    const tests = [
      ...(used === width ? [] : [`place < ${used}u`]),
      ...(p.channels % 4 === 0 ? [] : [`quad * 4u + ${c}u < ${p.channels}u`]),
    ];
    return code(
      `out[to + ${c}u] = ${tests.length > 0 ? `select(0.0, ${value}, ${tests.join(' && ')})` : value};`,
    );
  });
  return perElement({
    label: `${label} pack weights`,
    bindings: [read('w', layout.length), write('out', imageWords(weightImage(p)))],
    total: width * blocks,
    layout: `out [row][(channel quad, tap)][4]: an invocation has one place of ${TEXELS_EACH} rows.`,
    body: wgsl`
      let place = i % ${width}u;
      let block = i / ${width}u;
      let quad = place / ${taps}u;
      let ty = i32(place % ${taps}u / ${p.x.taps}u);
      let tx = i32(place % ${p.x.taps}u);
      let tap = (${layout.y.first} + ty * ${layout.y.step}) * ${layout.kernelWidth} + ${layout.x.first} + tx * ${layout.x.step};
      let last = min(${p.rows}u, (block + 1u) * ${TEXELS_EACH}u);
      for (var row = block * ${TEXELS_EACH}u; row < last; row++) {
        let to = 4u * (row * ${width}u + place);
        let first = row * ${layout.row}u + quad * ${4 * layout.channel}u + u32(tap);
        ${channels}
      }`,
  });
}
