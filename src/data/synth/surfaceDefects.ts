import type { RandomStream } from '../../random.ts';
import { clamp01, mix, smoothstep } from '../scalars.ts';
import { type Canvas, type Colour, magnitude, SPAN } from './canvas.ts';
import { gradientNoise, layered } from './noise.ts';

/** Where on the surface a defect is centred, in units. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Paints a defect onto a finished surface; returns how much of each pixel it covers, [side, side], 0 to 1. */
export type SurfaceDefect = (
  canvas: Canvas,
  spot: Spot,
  random: RandomStream,
  object: Float32Array | undefined,
) => Float32Array;

/** A point of a path with its half-width there. */
interface Knot {
  readonly x: number;
  readonly y: number;
  readonly half: number;
}

/** A shallow groove: bright on one flank, dark on the other, tapering to both ends. */
export const scratch: SurfaceDefect = (canvas, spot, random, object) => {
  const strokes = random.next() < 0.3 ? 2 : 1;
  const heading = random.between(0, Math.PI);
  const bright = random.between(0.2, 0.45);
  const dark = random.between(0.45, 0.7);
  const total = new Float32Array(canvas.side ** 2);
  for (let stroke = 0; stroke < strokes; stroke++) {
    const length = random.between(24, 75);
    const half = random.between(0.55, 1.15);
    const bend = random.between(-0.5, 0.5);
    const side = { x: spot.x + stroke * random.between(-9, 9), y: spot.y + stroke * random.between(-9, 9) };
    const path = walk(side, heading, length, (t) => ({
      turn: bend / 24,
      half: half * Math.min(1, 6 * t, 6 * (1 - t)),
    }));
    const core = strokeCover(canvas, path);
    const flank = strokeCover(
      canvas,
      path.map((knot) => ({
        ...knot,
        x: knot.x - 0.9 * Math.sin(heading),
        y: knot.y + 0.9 * Math.cos(heading),
      })),
    );
    confine(core, object);
    confine(flank, object);
    tint(canvas, flank, [0.1, 0.1, 0.1], dark);
    tint(canvas, core, [0.95, 0.95, 0.93], bright);
    for (let i = 0; i < total.length; i++) total[i] = Math.max(total[i]!, core[i]!, flank[i]!);
  }
  return total;
};

/** A dark, wandering line with branches. */
export const crack: SurfaceDefect = (canvas, spot, random, object) => {
  const heading = random.between(0, 2 * Math.PI);
  const length = random.between(28, 70);
  const half = random.between(0.6, 1.3);
  // Leans left and right of a straight course; a plain random walk would curl up.
  const jagged = (scale: number) => {
    let lean = 0;
    return (t: number): { turn: number; half: number } => {
      const before = lean;
      lean = 0.5 * random.normal();
      const half = scale * (0.75 + 0.5 * random.next()) * Math.min(1, 5 * t, 3 * (1 - t)) + 0.15;
      return { turn: lean - before, half };
    };
  };
  const trunk = walk(spot, heading, length, jagged(half));
  const cover = strokeCover(canvas, trunk);
  for (let branch = random.integer(4); branch > 0; branch--) {
    const root = trunk[4 + random.integer(trunk.length - 8)]!;
    const away = heading + random.between(0.5, 1.1) * (random.next() < 0.5 ? -1 : 1);
    const twig = walk(root, away, length * random.between(0.2, 0.45), jagged(half * 0.6), true);
    const extra = strokeCover(canvas, twig);
    for (let i = 0; i < cover.length; i++) cover[i] = Math.max(cover[i]!, extra[i]!);
  }
  confine(cover, object);
  tint(canvas, cover, [0.04, 0.035, 0.03], random.between(0.6, 0.9));
  return cover;
};

const FIBRES: readonly Colour[] = [
  [0.86, 0.85, 0.82],
  [0.08, 0.08, 0.1],
  [0.55, 0.12, 0.12],
  [0.16, 0.2, 0.45],
  [0.62, 0.5, 0.32],
];

