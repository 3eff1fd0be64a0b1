import { clamp01, mix, smoothstep } from '../scalars.ts';
import { type Colour, coverage, fill, magnitude, paintAll, put, putMix } from './canvas.ts';
import { gradientNoise, layered } from './noise.ts';
import { localAxes, looseNear, type Part, type SceneClass } from './scene.ts';
import { disc, hexagon } from './shapes.ts';

const WIRE: Colour = [0.68, 0.69, 0.7];
const BEHIND: Colour = [0.16, 0.16, 0.17];
const MESH_PITCH = 15;
const WIRE_RADIUS = 2.7;

/** Woven wire mesh: every wire passes over and under its neighbours in turn. */
export const mesh: SceneClass = {
  name: 'mesh',
  defects: ['blob', 'stain', 'thread', 'scratch', 'missing', 'misplaced'],
  compose(random) {
    const pose = looseNear(random, MESH_PITCH / 2, 0.06, 0.05);
    const { p, q } = localAxes({ ...pose, angle: pose.angle + 0.02 });
    const wave = gradientNoise(random);
    const cloud = layered(gradientNoise(random), 2);
    const parts: Part[] = [];
    for (let k = -6; k <= 6; k++) {
      parts.push({ kind: 'upright', x: k * MESH_PITCH, y: 0, angle: 0, extent: MESH_PITCH });
      parts.push({ kind: 'level', x: 0, y: k * MESH_PITCH, angle: 0, extent: MESH_PITCH });
    }
    return {
      parts,
      paint(canvas, present) {
        const upright = present
          .filter((part) => part.kind === 'upright')
          .map(({ x, angle }) => ({ at: x, angle }));
        const level = present
          .filter((part) => part.kind === 'level')
          .map(({ y, angle }) => ({ at: y, angle }));
        const soft = canvas.pixel;
        paintAll(canvas, (x, y, out) => {
          const u = p(x, y) + 0.5 * wave(x * 0.03, y * 0.03);
          const v = q(x, y) + 0.5 * wave(x * 0.03 + 70, y * 0.03);
          const a = nearestWire(upright, u, v);
          const b = nearestWire(level, v, u);
          const bob = Math.cos((Math.PI * u) / MESH_PITCH) * Math.cos((Math.PI * v) / MESH_PITCH);
          const coverA = clamp01(0.5 + (WIRE_RADIUS - Math.abs(a)) / soft);
          const coverB = clamp01(0.5 + (WIRE_RADIUS - Math.abs(b)) / soft);
          const top = bob > 0 ? coverA : coverB;
          put(out, BEHIND, 1 + 0.25 * cloud(x * 0.03, y * 0.03));
          const under = bob > 0 ? coverB : coverA;
          blend(out, cylinder(bob > 0 ? b : a, bob > 0) * (1 - 0.3 * Math.abs(bob)), under);
          blend(out, cylinder(bob > 0 ? a : b, bob <= 0) * (0.85 + 0.15 * Math.abs(bob)), top);
        });
      },
    };
  },
};

/** Signed distance across the nearest wire of one direction. */
function nearestWire(wires: readonly { at: number; angle: number }[], across: number, along: number): number {
  let nearest = 99;
  for (const { at, angle } of wires) {
    const distance = across - at - angle * along;
    if (Math.abs(distance) < Math.abs(nearest)) nearest = distance;
  }
  return nearest;
}

/** Brightness of a round wire lit from above left. */
function cylinder(across: number, level: boolean): number {
  const t = Math.max(-1, Math.min(1, across / WIRE_RADIUS));
  const highlight = Math.exp(-12 * (t + (level ? 0.35 : 0.2)) ** 2);
  return 0.4 + 0.35 * Math.sqrt(1 - t * t) + 0.5 * highlight;
}

function blend(out: Float32Array, gain: number, cover: number): void {
  for (let c = 0; c < 3; c++) out[c] = mix(out[c]!, WIRE[c]! * gain, cover);
}

const STEEL: Colour = [0.58, 0.59, 0.61];

/** A brushed sheet: long fine streaks and one broad band of reflected light. */
export const brushed: SceneClass = {
  name: 'brushed',
  defects: ['scratch', 'blob', 'stain', 'crack'],
  compose(random) {
    const pose = looseNear(random, 60, 0.05, 0.1);
    const { p, q } = localAxes(pose);
    const streak = gradientNoise(random);
    const cloud = gradientNoise(random);
    const band = random.between(-60, 60);
    return {
      parts: [],
      paint(canvas) {
        paintAll(canvas, (x, y, out) => {
          const u = p(x, y);
          const v = q(x, y);
          const fine =
            0.08 * streak(u * 0.012, v * 0.5) +
            0.09 * streak(u * 0.02 + 9, v * 1.1) +
            0.06 * streak(u * 0.05, v * 2.3);
          const reflection = 0.22 * Math.exp(-(((x - band) / 45) ** 2));
          put(out, STEEL, 0.9 + fine + reflection + 0.04 * cloud(u * 0.02, v * 0.02));
        });
      },
    };
  },
};

const BENCH: Colour = [0.2, 0.21, 0.24];
const BORE: Colour = [0.09, 0.09, 0.1];

/** One hexagon nut from above: chamfer, turned face, thread in the bore. */
export const nut: SceneClass = {
  name: 'nut',
  defects: ['scratch', 'crack', 'blob', 'stain'],
  compose(random) {
    const pose = looseNear(random, 7, Math.PI, 0.04);
    const bench = layered(gradientNoise(random), 3);
    const grain = gradientNoise(random);
    const phase = random.between(0, Math.PI * 2);
    const body = hexagon(56, 3);
    const bore = disc(29);
    const light = 2.3 - pose.angle;
    return {
      parts: [],
      object: (side) =>
        coverage(side, pose, {
          ...body,
          distance: (x, y) => Math.max(body.distance(x, y), -bore.distance(x, y)),
        }),
      paint(canvas) {
        paintAll(canvas, (x, y, out) => put(out, BENCH, 1 + 0.12 * bench(x * 0.05, y * 0.05)));
        fill(canvas, { ...pose, x: pose.x + 3, y: pose.y + 4 }, body, [0.05, 0.05, 0.06], {
          opacity: 0.7,
          softness: 6,
        });
        fill(canvas, pose, body, (x, y, out) => {
          const radius = magnitude(x, y);
          const angle = Math.atan2(y, x);
          const turned =
            0.05 * grain(radius * 1.3, angle * 2.5) + 0.04 * grain(radius * 2.7, angle * 1.2 + 9);
          const sheen = 0.16 * Math.cos(2 * (angle - light)) + 0.05 * Math.cos(3 * angle + phase);
          const chamfer = smoothstep(53, 56, radius) * 0.2 * Math.cos(angle - light);
          const rim = smoothstep(34, 32, radius) * -0.22 * Math.cos(angle - light);
          const edge = -0.16 * smoothstep(-3.5, -0.5, body.distance(x, y));
          put(out, STEEL, 1.05 + turned + sheen + chamfer + rim + edge);
        });
        fill(canvas, pose, bore, (x, y, out) => {
          const radius = magnitude(x, y);
          const angle = Math.atan2(y, x);
          const thread = 0.5 + 0.5 * Math.cos(radius * 2.1 - angle);
          const wall = smoothstep(20, 22, radius) * (0.35 + 0.3 * Math.cos(angle - light + Math.PI));
          putMix(out, BORE, STEEL, clamp01(wall * (0.5 + 0.6 * thread)));
        });
      },
    };
  },
};
