import type { ConvFrame, ConvGeometry } from '../../graph/ops/conv.ts';
import type { Shape } from '../../shape.ts';
import { product } from '../../shape.ts';
import { forEachIndex, roundingScale, type Tensor64 } from './tensor64.ts';

type Four = [number, number, number, number];

/** Calls `visit` with the flat indices of every (x, weight, y) triple that a convolution multiplies. */
function forEachTriple(
  x: Shape,
  w: Shape,
  y: Shape,
  { stride, padding, dilation, groups }: ConvGeometry,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [n, c, h, width] = x as Four;
  const [cout, cin, kh, kw] = w as Four;
  const [, , oh, ow] = y as Four;
  for (let b = 0; b < n; b++)
    for (let co = 0; co < cout; co++)
      for (let ci = 0; ci < cin; ci++) {
        const channel = Math.floor(co / (cout / groups)) * cin + ci;
        for (let oy = 0; oy < oh; oy++)
          for (let ox = 0; ox < ow; ox++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const iy = oy * stride[0] - padding[0] + ky * dilation[0];
                const ix = ox * stride[1] - padding[2] + kx * dilation[1];
                if (iy < 0 || iy >= h || ix < 0 || ix >= width) continue;
                visit(
                  ((b * c + channel) * h + iy) * width + ix,
                  ((co * cin + ci) * kh + ky) * kw + kx,
                  ((b * cout + co) * oh + oy) * ow + ox,
                );
              }
      }
}

function accumulate(shape: Shape, run: (add: (index: number, term: number) => void) => void): Tensor64 {
  const data = new Float64Array(product(shape));
  const sums = new Float64Array(data.length);
  const terms = new Uint32Array(data.length);
  run((index, term) => {
    data[index]! += term;
    sums[index]! += Math.abs(term);
    terms[index]! += 1;
  });
  return { shape, data, magnitude: sums.map((sum, i) => roundingScale(sum, terms[i]!)) };
}

export const conv2dReference = (x: Tensor64, w: Tensor64, geometry: ConvGeometry, y: Shape): Tensor64 =>
  accumulate(y, (add) =>
    forEachTriple(x.shape, w.shape, y, geometry, (i, j, k) => add(k, x.data[i]! * w.data[j]!)),
  );

export const conv2dInputGradReference = (
  dy: Tensor64,
  w: Tensor64,
  geometry: ConvGeometry,
  x: Shape,
): Tensor64 =>
  accumulate(x, (add) =>
    forEachTriple(x, w.shape, dy.shape, geometry, (i, j, k) => add(i, dy.data[k]! * w.data[j]!)),
  );

export const conv2dWeightGradReference = (
  x: Tensor64,
  dy: Tensor64,
  geometry: ConvGeometry,
  w: Shape,
): Tensor64 =>
  accumulate(w, (add) =>
    forEachTriple(x.shape, w, dy.shape, geometry, (i, j, k) => add(j, dy.data[k]! * x.data[i]!)),
  );

/** `forEachTriple` along any number of axes, slower. */
function forEachTripleAlong(
  x: Shape,
  w: Shape,
  y: Shape,
  { stride, padding, dilation, groups }: ConvFrame,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [, c, ...sizes] = x as [number, number, ...number[]];
  const [cout, cin] = w as [number, number];
  const taps = product(w.slice(1));
  forEachIndex(y, ([b, co, ...out], k) =>
    forEachIndex(w.slice(1), ([ci, ...tap], j) => {
      const places = tap.map(
        (t, axis) => out[axis]! * stride[axis]! - padding[2 * axis]! + t * dilation[axis]!,
      );
      if (places.some((place, axis) => place < 0 || place >= sizes[axis]!)) return;
      const channel = Math.floor(co! / (cout / groups)) * cin + ci!;
      const i = places.reduce((flat, place, axis) => flat * sizes[axis]! + place, b! * c + channel);
      visit(i, co! * taps + j, k);
    }),
  );
}

export const convReference = (x: Tensor64, w: Tensor64, frame: ConvFrame, y: Shape): Tensor64 =>
  accumulate(y, (add) =>
    forEachTripleAlong(x.shape, w.shape, y, frame, (i, j, k) => add(k, x.data[i]! * w.data[j]!)),
  );

/** x lies where a convolution's result does. */
export const convTransposeReference = (x: Tensor64, w: Tensor64, frame: ConvFrame, y: Shape): Tensor64 =>
  accumulate(y, (add) =>
    forEachTripleAlong(y, w.shape, x.shape, frame, (i, j, k) => add(i, x.data[k]! * w.data[j]!)),
  );
