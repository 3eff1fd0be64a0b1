/**
 * Planes [planes, side, side] turned about their centre by `angle` radians, bilinear, zeros where nothing was. A positive
 * angle turns clockwise as rows grow downwards.
 */
export function turned(planes: Float32Array | Uint8Array, side: number, angle: number): Float32Array {
  const out = new Float32Array(planes.length);
  const plane = side * side;
  const [cos, sin, centre] = [Math.cos(angle), Math.sin(angle), (side - 1) / 2];
  for (let row = 0, to = 0; row < side; row++) {
    const dy = row - centre;
    for (let column = 0; column < side; column++, to++) {
      const dx = column - centre;
      const x = cos * dx + sin * dy + centre;
      const y = cos * dy - sin * dx + centre;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      if (left < -1 || left >= side || top < -1 || top >= side) continue;
      const [u, v] = [x - left, y - top];
      // Beyond the edge a neighbour weighs nothing, and any pixel can stand for it.
      const [inLeft, inRight] = [left >= 0 ? 1 - u : 0, left + 1 < side ? u : 0];
      const [inTop, inBelow] = [top >= 0 ? 1 - v : 0, top + 1 < side ? v : 0];
      const first = Math.max(0, top) * side;
      const second = Math.min(side - 1, top + 1) * side;
      const near = Math.max(0, left);
      const far = Math.min(side - 1, left + 1);
      for (let from = 0; from < planes.length; from += plane) {
        const upper = planes[from + first + near]! * inLeft + planes[from + first + far]! * inRight;
        const lower = planes[from + second + near]! * inLeft + planes[from + second + far]! * inRight;
        out[from + to] = upper * inTop + lower * inBelow;
      }
    }
  }
  return out;
}

/** The same of 8-bit planes, rounded. */
export const turnedPixels = (pixels: Uint8Array, side: number, angle: number): Uint8Array =>
  rounded(turned(pixels, side, angle), 1);

/** Values times `factor` as 8-bit numbers. A loop: `Uint8Array.from` with a function takes ten times as long. */
export function rounded(values: Float32Array, factor: number): Uint8Array {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.round(factor * values[i]!);
  return out;
}