/** A loose fibre lying on the part, round in section, with a faint shadow; it may hang over the edge. */
export const thread: SurfaceDefect = (canvas, spot, random) => {
  const curl = random.between(-0.16, 0.16);
  const sway = random.between(0.05, 0.14);
  const half = random.between(0.7, 1.25);
  const path = walk(spot, random.between(0, 2 * Math.PI), random.between(38, 95), (t) => ({
    turn: curl + sway * Math.sin(9 * t),
    half,
  }));
  const cover = strokeCover(canvas, path);
  const shadow = strokeCover(
    canvas,
    path.map((knot) => ({ x: knot.x + 1.1, y: knot.y + 1.4, half: half * 1.2 })),
  );
  const gleam = strokeCover(
    canvas,
    path.map((knot) => ({ x: knot.x - 0.25, y: knot.y - 0.3, half: half * 0.35 })),
  );
  const colour = FIBRES[random.integer(FIBRES.length)]!;
  tint(canvas, shadow, [0, 0, 0], 0.35);
  tint(canvas, cover, colour, 0.92);
  tint(canvas, gleam, [1, 1, 1], 0.22);
  for (let i = 0; i < cover.length; i++) cover[i] = Math.max(cover[i]!, shadow[i]! * 0.6);
  return cover;
};

const FOREIGN: readonly Colour[] = [
  [0.1, 0.09, 0.08],
  [0.7, 0.68, 0.63],
  [0.5, 0.33, 0.16],
  [0.42, 0.44, 0.47],
];

/** A lump of foreign matter: an uneven outline, shaded like a drop, with a shadow. */
export const blob: SurfaceDefect = (canvas, spot, random, object) => {
  const radius = random.between(3.2, 9.5);
  const stretch = random.between(0.7, 1.4);
  const outline = gradientNoise(random);
  const colour = FOREIGN[random.integer(FOREIGN.length)]!;
  const opacity = random.between(0.6, 0.92);
  const { side, pixel, rgb } = canvas;
  const cover = new Float32Array(side * side);
  eachPixelAround(canvas, spot, radius * 2.2, (x, y, i) => {
    const dx = (x - spot.x) * stretch;
    const dy = (y - spot.y) / stretch;
    const angle = Math.atan2(dy, dx);
    const edge = radius * (1 + 0.3 * outline(1.6 * Math.cos(angle) + 9, 1.6 * Math.sin(angle) + 9));
    const distance = magnitude(dx, dy);
    const own = clamp01(0.5 + (edge - distance) / pixel) * (object?.[i] ?? 1);
    const shadow =
      0.4 * smoothstep(edge + 2.6, edge - 0.5, magnitude(dx - 1.2, dy - 1.6)) * (object?.[i] ?? 1);
    cover[i] = Math.max(own, shadow);
    const slope = clamp01(distance / edge) ** 3;
    const light = 1 - 0.45 * slope * ((dx + dy) / (distance + 0.5)) * 0.7;
    const spark = 0.4 * Math.exp(-(((dx + edge * 0.35) ** 2 + (dy + edge * 0.4) ** 2) / (edge * 0.22) ** 2));
    for (let c = 0; c < 3; c++) {
      const shaded = rgb[i * 3 + c]! * (1 - shadow);
      rgb[i * 3 + c] = mix(shaded, colour[c]! * light + spark, own * opacity);
    }
  });
  return cover;
};

/** What a dried liquid lets through of the surface below, and the film that it leaves of its own. */
interface Liquid {
  readonly filter: Colour;
  readonly film: number;
}
const LIQUIDS: readonly Liquid[] = [
  { filter: [0.62, 0.52, 0.36], film: 0.02 },
  { filter: [0.5, 0.5, 0.52], film: 0 },
  { filter: [0.55, 0.42, 0.4], film: 0.02 },
  { filter: [0.72, 0.72, 0.7], film: 0.27 },
];

