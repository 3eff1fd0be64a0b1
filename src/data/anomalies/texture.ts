import type { RandomStream } from '../../random.ts';
import { clamp01 } from '../scalars.ts';
import { drawPattern, type Pattern } from './patterns.ts';

/** Writes the colour at (x, y), red, green and blue in [0, 1], to `out`. */
export type Paint = (x: number, y: number, out: Float64Array) => void;
type Colour = readonly [number, number, number];

/** Up to three colours mixed by two patterns; plain with probability `plain`. */
export function drawPaint(random: RandomStream, plain: number): Paint {
  const kind = random.next();
  const first = kind < plain ? zero : kind < plain + 0.2 ? slope(random) : drawPattern(random);
  const second = random.next() < 0.5 ? zero : drawPattern(random);
  const share = random.between(0.1, 0.6);
  const [a, b, c] = [drawColour(random), drawColour(random), drawColour(random)];
  const contrast = random.next() < 0.5 ? 1 : random.between(0.15, 0.6);
  return (x, y, out) => {
    const t = first(x, y) * contrast;
    const w = second(x, y) * share;
    for (let i = 0; i < 3; i++) out[i] = (a[i]! * (1 - t) + b[i]! * t) * (1 - w) + c[i]! * w;
  };
}

const zero: Pattern = () => 0;

function slope(random: RandomStream): Pattern {
  const angle = random.between(0, Math.PI);
  const [cos, sin, start] = [Math.cos(angle), Math.sin(angle), random.next()];
  return (x, y) => clamp01(start + cos * x + sin * y);
}

/** Any colour, or in three of ten cases one close to grey. */
function drawColour(random: RandomStream): Colour {
  if (random.next() >= 0.3) return [random.next(), random.next(), random.next()];
  const grey = random.next();
  const near = (): number => clamp01(grey + random.between(-0.08, 0.08));
  return [near(), near(), near()];
}

/** The colour of a point; `pixel` is a pixel's side. Coordinates span about one unit a view, the origin at its centre. */
export type Shade = (x: number, y: number, pixel: number, out: Float64Array) => void;

/** Fills `out` [3, side, side] with one view, turned, moved and magnified at random; values in [0, 1]. */
export function drawView(shade: Shade, random: RandomStream, side: number, out: Float32Array): void {
  const angle = random.between(0, 2 * Math.PI);
  const pixel = random.between(0.75, 1.35) / side;
  const [cos, sin] = [Math.cos(angle) * pixel, Math.sin(angle) * pixel];
  const [dx, dy] = [random.between(-0.12, 0.12), random.between(-0.12, 0.12)];
  const colour = new Float64Array(3);
  const plane = side * side;
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++, at++) {
      const px = column + 0.5 - side / 2;
      const py = row + 0.5 - side / 2;
      shade(cos * px - sin * py + dx, sin * px + cos * py + dy, pixel, colour);
      for (let c = 0; c < 3; c++) out[c * plane + at] = clamp01(colour[c]!);
    }
  }
}
