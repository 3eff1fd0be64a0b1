import type { RandomStream } from '../../random.ts';
/** A smooth random field over the plane, about -1 to 1, features about one unit wide. */
export type Noise = (x: number, y: number) => number;
/** Gradient noise (K. Perlin, "Improving noise", 2002) on a shuffled table of 256; repeats after 256 units. */
export declare function gradientNoise(random: RandomStream): Noise;
/** Sum of octaves, each of half the width and half the height of the one before. */
export declare function layered(noise: Noise, octaves: number): Noise;
/** What cellular noise says of a point: distances to the two nearest seeds, and the nearest one's number. */
export interface Cell {
    nearest: number;
    second: number;
    /** 0 to 255, the same over the whole cell. */
    id: number;
}
/** Cellular noise (S. Worley, 1996), about one seed per unit square. Writes to `out`. */
export declare function cellularNoise(random: RandomStream): (x: number, y: number, out: Cell) => void;
/** A fixed random number in [0, 1) for every integer. */
export declare function hashLine(random: RandomStream): (index: number) => number;