/** A dried liquid: a broad patch that filters the surface below it, darker towards its rim. */
export const stain: SurfaceDefect = (canvas, spot, random, object) => {
  const radius = random.between(9, 22);
  const edgeNoise = layered(gradientNoise(random), 3);
  const { filter, film } = LIQUIDS[random.integer(LIQUIDS.length)]!;
  const strength = random.between(0.5, 0.95);
  const { side, rgb } = canvas;
  const cover = new Float32Array(side * side);
  eachPixelAround(canvas, spot, radius * 2, (x, y, i) => {
    const dx = x - spot.x;
    const dy = y - spot.y;
    const inside = 1 - magnitude(dx, dy) / radius + 0.4 * edgeNoise(dx * 0.05 + 7, dy * 0.05 + 3);
    const own = smoothstep(0, 0.1, inside) * (object?.[i] ?? 1);
    cover[i] = own;
    const rim = 0.3 * Math.exp(-(((inside - 0.08) / 0.07) ** 2));
    for (let c = 0; c < 3; c++) {
      const opacity = own * (0.65 * strength + rim);
      rgb[i * 3 + c] = clamp01(rgb[i * 3 + c]! * mix(1, filter[c]!, opacity) + film * opacity);
    }
  });
  return cover;
};

/** A path of 25 knots through `spot` (its middle, or its start). `step(t)`: turn in radians and half-width there. */
function walk(
  spot: Spot,
  heading: number,
  length: number,
  step: (t: number) => { turn: number; half: number },
  fromStart = false,
): Knot[] {
  const knots: Knot[] = [];
  const stride = length / 24;
  let x = 0;
  let y = 0;
  for (let i = 0; i <= 24; i++) {
    const { turn, half } = step(i / 24);
    knots.push({ x, y, half });
    heading += turn;
    x += stride * Math.cos(heading);
    y += stride * Math.sin(heading);
  }
  const anchor = fromStart ? knots[0]! : knots[12]!;
  return knots.map((knot) => ({
    x: knot.x - anchor.x + spot.x,
    y: knot.y - anchor.y + spot.y,
    half: knot.half,
  }));
}

/** Coverage of a path drawn with a round pen of varying width. */
function strokeCover(canvas: Canvas, path: readonly Knot[]): Float32Array {
  const { side, pixel } = canvas;
  const cover = new Float32Array(side * side);
  for (let k = 1; k < path.length; k++) {
    const a = path[k - 1]!;
    const b = path[k]!;
    const [bx, by] = [b.x - a.x, b.y - a.y];
    const squared = bx * bx + by * by || 1;
    const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    eachPixelAround(canvas, middle, Math.sqrt(squared) / 2 + Math.max(a.half, b.half) + pixel, (x, y, i) => {
      const along = clamp01(((x - a.x) * bx + (y - a.y) * by) / squared);
      const distance = magnitude(x - a.x - along * bx, y - a.y - along * by);
      const half = mix(a.half, b.half, along);
      // A pen thinner than a pixel covers only part of it.
      const own = clamp01(0.5 + (half - distance) / pixel) * Math.min(1, (2 * half) / pixel + 0.1);
      if (own > cover[i]!) cover[i] = own;
    });
  }
  return cover;
}

function eachPixelAround(
  { side, pixel }: Canvas,
  centre: Spot,
  reach: number,
  visit: (x: number, y: number, index: number) => void,
): void {
  const first = (at: number): number => Math.max(0, Math.floor((at - reach + SPAN / 2) / pixel));
  const last = (at: number): number => Math.min(side, Math.ceil((at + reach + SPAN / 2) / pixel));
  for (let row = first(centre.y); row < last(centre.y); row++) {
    const y = (row + 0.5) * pixel - SPAN / 2;
    for (let column = first(centre.x); column < last(centre.x); column++) {
      visit((column + 0.5) * pixel - SPAN / 2, y, row * side + column);
    }
  }
}

function confine(cover: Float32Array, object: Float32Array | undefined): void {
  if (object) for (let i = 0; i < cover.length; i++) cover[i]! *= object[i]!;
}

function tint(canvas: Canvas, cover: Float32Array, colour: Colour, opacity: number): void {
  for (let i = 0; i < cover.length; i++) {
    if (cover[i]! <= 0) continue;
    for (let c = 0; c < 3; c++) {
      canvas.rgb[i * 3 + c] = mix(canvas.rgb[i * 3 + c]!, colour[c]!, cover[i]! * opacity);
    }
  }
}
