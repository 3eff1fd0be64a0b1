import { clamp01 } from '../scalars.ts';
import { magnitude, type Shape } from './canvas.ts';

/** Signed distances after I. Quilez, "2D distance functions"; all are centred on the origin, in units. */

export function disc(radius: number): Shape {
  return { reach: radius, distance: (x, y) => magnitude(x, y) - radius };
}

/** A ring of the given middle radius and thickness. */
export function ring(radius: number, thickness: number): Shape {
  return {
    reach: radius + thickness / 2,
    distance: (x, y) => Math.abs(magnitude(x, y) - radius) - thickness / 2,
  };
}

/** A rectangle of the given full width and height with rounded corners. */
export function box(width: number, height: number, corner = 0): Shape {
  const halfWidth = width / 2 - corner;
  const halfHeight = height / 2 - corner;
  return {
    reach: Math.hypot(width, height) / 2,
    distance: (x, y) => {
      const dx = Math.abs(x) - halfWidth;
      const dy = Math.abs(y) - halfHeight;
      const outside = magnitude(Math.max(dx, 0), Math.max(dy, 0));
      return outside + Math.min(Math.max(dx, dy), 0) - corner;
    },
  };
}

/** A rounded bar from (x0, y0) to (x1, y1). */
export function bar(x0: number, y0: number, x1: number, y1: number, radius: number): Shape {
  const [bx, by] = [x1 - x0, y1 - y0];
  const squared = bx * bx + by * by || 1;
  return {
    reach: Math.max(Math.hypot(x0, y0), Math.hypot(x1, y1)) + radius,
    distance: (x, y) => {
      const along = clamp01(((x - x0) * bx + (y - y0) * by) / squared);
      return magnitude(x - x0 - along * bx, y - y0 - along * by) - radius;
    },
  };
}

/** A regular hexagon, `apothem` from the centre to each side, corners rounded by `corner`. */
export function hexagon(apothem: number, corner = 0): Shape {
  const inner = apothem - corner;
  return {
    reach: (apothem * 2) / Math.sqrt(3),
    distance: (x, y) => {
      let px = Math.abs(x);
      let py = Math.abs(y);
      const fold = 2 * Math.min(0, -Math.sqrt(0.75) * px + 0.5 * py);
      px += Math.sqrt(0.75) * fold;
      py -= 0.5 * fold;
      const half = inner / Math.sqrt(3);
      const nearest = Math.min(half, Math.max(-half, px));
      return magnitude(px - nearest, py - inner) * Math.sign(py - inner) - corner;
    },
  };
}
