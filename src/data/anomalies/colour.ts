/** Changes of colour that need red, green and blue together. On 8-bit RGB planes [3, side, side]. */

/** Brightness (the largest channel) times `factor` plus `offset`, 0 to 255; hue and saturation stay. */
export const scaleBrightness = (pixels: Uint8Array, factor: number, offset: number): Uint8Array =>
  byPixel(pixels, (rgb) => {
    const value = Math.max(rgb[0]!, rgb[1]!, rgb[2]!);
    const wanted = Math.min(255, Math.max(0, factor * value + offset));
    for (let c = 0; c < 3; c++) rgb[c] = value > 0 ? (rgb[c]! * wanted) / value : wanted;
  });

/** Hue by `turn` of the colour circle, saturation (0 to 255) by `offset`; brightness stays. Greys have red's hue. */
export const shiftHueAndSaturation = (pixels: Uint8Array, turn: number, offset: number): Uint8Array =>
  byPixel(pixels, (rgb) => {
    const [r, g, b] = [rgb[0]!, rgb[1]!, rgb[2]!];
    const value = Math.max(r, g, b);
    if (value === 0) return;
    const range = value - Math.min(r, g, b);
    const saturation = Math.min(1, Math.max(0, range / value + offset / 255));
    const hue = 6 * turn + (range > 0 ? sextant(r, g, b, value, range) : 0);
    for (const [c, shift] of [5, 3, 1].entries()) {
      const k = (((shift + hue) % 6) + 6) % 6;
      rgb[c] = value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
    }
  });

/** Hue in sixths of the circle, red at 0. */
function sextant(r: number, g: number, b: number, value: number, range: number): number {
  if (value === r) return (g - b) / range;
  return value === g ? 2 + (b - r) / range : 4 + (r - g) / range;
}

function byPixel(pixels: Uint8Array, change: (rgb: Float64Array) => void): Uint8Array {
  const plane = pixels.length / 3;
  const out = new Uint8ClampedArray(pixels.length);
  const rgb = new Float64Array(3);
  for (let at = 0; at < plane; at++) {
    for (let c = 0; c < 3; c++) rgb[c] = pixels[c * plane + at]!;
    change(rgb);
    for (let c = 0; c < 3; c++) out[c * plane + at] = rgb[c]!;
  }
  return new Uint8Array(out.buffer);
}
