import type { RandomStream } from '../../random.ts';
import { range } from '../../shape.ts';
import { fade } from '../scalars.ts';

/** A smooth random field over the plane, about -1 to 1, features about one unit wide. */
export type Noise = (x: number, y: number) => number;

/** Gradient noise (K. Perlin, "Improving noise", 2002) on a shuffled table of 256; repeats after 256 units. */
export function gradientNoise(random: RandomStream): Noise {
  const table = hashTable(random);
  const gradientX = new Float32Array(256);
  const gradientY = new Float32Array(256);
  for (let i = 0; i < 256; i++) {
    gradientX[i] = Math.cos((i / 128) * Math.PI) * 1.5;
    gradientY[i] = Math.sin((i / 128) * Math.PI) * 1.5;
  }
  const corner = (column: number, row: number, dx: number, dy: number): number => {
    const hash = table[(table[column & 255]! + row) & 255]!;
    return gradientX[hash]! * dx + gradientY[hash]! * dy;
  };
  return (x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const dx = x - column;
    const dy = y - row;
    const u = fade(dx);
    const v = fade(dy);
    const top = corner(column, row, dx, dy) * (1 - u) + corner(column + 1, row, dx - 1, dy) * u;
    const below =
      corner(column, row + 1, dx, dy - 1) * (1 - u) + corner(column + 1, row + 1, dx - 1, dy - 1) * u;
    return top * (1 - v) + below * v;
  };
}

/** Sum of octaves, each of half the width and half the height of the one before. */
export function layered(noise: Noise, octaves: number): Noise {
  return (x, y) => {
    let sum = 0;
    let weight = 1;
    for (let octave = 0; octave < octaves; octave++) {
      sum += weight * noise(x, y);
      x = x * 2 + 17.3;
      y = y * 2 - 9.1;
      weight /= 2;
    }
    return sum;
  };
}

/** What cellular noise says of a point: distances to the two nearest seeds, and the nearest one's number. */
export interface Cell {
  nearest: number;
  second: number;
  /** 0 to 255, the same over the whole cell. */
  id: number;
}

/** Cellular noise (S. Worley, 1996), about one seed per unit square. Writes to `out`. */
export function cellularNoise(random: RandomStream): (x: number, y: number, out: Cell) => void {
  const table = hashTable(random);
  return (x, y, out) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    let nearest = 9;
    let second = 9;
    let id = 0;
    for (let r = row - 1; r <= row + 1; r++) {
      for (let c = column - 1; c <= column + 1; c++) {
        const hash = table[(table[c & 255]! + r) & 255]!;
        const dx = c + 0.1 + (0.8 * hash) / 256 - x;
        const dy = r + 0.1 + (0.8 * table[hash]!) / 256 - y;
        const squared = dx * dx + dy * dy;
        if (squared < nearest) {
          second = nearest;
          nearest = squared;
          id = hash;
        } else if (squared < second) second = squared;
      }
    }
    out.nearest = Math.sqrt(nearest);
    out.second = Math.sqrt(second);
    out.id = id;
  };
}

/** A fixed random number in [0, 1) for every integer. */
export function hashLine(random: RandomStream): (index: number) => number {
  const table = hashTable(random);
  return (index) => table[index & 255]! / 256;
}

function hashTable(random: RandomStream): Uint8Array {
  const order = random.shuffle(range(256));
  return Uint8Array.from(order);
}
