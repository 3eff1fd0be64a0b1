import { RandomStream } from '../../random.ts';
import { smoothstep } from '../scalars.ts';
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
import { gradientNoise, hashLine, layered } from './noise.ts';
import { localAxes, looseNear, type Part, type SceneClass } from './scene.ts';
import { bar, box, disc, ring } from './shapes.ts';

const MASK: Colour = [0.07, 0.3, 0.17];
const TRACE: Colour = [0.13, 0.42, 0.24];
const SOLDER: Colour = [0.72, 0.72, 0.7];
const GOLD: Colour = [0.78, 0.64, 0.3];
const INK: Colour = [0.85, 0.87, 0.84];
const EPOXY: Colour = [0.1, 0.1, 0.11];

/** Every board of a production run is the same: placed once, by hand. `extent` is the smaller side. */
const COMPONENTS: readonly Part[] = [
  { kind: 'chip', x: -26, y: -22, angle: 0, extent: 34 },
  { kind: 'chip', x: 34, y: 30, angle: Math.PI / 2, extent: 34 },
  { kind: 'can', x: 44, y: -44, angle: 0, extent: 20 },
  { kind: 'resistor', x: 8, y: -52, angle: 0, extent: 8 },
  { kind: 'resistor', x: 8, y: -38, angle: 0, extent: 8 },
  { kind: 'resistor', x: -58, y: 18, angle: Math.PI / 2, extent: 8 },
  { kind: 'resistor', x: -44, y: 18, angle: Math.PI / 2, extent: 8 },
  { kind: 'capacitor', x: -8, y: 26, angle: 0, extent: 9 },
  { kind: 'capacitor', x: -8, y: 42, angle: 0, extent: 9 },
  { kind: 'capacitor', x: 40, y: -10, angle: 0, extent: 9 },
  { kind: 'diode', x: -44, y: 52, angle: 0, extent: 10 },
];

const TRACES = layTraces();

/** A populated printed circuit board. */
export const circuit: SceneClass = {
  name: 'circuit',
  defects: ['missing', 'misplaced', 'scratch', 'blob', 'stain', 'thread'],
  compose(random) {
    const pose = looseNear(random, 4, 0.05, 0.025);
    const weaveNoise = gradientNoise(random);
    const { p, q } = localAxes(pose);
    const tone = hashLine(random);
    // Placement tolerance of a good board.
    const parts = COMPONENTS.map((part) => ({
      ...part,
      x: part.x + 0.35 * random.normal(),
      y: part.y + 0.35 * random.normal(),
      angle: part.angle + 0.012 * random.normal(),
    }));
    return {
      parts,
      paint(canvas, present) {
        paintAll(canvas, (x, y, out) => {
          const u = p(x, y);
          const v = q(x, y);
          const glass = 0.04 * Math.sin(u * 2.2) * Math.sin(v * 2.2) + 0.08 * weaveNoise(u * 0.04, v * 0.04);
          put(out, MASK, 1 + glass);
        });
        for (const [x0, y0, x1, y1, width] of TRACES) {
          const [dx, dy] = [(x1 - x0) / 2, (y1 - y0) / 2];
          fill(canvas, within(pose, x0 + dx, y0 + dy), bar(-dx, -dy, dx, dy, width), TRACE);
        }
        for (const [, , x1, y1] of TRACES) {
          fill(canvas, within(pose, x1, y1), disc(2.4), GOLD);
          fill(canvas, within(pose, x1, y1), disc(1), [0.05, 0.08, 0.06]);
        }
        for (const part of COMPONENTS) paintPads(canvas, within(pose, part.x, part.y, part.angle), part.kind);
        for (const part of present) {
          const index = parts.findIndex(
            (other) => other.kind === part.kind && Math.abs(other.x - part.x) < 12,
          );
          paintComponent(canvas, within(pose, part.x, part.y, part.angle), part.kind, tone(index + 1));
        }
      },
    };
  },
};

