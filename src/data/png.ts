import sharp from 'sharp';

const PNG = { compressionLevel: 6, adaptiveFiltering: false, palette: false } as const;

/** A PNG file of 8-bit values, interleaved: grey or RGB, by their number. The same values give the same bytes. */
export function pngOf(values: Uint8Array, width: number, height: number): Promise<Buffer> {
  const channels = values.length === width * height ? 1 : 3;
  const image = sharp(values, { raw: { width, height, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).png(PNG).toBuffer();
}
