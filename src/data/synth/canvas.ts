import { clamp01, mix } from '../scalars.ts';

/** Red, green and blue reflectance, 0 to 1. */
export type Colour = readonly [number, number, number];

/** Side of every picture in drawing units, whatever its size in pixels. The origin is the centre. */
export const SPAN = 160;

/** A square picture: `rgb` is interleaved [side, side, 3]; `pixel` is one pixel's side in drawing units. */
export interface Canvas {
  readonly side: number;
  readonly pixel: number;
  readonly rgb: Float32Array;
}

export function createCanvas(side: number): Canvas {
  return { side, pixel: SPAN / side, rgb: new Float32Array(side * side * 3) };
}

/** Writes the colour of the point (x, y), in drawing units, to `out`. */
export type Painter = (x: number, y: number, out: Float32Array) => void;

/** Paint every pixel. */
export function paintAll(canvas: Canvas, painter: Painter): void {
  const { side, pixel, rgb } = canvas;
  const out = new Float32Array(3);
  for (let row = 0, at = 0; row < side; row++) {
    const y = (row + 0.5) * pixel - SPAN / 2;
    for (let column = 0; column < side; column++, at += 3) {
      painter((column + 0.5) * pixel - SPAN / 2, y, out);
      rgb[at] = out[0]!;
      rgb[at + 1] = out[1]!;
      rgb[at + 2] = out[2]!;
    }
  }
}

/** Where a shape sits: its own origin in the picture, turned by `angle` radians, enlarged by `scale`. */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly scale: number;
}

/** The pose of a shape that is placed within another one. */
export function within(outer: Pose, x: number, y: number, angle = 0, scale = 1): Pose {
  const cos = Math.cos(outer.angle) * outer.scale;
  const sin = Math.sin(outer.angle) * outer.scale;
  return {
    x: outer.x + cos * x - sin * y,
    y: outer.y + sin * x + cos * y,
    angle: outer.angle + angle,
    scale: outer.scale * scale,
  };
}

/** A shape in its own coordinates: distance to its edge, negative inside, and the radius that contains it. */
export interface Shape {
  readonly distance: (x: number, y: number) => number;
  readonly reach: number;
}

/**
 * Fill a shape, its edge blended over one pixel. `colour` is constant or painted in the shape's own
 * coordinates; `opacity` 0 to 1; `softness` widens the edge, in units (for shadows).
 */
export function fill(
  canvas: Canvas,
  pose: Pose,
  shape: Shape,
  colour: Colour | Painter,
  { opacity = 1, softness = 0 } = {},
): void {
  const { side, pixel, rgb } = canvas;
  const reach = (shape.reach + softness) * pose.scale + pixel;
  const [left, right] = pixelRange(pose.x, reach, canvas);
  const [top, bottom] = pixelRange(pose.y, reach, canvas);
  const cos = Math.cos(pose.angle) / pose.scale;
  const sin = Math.sin(pose.angle) / pose.scale;
  const sharpness = 1 / (pixel / pose.scale + softness);
  const out = typeof colour === 'function' ? new Float32Array(3) : Float32Array.from(colour);
  for (let row = top; row < bottom; row++) {
    const dy = (row + 0.5) * pixel - SPAN / 2 - pose.y;
    for (let column = left; column < right; column++) {
      const dx = (column + 0.5) * pixel - SPAN / 2 - pose.x;
      const x = cos * dx + sin * dy;
      const y = cos * dy - sin * dx;
      const cover = clamp01(0.5 - shape.distance(x, y) * sharpness) * opacity;
      if (cover <= 0) continue;
      if (typeof colour === 'function') colour(x, y, out);
      const at = (row * side + column) * 3;
      for (let c = 0; c < 3; c++) rgb[at + c] = mix(rgb[at + c]!, out[c]!, cover);
    }
  }
}

/** How much of each pixel a shape covers, [side, side], 0 to 1. */
export function coverage(side: number, pose: Pose, shape: Shape): Float32Array {
  const canvas = createCanvas(side);
  fill(canvas, pose, shape, [1, 1, 1]);
  return Float32Array.from({ length: side * side }, (_, i) => canvas.rgb[i * 3]!);
}

function pixelRange(centre: number, reach: number, { side, pixel }: Canvas): [number, number] {
  const low = Math.floor((centre - reach + SPAN / 2) / pixel);
  const high = Math.ceil((centre + reach + SPAN / 2) / pixel);
  return [Math.max(0, low), Math.min(side, high)];
}

/** Length of (x, y). Math.hypot guards against overflow and costs ten times as much. */
export const magnitude = (x: number, y: number): number => Math.sqrt(x * x + y * y);

/** Set `out` to `colour` times `gain`. */
export function put(out: Float32Array, colour: Colour, gain = 1): void {
  out[0] = colour[0] * gain;
  out[1] = colour[1] * gain;
  out[2] = colour[2] * gain;
}

/** Set `out` to the mixture of two colours, times `gain`. */
export function putMix(out: Float32Array, a: Colour, b: Colour, t: number, gain = 1): void {
  for (let c = 0; c < 3; c++) out[c] = mix(a[c]!, b[c]!, t) * gain;
}
