/** Interleaved RGB. */
interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Whether the pixels were indices into a palette. */
  readonly isPalette: boolean;
}

/**
 * Reads uncompressed Windows bitmaps (sharp's prebuilt library does not): 1, 4 and 8 bits with a palette, 24 and 32
 * bits per pixel, bottom-up or top-down. @throws Error with the reason; the caller adds the path.
 */
export function decodeBmp(bytes: Buffer, maxPixels: number): Bitmap {
  const header = readHeader(bytes);
  const { width, height, bits, pixelStart } = header;
  if (width * height > maxPixels) {
    throw new Error(`it has ${width}x${height} pixels; at most ${maxPixels} are read`);
  }
  // Rows are padded to four bytes.
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (pixelStart + stride * height > bytes.length) {
    throw new Error(
      `it is truncated: ${width}x${height} at ${bits} bits needs ${pixelStart + stride * height} bytes, got ${bytes.length}`,
    );
  }
  const palette = bits <= 8 ? bytes.subarray(header.paletteStart, pixelStart) : undefined;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0, at = 0; row < height; row++) {
    const from = pixelStart + stride * (header.topDown ? row : height - 1 - row);
    for (let column = 0; column < width; column++, at += 3) {
      const source = palette ?? bytes;
      const entry = palette ? indexAt(bytes, from, column, bits) * 4 : from + column * (bits / 8);
      data[at] = source[entry + 2] ?? 0;
      data[at + 1] = source[entry + 1] ?? 0;
      data[at + 2] = source[entry] ?? 0;
    }
  }
  return { width, height, data, isPalette: palette !== undefined };
}

/** The palette index of a row's pixel; several in a byte have the leftmost in its high bits. */
function indexAt(bytes: Buffer, row: number, column: number, bits: number): number {
  const bit = column * bits;
  return (bytes[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
}

/** Width and height from the header alone. @throws Error with the reason. */
export function bmpSize(bytes: Buffer): { width: number; height: number } {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly paletteStart: number;
  readonly pixelStart: number;
}

function readHeader(bytes: Buffer): BmpHeader {
  if (bytes.length < 54)
    throw new Error(`it is truncated: a bitmap's header has 54 bytes, got ${bytes.length}`);
  const infoSize = bytes.readUInt32LE(14);
  const width = bytes.readInt32LE(18);
  const signedHeight = bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const height = Math.abs(signedHeight);
  if (infoSize < 40 || width <= 0 || height === 0) {
    throw new Error(`its bitmap header is invalid (${width}x${signedHeight}, header of ${infoSize} bytes)`);
  }
  // 3 = bit fields: with 32 bits, in practice always blue, green, red, alpha.
  if (!(compression === 0 || (compression === 3 && bits === 32))) {
    throw new Error(`bitmap compression ${compression} is not supported; save it uncompressed or as PNG`);
  }
  if (![1, 4, 8, 24, 32].includes(bits)) {
    throw new Error(`bitmaps of ${bits} bits per pixel are not supported (1, 4, 8, 24 and 32 are)`);
  }
  const paletteStart = 14 + infoSize;
  const pixelStart = bytes.readUInt32LE(10);
  if (pixelStart < paletteStart || pixelStart > bytes.length) {
    throw new Error(`its pixels are said to start at byte ${pixelStart} of ${bytes.length}`);
  }
  return { width, height, topDown: signedHeight < 0, bits, paletteStart, pixelStart };
}
