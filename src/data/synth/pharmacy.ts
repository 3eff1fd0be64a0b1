import { clamp01, smoothstep } from '../scalars.ts';
import {
  type Canvas,
  type Colour,
  coverage,
  fill,
  magnitude,
  type Pose,
  paintAll,
  put,
  putMix,
  within,
} from './canvas.ts';
import { gradientNoise, layered } from './noise.ts';
import { looseNear, type Part, type SceneClass } from './scene.ts';
import { bar, box, disc, ring } from './shapes.ts';

const TRAY: Colour = [0.8, 0.81, 0.82];
const CAP: Colour = [0.63, 0.2, 0.14];
const BODY: Colour = [0.86, 0.74, 0.5];
const PRINT: Colour = [0.2, 0.16, 0.14];

/** One two-piece capsule with its imprint, on a pale tray. */
export const capsule: SceneClass = {
  name: 'capsule',
  defects: ['missing', 'misplaced', 'scratch', 'crack', 'blob', 'stain'],
  compose(random) {
    const pose = looseNear(random, 6, 0.3, 0.04);
    const tray = layered(gradientNoise(random), 2);
    const powder = gradientNoise(random);
    const seam = random.between(-3, 5);
    const hull = bar(-39, 0, 39, 0, 24);
    const parts: Part[] = [-3, -2, -1, 0, 1, 2].map((k) => ({
      kind: k % 2 === 0 ? 'stroke' : 'letter',
      x: -33 + k * 4.5 + 12,
      y: random.between(-1, 1),
      angle: 0,
      extent: 13,
    }));
    // The imprint is one part: a good capsule has all of it.
    const imprint: Part = {
      kind: 'imprint',
      x: 0,
      y: random.between(-1.5, 1.5),
      angle: random.between(-0.04, 0.04),
      extent: 14,
    };
    return {
      parts: [imprint],
      object: (side) => coverage(side, pose, hull),
      paint(canvas, present) {
        paintAll(canvas, (x, y, out) => put(out, TRAY, 1 + 0.03 * tray(x * 0.06, y * 0.06)));
        const shade: Pose = { ...pose, x: pose.x + 3, y: pose.y + 7 };
        fill(canvas, shade, hull, [0.3, 0.3, 0.32], { opacity: 0.55, softness: 10 });
        fill(canvas, pose, hull, (x, y, out) => {
          const overlap = smoothstep(seam - 0.5, seam + 0.5, x);
          const t = hull.distance(x, y) / 24 + 1;
          const round = 0.45 + 0.6 * Math.sqrt(clamp01(1 - t * t));
          const lip = 0.18 * Math.exp(-(((x - seam) / 0.9) ** 2));
          const gloss = 0.55 * Math.exp(-(((y + 10) / 2.6) ** 2)) * smoothstep(46, 38, Math.abs(x));
          putMix(out, CAP, BODY, overlap, round * (1 + 0.05 * powder(x * 0.2, y * 0.2) - lip));
          for (let c = 0; c < 3; c++) out[c] = out[c]! + gloss * (0.95 - out[c]!);
        });
        for (const part of present) {
          const print = within(pose, part.x, part.y, part.angle);
          for (const stroke of parts)
            paintGlyph(canvas, within(print, stroke.x + 40, stroke.y + 4), stroke.kind);
        }
      },
    };
  },
};

function paintGlyph(canvas: Canvas, pose: Pose, kind: string): void {
  const ink = { opacity: 0.8 };
  if (kind === 'letter') fill(canvas, pose, ring(2.6, 1.2), PRINT, ink);
  else {
    fill(canvas, pose, bar(0, -3.2, 0, 3.2, 0.6), PRINT, ink);
    fill(canvas, pose, bar(-1.6, -3.2, 1.6, -3.2, 0.6), PRINT, ink);
  }
}

const FOIL: Colour = [0.66, 0.67, 0.69];
const TABLET: Colour = [0.88, 0.83, 0.8];

/** A blister strip: twelve scored tablets in clear cavities over embossed foil. */
export const blister: SceneClass = {
  name: 'blister',
  defects: ['missing', 'misplaced', 'crack', 'blob', 'stain', 'scratch'],
  compose(random) {
    const pose = looseNear(random, 4, 0.07, 0.03);
    const dent = layered(gradientNoise(random), 2);
    const chalk = layered(gradientNoise(random), 2);
    const parts: Part[] = [];
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 3; column++) {
        parts.push({
          kind: `${row * 3 + column}`,
          x: (column - 1) * 46 + 0.7 * random.normal(),
          y: (row - 1.5) * 37 + 0.7 * random.normal(),
          angle: random.between(0, Math.PI),
          extent: 13,
        });
      }
    }
    return {
      parts,
      paint(canvas, present) {
        paintAll(canvas, (x, y, out) => {
          const u = Math.cos(pose.angle) * x + Math.sin(pose.angle) * y;
          const v = Math.cos(pose.angle) * y - Math.sin(pose.angle) * x;
          const knurl = 0.06 * Math.sin((u + v) * 1.1) + 0.06 * Math.sin((u - v) * 1.1);
          put(out, FOIL, 0.95 + knurl + 0.16 * dent(x * 0.035, y * 0.035));
        });
        for (const part of parts) {
          const row = Math.floor(Number(part.kind) / 3);
          paintCavity(canvas, within(pose, ((Number(part.kind) % 3) - 1) * 46, (row - 1.5) * 37));
        }
        for (const part of present)
          paintTablet(canvas, within(pose, part.x, part.y, part.angle), chalk, pose.angle);
        for (const part of parts) {
          const row = Math.floor(Number(part.kind) / 3);
          const cavity = within(pose, ((Number(part.kind) % 3) - 1) * 46, (row - 1.5) * 37);
          fill(canvas, within(cavity, -7, -8, 0.8), box(7, 2, 1), [1, 1, 1], { opacity: 0.4, softness: 0.8 });
        }
      },
    };
  },
};

/** An empty cavity: the plastic's rim, lit above and shaded below, over smooth foil. */
function paintCavity(canvas: Canvas, pose: Pose): void {
  fill(canvas, pose, disc(16.5), (_x, y, out) => put(out, FOIL, 0.92 + 0.02 * y), { opacity: 0.8 });
  fill(canvas, pose, ring(15.6, 2.2), (_x, y, out) => put(out, FOIL, 0.95 - 0.03 * y));
  fill(canvas, pose, disc(14.2), (_x, y, out) => put(out, FOIL, 0.72 + 0.012 * y));
}

function paintTablet(
  canvas: Canvas,
  pose: Pose,
  chalk: (x: number, y: number) => number,
  turn: number,
): void {
  fill(canvas, { ...pose, x: pose.x + 1.2, y: pose.y + 1.6 }, disc(12.3), [0.25, 0.25, 0.27], {
    opacity: 0.6,
    softness: 2,
  });
  const score = bar(-9.5, 0, 9.5, 0, 0.7);
  const [lightX, lightY] = [Math.sin(pose.angle - turn), Math.cos(pose.angle - turn)];
  fill(canvas, pose, disc(12.3), (x, y, out) => {
    const radius = magnitude(x, y);
    const bevel = -0.22 * smoothstep(9.5, 12.3, radius) * ((x * lightX + y * lightY) / (radius + 0.01) + 0.4);
    put(out, TABLET, 1 + bevel + 0.035 * chalk(x * 0.7 + pose.x, y * 0.7 + pose.y));
  });
  fill(canvas, pose, score, [0.58, 0.53, 0.5], { softness: 0.5 });
}
