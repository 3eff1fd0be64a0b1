import type { RandomStream } from '../../random.ts';
import { clamp01, smoothstep } from '../scalars.ts';

/** A scalar field with values in [0, 1]. */
export type Pattern = (x: number, y: number) => number;

/** One of several families with random parameters; values in [0, 1]. Coordinates span about one unit a view. */
export function drawPattern(random: RandomStream): Pattern {
  const families = [stripes, lattice, cells, clouds, chevrons, scales];
  return families[random.integer(families.length)]!(random);
}

const ramp = (edge: number, soft: number, x: number): number => clamp01((x - edge) / soft + 0.5);
const turn = (random: RandomStream): [number, number] => {
  const angle = random.between(0, Math.PI);
  return [Math.cos(angle), Math.sin(angle)];
};
const fraction = (x: number): number => x - Math.floor(x);

function stripes(random: RandomStream): Pattern {
  const [cx, cy] = turn(random);
  const frequency = random.between(2, 14);
  const wobble = random.between(0, 0.25);
  const slow = random.between(1, 4);
  const duty = random.between(0.3, 0.7);
  const soft = random.between(0.1, 0.8);
  return (x, y) => {
    const along = cx * x + cy * y + wobble * Math.sin(slow * 6.28 * (cx * y - cy * x)) * 0.1;
    return ramp(duty, soft, 0.5 + 0.5 * Math.sin(6.28 * frequency * along));
  };
}

function lattice(random: RandomStream): Pattern {
  const [cx, cy] = turn(random);
  const [fx, fy] = [random.between(3, 10), random.between(3, 10)];
  const radius = random.between(0.2, 0.48);
  const power = [1, 2, 8][random.integer(3)]!;
  const shift = random.integer(2) / 2;
  return (x, y) => {
    const v = fy * (cx * y - cy * x);
    const u = fx * (cx * x + cy * y) + shift * (Math.floor(v) & 1);
    const [a, b] = [Math.abs(fraction(u) - 0.5), Math.abs(fraction(v) - 0.5)];
    return 1 - ramp(radius, 0.12, (a ** power + b ** power) ** (1 / power));
  };
}

/** A repeatable value in [0, 1) for a lattice point. */
const hash = (i: number, j: number, salt: number): number => {
  let h = Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1) ^ salt;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
};

function cells(random: RandomStream): Pattern {
  const frequency = random.between(3, 9);
  const salt = random.word();
  const border = random.between(0.05, 0.3);
  return (x, y) => {
    const [u, v] = [x * frequency, y * frequency];
    const [i, j] = [Math.floor(u), Math.floor(v)];
    let [near, next] = [9, 9];
    for (let b = -1; b <= 1; b++) {
      for (let a = -1; a <= 1; a++) {
        const px = i + a + hash(i + a, j + b, salt) - u;
        const py = j + b + hash(i + a, j + b, salt ^ 0x5bd1) - v;
        const d = Math.sqrt(px * px + py * py);
        if (d < near) [near, next] = [d, near];
        else if (d < next) next = d;
      }
    }
    return ramp(border, 0.1, next - near);
  };
}

function clouds(random: RandomStream): Pattern {
  const frequency = random.between(2, 8);
  const octaves = 1 + random.integer(3);
  const salt = random.word();
  const [stretchX, stretchY] = [random.between(0.5, 2), random.between(0.5, 2)];
  const contrast = random.between(0.3, 1.2);
  return (x, y) => {
    let [total, weight, f] = [0, 0, frequency];
    for (let octave = 0; octave < octaves; octave++) {
      const [u, v] = [x * f * stretchX, y * f * stretchY];
      const [i, j] = [Math.floor(u), Math.floor(v)];
      const [a, b] = [smoothstep(0, 1, u - i), smoothstep(0, 1, v - j)];
      const top = hash(i, j, salt + octave) * (1 - a) + hash(i + 1, j, salt + octave) * a;
      const bottom = hash(i, j + 1, salt + octave) * (1 - a) + hash(i + 1, j + 1, salt + octave) * a;
      const part = 0.5 ** octave;
      total += part * (top * (1 - b) + bottom * b);
      weight += part;
      f *= 2;
    }
    return ramp(0.5, contrast, total / weight);
  };
}

function chevrons(random: RandomStream): Pattern {
  const [fx, fy] = [random.between(2, 8), random.between(3, 12)];
  const height = random.between(0.2, 1.5);
  const duty = random.between(0.3, 0.7);
  return (x, y) => ramp(duty, 0.2, fraction(fy * y + height * Math.abs(fraction(fx * x) - 0.5)));
}

function scales(random: RandomStream): Pattern {
  const frequency = random.between(3, 9);
  const depth = random.between(0.5, 2.5);
  return (x, y) => {
    const row = Math.floor(y * frequency);
    const u = fraction(x * frequency + 0.5 * (row & 1)) - 0.5;
    const v = fraction(y * frequency);
    return fraction(depth * Math.sqrt(u * u + v * v));
  };
}
