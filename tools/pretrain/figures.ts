import type { RandomStream } from '../../src/random.ts';

/** Distance to a figure's edge, negative inside. A figure lies within the square of half-side 1.5. */
export type Figure = (x: number, y: number) => number;
type Point = readonly [x: number, y: number];

/** An ellipse, rounded box, polygon, star, ring or broken line of random proportions. */
export function drawFigure(random: RandomStream): Figure {
  const kinds = [ellipse, roundedBox, polygon, star, ring, brokenLine];
  return kinds[random.integer(kinds.length)]!(random);
}

function ellipse(random: RandomStream): Figure {
  const flat = random.between(0.35, 1);
  return (x, y) => (Math.sqrt(x * x + (y / flat) ** 2) - 1) * flat;
}

function roundedBox(random: RandomStream): Figure {
  const [width, height] = [random.between(0.25, 1), random.between(0.4, 1)];
  const corner = random.between(0, 0.3) * Math.min(width, height);
  return (x, y) => {
    const a = Math.abs(x) - width + corner;
    const b = Math.abs(y) - height + corner;
    return Math.sqrt(Math.max(a, 0) ** 2 + Math.max(b, 0) ** 2) + Math.min(Math.max(a, b), 0) - corner;
  };
}

function polygon(random: RandomStream): Figure {
  const count = 3 + random.integer(5);
  return enclosed(
    Array.from({ length: count }, (_, i) =>
      polar(random.between(0.6, 1), ((i + random.between(-0.3, 0.3)) * 2 * Math.PI) / count),
    ),
  );
}

function star(random: RandomStream): Figure {
  const points = 4 + random.integer(5);
  const waist = random.between(0.3, 0.7);
  return enclosed(
    Array.from({ length: 2 * points }, (_, i) => polar(i % 2 ? waist : 1, (i * Math.PI) / points)),
  );
}

function ring(random: RandomStream): Figure {
  const half = random.between(0.08, 0.35);
  return (x, y) => Math.abs(Math.sqrt(x * x + y * y) - (1 - half)) - half;
}

function brokenLine(random: RandomStream): Figure {
  const half = random.between(0.08, 0.22);
  const knots = Array.from({ length: 3 + random.integer(3) }, (): Point => {
    return [random.between(-1, 1), random.between(-1, 1)];
  });
  return (x, y) => {
    let nearest = Infinity;
    for (let i = 1; i < knots.length; i++)
      nearest = Math.min(nearest, toSegment(x, y, knots[i - 1]!, knots[i]!));
    return nearest - half;
  };
}

const polar = (radius: number, angle: number): Point => [radius * Math.cos(angle), radius * Math.sin(angle)];

/** The area within a closed line, by the even-odd rule. */
function enclosed(corners: readonly Point[]): Figure {
  return (x, y) => {
    let nearest = Infinity;
    let inside = false;
    let before = corners[corners.length - 1]!;
    for (const corner of corners) {
      nearest = Math.min(nearest, toSegment(x, y, before, corner));
      const crosses = corner[1] > y !== before[1] > y;
      if (crosses && x < ((before[0] - corner[0]) * (y - corner[1])) / (before[1] - corner[1]) + corner[0])
        inside = !inside;
      before = corner;
    }
    return inside ? -nearest : nearest;
  };
}

function toSegment(x: number, y: number, a: Point, b: Point): number {
  const bx = b[0] - a[0];
  const by = b[1] - a[1];
  const along = ((x - a[0]) * bx + (y - a[1]) * by) / (bx * bx + by * by + 1e-9);
  const t = Math.min(1, Math.max(0, along));
  const dx = x - a[0] - t * bx;
  const dy = y - a[1] - t * by;
  return Math.sqrt(dx * dx + dy * dy);
}
