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

const quads = (channels: number): number => Math.ceil(channels / 4);
const aligned = (texels: number): number => Math.ceil(texels / IMAGE_ALIGN) * IMAGE_ALIGN;

/** x as [image][channel quad][position of the padded image]. */
export const pixelImage = (p: ImageConv): ImageShape => ({
  width: aligned(padded(p.y) * padded(p.x)),
  height: quads(p.channels),
  layers: p.images,
});

/** Weights as [row][(channel quad, tap)]. */
export const weightImage = (p: ImageConv): ImageShape => ({
  width: aligned(quads(p.channels) * p.y.taps * p.x.taps),
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

/** x [N, C, H, W] into `pixelImage`. */
export function packPixels(label: string, p: ImageConv): Kernel {
  const shape = pixelImage(p);
  const across = padded(p.x);
  const plane = p.y.size * p.x.size;
  const channels = [0, 1, 2, 3].map((c) => {
    const value = `x[first + ${c * plane}u]`;
    const inside = p.channels % 4 === 0 ? '' : `quad * 4u + ${c}u < ${p.channels}u`;
    return code(`out[4u * i + ${c}u] = ${inside ? `select(0.0, ${value}, ${inside})` : value};`);
  });
  const zeros = [0, 1, 2, 3].map((c) => code(`out[4u * i + ${c}u] = 0.0;`));
  return perElement({
    label: `${label} pack pixels`,
    bindings: [read('x', p.images * p.channels * plane), write('out', imageWords(shape))],
    total: imageWords(shape) / 4,
    layout: 'out [image][channel quad][position of the padded image][4]: one invocation per texel.',
    body: wgsl`
      let at = i % ${shape.width}u;
      let quad = i / ${shape.width}u % ${shape.height}u;
      let image = i / ${shape.width * shape.height}u;
      // Left of and above the image is a huge unsigned number: one comparison per axis.
      let row = u32(i32(at / ${across}u) - (${p.y.before}));
      let column = u32(i32(at % ${across}u) - (${p.x.before}));
      if (row < ${p.y.size}u && column < ${p.x.size}u) {
        let first = (image * ${p.channels}u + quad * 4u) * ${plane}u + row * ${p.x.size}u + column;
        ${channels}
      } else {
        ${zeros}
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
  const shape = weightImage(p);
  const taps = p.y.taps * p.x.taps;
  const channels = [0, 1, 2, 3].map((c) => {
    const inside = `place < ${quads(p.channels) * taps}u && quad * 4u + ${c}u < ${p.channels}u`;
    return code(`out[4u * i + ${c}u] = select(0.0, w[first + ${c * layout.channel}u], ${inside});`);
  });
  return perElement({
    label: `${label} pack weights`,
    bindings: [read('w', layout.length), write('out', imageWords(shape))],
    total: imageWords(shape) / 4,
    layout: 'out [row][(channel quad, tap)][4]: one invocation per texel.',
    body: wgsl`
      let place = i % ${shape.width}u;
      let row = i / ${shape.width}u;
      let quad = place / ${taps}u;
      let ty = i32(place % ${taps}u / ${p.x.taps}u);
      let tx = i32(place % ${p.x.taps}u);
      let tap = (${layout.y.first} + ty * ${layout.y.step}) * ${layout.kernelWidth} + ${layout.x.first} + tx * ${layout.x.step};
      let first = row * ${layout.row}u + quad * ${4 * layout.channel}u + u32(tap);
      ${channels}`,
  });
}
