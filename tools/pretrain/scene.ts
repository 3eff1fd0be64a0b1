import { drawPaint, drawView, type Paint } from '../../src/data/anomalies/texture.ts';
import { clamp01 } from '../../src/data/scalars.ts';
import type { RandomStream } from '../../src/random.ts';
import { drawFigure, type Figure } from './figures.ts';

/** A figure put somewhere: `cos` and `sin` of its angle are divided by its size. */
interface Placed {
  readonly figure: Figure;
  readonly paint: Paint;
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
  readonly size: number;
  readonly opacity: number;
}

/** An abstract picture. Coordinates span about one unit a view, the origin at its centre; later figures lie on top. */
export interface Scene {
  readonly ground: Paint;
  readonly figures: readonly Placed[];
}

/** A texture alone, scattered figures, a lattice of figures, or a body with figures on it. */
export function drawScene(random: RandomStream): Scene {
  const kinds = [texture, scatter, array, body];
  return kinds[random.integer(kinds.length)]!(random);
}

const texture = (random: RandomStream): Scene => ({ ground: drawPaint(random, 0), figures: [] });

function scatter(random: RandomStream): Scene {
  const kinds = Array.from({ length: 1 + random.integer(4) }, () => ({
    figure: drawFigure(random),
    paint: drawPaint(random, 0.5),
  }));
  const figures = Array.from({ length: 8 + random.integer(30) }, () => {
    const { figure, paint } = kinds[random.integer(kinds.length)]!;
    return place(random, figure, random.next() < 0.5 ? paint : drawPaint(random, 0.6), {
      x: random.between(-0.7, 0.7),
      y: random.between(-0.7, 0.7),
      angle: random.between(0, 2 * Math.PI),
      size: 0.03 + 0.25 * random.next() ** 3,
    });
  });
  return { ground: drawPaint(random, 0.3), figures };
}

function array(random: RandomStream): Scene {
  const kinds = [0, 1].map(() => ({ figure: drawFigure(random), paint: drawPaint(random, 0.6) }));
  const pitch = random.between(0.12, 0.4);
  const heading = random.between(0, Math.PI);
  const [cos, sin] = [Math.cos(heading), Math.sin(heading)];
  const size = pitch * random.between(0.25, 0.48);
  const angle = random.next() < 0.5 ? 0 : random.between(0, 2 * Math.PI);
  const alternate = random.integer(2);
  const shifted = random.integer(2) / 2;
  const reach = Math.ceil(0.75 / pitch);
  const figures: Placed[] = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const [u, v] = [(column + shifted * (row & 1)) * pitch, row * pitch];
      const { figure, paint } = kinds[alternate * ((row + column) & 1)]!;
      const [x, y] = [cos * u - sin * v, sin * u + cos * v];
      figures.push(place(random, figure, paint, { x, y, angle, size }));
    }
  }
  return { ground: drawPaint(random, 0.4), figures };
}

function body(random: RandomStream): Scene {
  const whole = random.between(0.2, 0.42);
  const [cx, cy] = [random.between(-0.1, 0.1), random.between(-0.1, 0.1)];
  const turn = (): number => random.between(0, 2 * Math.PI);
  const figures = [
    place(random, drawFigure(random), drawPaint(random, 0.6), { x: cx, y: cy, angle: turn(), size: whole }),
  ];
  for (let left = 1 + random.integer(9); left > 0; left--) {
    const [radius, towards] = [whole * 0.8 * Math.sqrt(random.next()), turn()];
    figures.push(
      place(random, drawFigure(random), drawPaint(random, 0.7), {
        x: cx + radius * Math.cos(towards),
        y: cy + radius * Math.sin(towards),
        angle: turn(),
        size: whole * random.between(0.08, 0.5),
      }),
    );
  }
  return { ground: drawPaint(random, 0.5), figures };
}

function place(
  random: RandomStream,
  figure: Figure,
  paint: Paint,
  { x, y, angle, size }: { x: number; y: number; angle: number; size: number },
): Placed {
  const opacity = random.next() < 0.85 ? 1 : random.between(0.4, 0.9);
  return { figure, paint, x, y, cos: Math.cos(angle) / size, sin: Math.sin(angle) / size, size, opacity };
}

/** Fills `out` [3, side, side] with one view of the scene, values in [0, 1]; edges are blended over a pixel. */
export const viewScene = (scene: Scene, random: RandomStream, side: number, out: Float32Array): void =>
  drawView((x, y, pixel, colour) => shade(scene, x, y, pixel, colour), random, side, out);

const layer = new Float64Array(3);

/** The colour at one point, from the topmost figure down until nothing shows through. */
function shade({ ground, figures }: Scene, x: number, y: number, pixel: number, out: Float64Array): void {
  let through = 1;
  out.fill(0);
  for (let i = figures.length - 1; i >= 0 && through > 0.004; i--) {
    const placed = figures[i]!;
    const u = x - placed.x;
    const v = y - placed.y;
    const reach = placed.size * 1.5 + pixel;
    if (Math.abs(u) > reach || Math.abs(v) > reach) continue;
    const lx = placed.cos * u + placed.sin * v;
    const ly = placed.cos * v - placed.sin * u;
    const cover = clamp01(0.5 - (placed.figure(lx, ly) * placed.size) / pixel) * placed.opacity;
    if (cover <= 0) continue;
    placed.paint(lx * placed.size, ly * placed.size, layer);
    for (let c = 0; c < 3; c++) out[c]! += through * cover * layer[c]!;
    through *= 1 - cover;
  }
  if (through <= 0.004) return;
  ground(x, y, layer);
  for (let c = 0; c < 3; c++) out[c]! += through * layer[c]!;
}
