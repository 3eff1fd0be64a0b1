import { clamp01, mix, smoothstep } from '../scalars.ts';
import { type Colour, paintAll, put, putMix } from './canvas.ts';
import { type Cell, cellularNoise, gradientNoise, hashLine, layered } from './noise.ts';
import { localAxes, looseNear, type Part, type SceneClass } from './scene.ts';

const WARP: Colour = [0.36, 0.42, 0.5];
const WEFT: Colour = [0.58, 0.57, 0.52];
const GAP: Colour = [0.1, 0.11, 0.13];
const PITCH = 7.2;

/** Twill: each warp thread goes over two weft threads and under two, one later per column. */
export const weave: SceneClass = {
  name: 'weave',
  defects: ['scratch', 'crack', 'blob', 'stain', 'thread', 'missing'],
  compose(random) {
    const pose = looseNear(random, 20, 0.07, 0.05);
    const { p, q } = localAxes(pose);
    const warpTone = hashLine(random);
    const weftTone = hashLine(random);
    const fibre = gradientNoise(random);
    const drift = gradientNoise(random);
    const parts: Part[] = [];
    for (let column = -5; column <= 5; column++) {
      parts.push({ kind: 'warp', x: column * PITCH, y: 0, angle: 0, extent: PITCH });
    }
    return {
      parts,
      paint(canvas, present) {
        const absent = new Set(parts.filter((part) => !present.includes(part)).map((part) => part.x / PITCH));
        paintAll(canvas, (x, y, out) => {
          const u = (p(x, y) + 1.6 * drift(x * 0.03, y * 0.03)) / PITCH;
          const v = (q(x, y) + 1.6 * drift(x * 0.03 + 50, y * 0.03)) / PITCH;
          const column = Math.floor(u);
          const row = Math.floor(v);
          const missing = absent.has(column);
          const step = (((column + row) % 4) + 4) % 4;
          const warpOver = step < 2 && !missing;
          const across = (warpOver ? u - column : v - row) - 0.5;
          // The two crossings a float spans: 0 at its first end, 1 at its last.
          const along = warpOver ? (step + v - row) / 2 : missing ? 0.5 : (step - 2 + u - column) / 2;
          const round = Math.sqrt(Math.max(0, 1 - 3.4 * across * across));
          const arch = 0.72 + 0.28 * Math.sin(Math.PI * clamp01(along));
          const strand = warpOver
            ? fibre(u * PITCH * 0.9 + 0.5 * v, v * PITCH * 0.12)
            : fibre(u * PITCH * 0.12, v * PITCH * 0.9 + 90);
          const tone = 0.9 + 0.2 * (warpOver ? warpTone(column) : weftTone(row));
          const gain = tone * arch * (1 + 0.14 * strand) * (missing ? 0.72 : 1);
          const thread = warpOver ? WARP : WEFT;
          putMix(out, GAP, thread, smoothstep(0.15, 0.75, round), gain);
        });
      },
    };
  },
};

const HIDE: Colour = [0.43, 0.25, 0.15];

/** Pebbled hide: cells with soft valleys, lit from the upper left. */
export const leather: SceneClass = {
  name: 'leather',
  defects: ['scratch', 'crack', 'blob', 'stain', 'thread'],
  compose(random) {
    const pose = looseNear(random, 40, Math.PI, 0.12);
    const { p, q } = localAxes(pose);
    const cells = cellularNoise(random);
    const warp = gradientNoise(random);
    const pores = gradientNoise(random);
    const tone = layered(gradientNoise(random), 3);
    return {
      parts: [],
      paint(canvas) {
        const { side } = canvas;
        const height = new Float32Array(side * side);
        const cell: Cell = { nearest: 0, second: 0, id: 0 };
        let at = 0;
        paintAll(canvas, (x, y, out) => {
          const u = p(x, y) / 5.5;
          const v = q(x, y) / 5.5;
          cells(u + 0.35 * warp(u, v), v + 0.35 * warp(u + 31, v), cell);
          height[at++] = smoothstep(0, 0.42, cell.second - cell.nearest) + 0.12 * pores(u * 5, v * 5);
          put(out, HIDE, 1 + 0.1 * tone(x * 0.02, y * 0.02) + 0.0004 * (cell.id - 128));
        });
        // Slopes are taken over one unit, so the relief looks alike at every size.
        const reach = Math.max(1, Math.round(1 / canvas.pixel));
        for (let row = 0; row < side; row++) {
          for (let column = 0; column < side; column++) {
            const here = height[row * side + column]!;
            const below = height[Math.min(side - 1, row + reach) * side + column]!;
            const right = height[row * side + Math.min(side - 1, column + reach)]!;
            const light =
              mix(0.62, 1.02, clamp01(here)) + 0.5 * (here - below) * -0.6 + 0.5 * (here - right) * -0.4;
            for (let c = 0; c < 3; c++) canvas.rgb[(row * side + column) * 3 + c]! *= light;
          }
        }
      },
    };
  },
};
