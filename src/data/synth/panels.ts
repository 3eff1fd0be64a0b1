import { clamp01, mix, smoothstep } from '../scalars.ts';
import { type Colour, magnitude, paintAll, put, putMix } from './canvas.ts';
import { type Cell, cellularNoise, gradientNoise, layered } from './noise.ts';
import { localAxes, looseNear, type SceneClass } from './scene.ts';

const EARLY: Colour = [0.78, 0.6, 0.4];
const LATE: Colour = [0.52, 0.34, 0.19];

/** A planed board: bent year rings, fine fibres and short dark pores along the grain. */
export const wood: SceneClass = {
  name: 'wood',
  defects: ['scratch', 'crack', 'blob', 'stain'],
  compose(random) {
    const pose = looseNear(random, 60, 0.06, 0.15);
    const { p, q } = localAxes(pose);
    const bend = layered(gradientNoise(random), 3);
    const fibre = gradientNoise(random);
    const pore = gradientNoise(random);
    const spacing = random.between(9, 13);
    return {
      parts: [],
      paint(canvas) {
        paintAll(canvas, (x, y, out) => {
          const u = p(x, y);
          const v = q(x, y);
          const depth = (u + 16 * bend(u * 0.014, v * 0.006)) / spacing;
          const ring = depth - Math.floor(depth);
          const late = smoothstep(0.25, 0.9, ring) * (1 - smoothstep(0.92, 1, ring));
          const strand = fibre(u * 0.9, v * 0.035) * 0.07 + fibre(u * 2.1 + 40, v * 0.09) * 0.05;
          const dark = smoothstep(0.52, 0.75, pore(u * 0.85, v * 0.07)) * 0.3;
          putMix(out, EARLY, LATE, 0.75 * late, (1 + strand) * (1 - dark));
        });
      },
    };
  },
};

const GLAZE: Colour = [0.8, 0.78, 0.73];
const GROUT: Colour = [0.44, 0.43, 0.42];
const TILE_PITCH = 92;

/** Terrazzo tiles: stone chips of three shades in a pale binder, and the joints between tiles. */
export const tile: SceneClass = {
  name: 'tile',
  defects: ['scratch', 'crack', 'blob', 'stain'],
  compose(random) {
    const pose = looseNear(random, 46, 0.04, 0.04);
    const { p, q } = localAxes(pose);
    const cells = cellularNoise(random);
    const edge = gradientNoise(random);
    const grain = layered(gradientNoise(random), 2);
    return {
      parts: [],
      paint(canvas) {
        const cell: Cell = { nearest: 0, second: 0, id: 0 };
        paintAll(canvas, (x, y, out) => {
          const u = p(x, y);
          const v = q(x, y);
          cells(u / 8 + 0.3 * edge(u * 0.3, v * 0.3), v / 8 + 0.3 * edge(u * 0.3 + 9, v * 0.3), cell);
          const chipSize = 0.16 + 0.32 * ((cell.id * 7) % 11) * 0.1;
          const chip = 1 - smoothstep(chipSize - 0.06, chipSize + 0.06, cell.nearest);
          const shade = cell.id % 5 === 0 ? 0.36 : cell.id % 5 < 3 ? 0.68 : 1.12;
          const gain = mix(1, shade, chip) * (1 + 0.05 * grain(u * 0.5, v * 0.5));
          const joint = Math.min(distanceToJoint(u), distanceToJoint(v));
          putMix(out, GROUT, GLAZE, smoothstep(1.6, 2.6, joint));
          const onTile = smoothstep(1.6, 2.6, joint);
          const bevel = 1 - 0.12 * (1 - smoothstep(2.6, 5, joint));
          for (let c = 0; c < 3; c++) out[c]! *= mix(1 + 0.1 * grain(u, v), gain * bevel, onTile);
        });
      },
    };
  },
};

const distanceToJoint = (u: number): number =>
  Math.abs(u - TILE_PITCH / 2 - TILE_PITCH * Math.round((u - TILE_PITCH / 2) / TILE_PITCH));

const PAINT: Colour = [0.5, 0.62, 0.66];

/** A sprayed sheet: orange peel, a broad reflection of the lamp, nothing else. */
export const painted: SceneClass = {
  name: 'painted',
  defects: ['scratch', 'blob', 'stain', 'crack', 'thread'],
  compose(random) {
    const peel = gradientNoise(random);
    const cloud = layered(gradientNoise(random), 2);
    const lamp = { x: random.between(-50, 50), y: random.between(-90, -30) };
    const shade = random.between(-0.03, 0.03);
    return {
      parts: [],
      paint(canvas) {
        paintAll(canvas, (x, y, out) => {
          const far = magnitude(x - lamp.x, (y - lamp.y) * 0.7) / 110;
          const glow = 0.16 * clamp01(1 - far) ** 2;
          const texture = 0.02 * peel(x * 0.38, y * 0.38) + 0.025 * cloud(x * 0.012, y * 0.012);
          put(out, PAINT, 1 + shade + glow + texture);
        });
      },
    };
  },
};
