/** PNG files of pixels, made off the page's thread. */

/** @param rgb [height, width, 3]. */
export async function pngOf(rgb: Uint8Array, width: number): Promise<Blob> {
  const height = rgb.length / 3 / width;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(width, height);
  for (let i = 0, at = 0; i < rgb.length; at += 4) {
    image.data[at] = rgb[i++]!;
    image.data[at + 1] = rgb[i++]!;
    image.data[at + 2] = rgb[i++]!;
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** Planes [3, size, size] to [size, size, 3]. */
export function interleaved(planar: Uint8Array): Uint8Array {
  const plane = planar.length / 3;
  const out = new Uint8Array(planar.length);
  for (let i = 0, at = 0; i < plane; i++) {
    out[at++] = planar[i]!;
    out[at++] = planar[plane + i]!;
    out[at++] = planar[2 * plane + i]!;
  }
  return out;
}
