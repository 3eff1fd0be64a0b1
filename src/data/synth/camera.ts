import type { RandomStream } from '../../random.ts';
import { clamp01 } from '../scalars.ts';
import { type Canvas, SPAN } from './canvas.ts';

/** How one exposure differs from the next: lamp, white balance, sensor. */
export interface Exposure {
  readonly gain: number;
  /** Change of brightness from the centre to a border, along x and y. */
  readonly slopeX: number;
  readonly slopeY: number;
  readonly vignette: number;
  /** Gain of red, the inverse of blue's. */
  readonly warmth: number;
  /** Standard deviation of the sensor's noise, as a fraction of white. */
  readonly noise: number;
}

export function drawExposure(random: RandomStream): Exposure {
  return {
    gain: random.between(0.88, 1.12),
    slopeX: random.between(-0.09, 0.09),
    slopeY: random.between(-0.09, 0.09),
    vignette: random.between(0.02, 0.1),
    warmth: random.between(0.965, 1.035),
    noise: random.between(0.008, 0.016),
  };
}

/** The 8-bit image [side, side, 3] of a painted canvas under an exposure; `random` is the sensor's noise. */
export function photograph(canvas: Canvas, exposure: Exposure, random: RandomStream): Uint8Array {
  const { side, pixel, rgb } = canvas;
  const image = new Uint8Array(rgb.length);
  const channelGain = [exposure.warmth, 1, 1 / exposure.warmth];
  for (let row = 0, at = 0; row < side; row++) {
    const y = ((row + 0.5) * pixel) / (SPAN / 2) - 1;
    for (let column = 0; column < side; column++) {
      const x = ((column + 0.5) * pixel) / (SPAN / 2) - 1;
      const light =
        exposure.gain *
        (1 + exposure.slopeX * x + exposure.slopeY * y - exposure.vignette * 0.5 * (x * x + y * y));
      const shared = exposure.noise * random.normal();
      for (let c = 0; c < 3; c++, at++) {
        const own = 0.4 * exposure.noise * (random.next() - 0.5) * 3.46;
        image[at] = Math.round(255 * clamp01(rgb[at]! * light * channelGain[c]! + shared + own));
      }
    }
  }
  return image;
}