function layTraces(): [number, number, number, number, number][] {
  const random = new RandomStream(20, 6);
  const traces: [number, number, number, number, number][] = [];
  for (let i = 0; i < 34; i++) {
    const x = Math.round(random.between(-18, 18)) * 4;
    const y = Math.round(random.between(-18, 18)) * 4;
    const length = Math.round(random.between(3, 12)) * 4;
    const heading = (random.integer(8) * Math.PI) / 4;
    traces.push([
      x,
      y,
      x + length * Math.cos(heading),
      y + length * Math.sin(heading),
      i % 5 === 0 ? 1.6 : 0.75,
    ]);
  }
  return traces;
}

/** Copper and silk screen under a component: what shows when it is missing. */
function paintPads(canvas: Canvas, pose: Pose, kind: string): void {
  if (kind === 'chip') {
    for (let pin = -3; pin <= 3; pin++) {
      for (const side of [-1, 1]) fill(canvas, within(pose, pin * 5.4, side * 17), box(2.8, 7, 0.5), GOLD);
    }
  } else if (kind === 'can') {
    fill(canvas, pose, ring(12.5, 0.8), INK);
    for (const side of [-1, 1]) fill(canvas, within(pose, side * 5, 0), disc(2.6), GOLD);
  } else {
    for (const side of [-1, 1]) fill(canvas, within(pose, side * 7, 0), box(5.6, 8.4, 0.6), GOLD);
    for (const side of [-1, 1]) fill(canvas, within(pose, 0, side * 6), box(19, 0.7), INK);
  }
}

function paintComponent(canvas: Canvas, pose: Pose, kind: string, tone: number): void {
  const shadow = (shape: Parameters<typeof fill>[2], x: number, y: number): void =>
    fill(canvas, { ...pose, x: pose.x + x, y: pose.y + y }, shape, [0.01, 0.04, 0.02], {
      opacity: 0.55,
      softness: 2.5,
    });
  if (kind === 'chip') {
    for (let pin = -3; pin <= 3; pin++) {
      for (const side of [-1, 1]) {
        fill(canvas, within(pose, pin * 5.4, side * 15.5), box(1.9, 7, 0.4), (_x, y, out) =>
          put(out, SOLDER, 0.95 - 0.12 * y * side),
        );
      }
    }
    const body = box(42, 26, 1);
    shadow(body, 1.6, 2);
    fill(canvas, pose, body, (x, y, out) =>
      putMix(out, EPOXY, SOLDER, 0.12 * smoothstep(-1.6, -0.4, body.distance(x, y)) + 0.02 * tone),
    );
    fill(canvas, within(pose, -16, 8), disc(1.8), [0.05, 0.05, 0.055]);
    for (let letter = -3; letter <= 3; letter++) {
      if (letter === 0) continue;
      fill(canvas, within(pose, letter * 4 + 1, -3), box(2.2, 4.4), [0.42, 0.42, 0.42], { opacity: 0.65 });
      fill(canvas, within(pose, letter * 4 + 1, -3), box(0.9, letter % 2 ? 2.6 : 1.4), EPOXY);
    }
  } else if (kind === 'can') {
    shadow(disc(11), 2, 2.5);
    fill(canvas, pose, disc(11.5), [0.22, 0.23, 0.27]);
    fill(canvas, pose, disc(10), (x, y, out) => put(out, SOLDER, 0.98 - 0.02 * x - 0.014 * y - 0.05 * tone));
    fill(canvas, pose, bar(-6, 0, 6, 0, 0.5), [0.45, 0.45, 0.46]);
    fill(canvas, pose, bar(0, -6, 0, 6, 0.5), [0.45, 0.45, 0.46]);
  } else {
    const body: Colour =
      kind === 'resistor' ? [0.12, 0.12, 0.13] : kind === 'diode' ? [0.2, 0.13, 0.11] : [0.55, 0.42, 0.28];
    const whole = box(17, 7.6, 0.8);
    shadow(whole, 1, 1.3);
    fill(canvas, pose, whole, (_x, y, out) => put(out, SOLDER, 1 - 0.03 * y));
    fill(canvas, pose, box(11, 7.6, 0.4), (_x, y, out) => put(out, body, 1.08 - 0.04 * y - 0.12 * tone));
    if (kind === 'resistor') fill(canvas, pose, box(6, 2.6), INK, { opacity: 0.5 });
    if (kind === 'diode') fill(canvas, within(pose, 3.4, 0), box(1.8, 7.6), INK, { opacity: 0.9 });
  }
}

const BENCH: Colour = [0.5, 0.51, 0.53];
const SHEATH: Colour = [0.17, 0.17, 0.18];
const FILLER: Colour = [0.6, 0.6, 0.58];
const COPPER: Colour = [0.8, 0.5, 0.32];
const INSULATION: Readonly<Record<string, Colour>> = {
  brown: [0.4, 0.23, 0.13],
  blue: [0.16, 0.33, 0.62],
  green: [0.36, 0.58, 0.25],
};

/** The cut end of a three-wire cable. */
export const cable: SceneClass = {
  name: 'cable',
  defects: ['missing', 'misplaced', 'blob', 'crack', 'thread', 'scratch'],
  compose(random) {
    const pose = looseNear(random, 5, 0.35, 0.04);
    const bench = layered(gradientNoise(random), 3);
    const rubber = gradientNoise(random);
    const strandTone = hashLine(random);
    const parts: Part[] = Object.keys(INSULATION).map((kind, i) => {
      const angle = (i * 2 * Math.PI) / 3 - Math.PI / 2 + 0.05 * random.normal();
      const far = 27 + 0.6 * random.normal();
      return {
        kind,
        x: far * Math.cos(angle),
        y: far * Math.sin(angle),
        angle: random.between(0, 6.28),
        extent: 20,
      };
    });
    return {
      parts,
      object: (side) => coverage(side, pose, disc(62)),
      paint(canvas, present) {
        paintAll(canvas, (x, y, out) => put(out, BENCH, 1 + 0.06 * bench(x * 0.08, y * 0.08)));
        fill(canvas, { ...pose, x: pose.x + 4, y: pose.y + 5 }, disc(63), [0.1, 0.1, 0.11], {
          opacity: 0.6,
          softness: 8,
        });
        fill(canvas, pose, disc(63), (x, y, out) =>
          put(out, SHEATH, 1 + 0.15 * rubber(x * 0.5, y * 0.5) + 0.35 * smoothstep(59, 62, magnitude(x, y))),
        );
        fill(canvas, pose, disc(51.5), (x, y, out) => {
          const depth = 1 - 0.35 * smoothstep(44, 51, magnitude(x, y));
          put(out, FILLER, depth * (0.85 + 0.22 * rubber(x * 0.25, y * 0.25) + 0.1 * rubber(x, y)));
        });
        for (const part of parts) {
          const seat = within(pose, part.x, part.y);
          fill(canvas, seat, disc(22), [0.2, 0.2, 0.2], { opacity: 0.75, softness: 4 });
        }
        for (const part of present) {
          paintWire(
            canvas,
            within(pose, part.x, part.y, part.angle),
            INSULATION[part.kind]!,
            strandTone,
            rubber,
          );
        }
      },
    };
  },
};

function paintWire(
  canvas: Canvas,
  pose: Pose,
  colour: Colour,
  tone: (index: number) => number,
  texture: (x: number, y: number) => number,
): void {
  fill(canvas, pose, disc(21), (x, y, out) => put(out, colour, 1 + 0.1 * texture(x * 0.4, y * 0.4)));
  fill(canvas, pose, disc(14), [0.13, 0.08, 0.05]);
  for (let i = 0; i < 19; i++) {
    const shell = i === 0 ? 0 : i < 7 ? 1 : 2;
    const angle = shell === 1 ? (i * Math.PI) / 3 : (i * Math.PI) / 6 + 0.26;
    const far = shell * 5.5;
    const seat = within(
      pose,
      far * Math.cos(angle) + tone(i) - 0.5,
      far * Math.sin(angle) + tone(i + 40) - 0.5,
    );
    const gain = 0.72 + 0.5 * tone(i + 80);
    fill(canvas, seat, disc(2.8), (x, y, out) => put(out, COPPER, gain * (1.05 - 0.09 * (x + y))));
  }
}
