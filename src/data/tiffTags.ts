/** Bytes of a number of each TIFF type, and how it is read; rationals and text say nothing here. */
const TYPES = new Map<number, { size: number; read(view: DataView, at: number, little: boolean): number }>([
  [1, { size: 1, read: (view, at) => view.getUint8(at) }],
  [3, { size: 2, read: (view, at, little) => view.getUint16(at, little) }],
  [4, { size: 4, read: (view, at, little) => view.getUint32(at, little) }],
  [6, { size: 1, read: (view, at) => view.getInt8(at) }],
  [8, { size: 2, read: (view, at, little) => view.getInt16(at, little) }],
  [9, { size: 4, read: (view, at, little) => view.getInt32(at, little) }],
  [11, { size: 4, read: (view, at, little) => view.getFloat32(at, little) }],
  [12, { size: 8, read: (view, at, little) => view.getFloat64(at, little) }],
]);

/** Values of some tags of the first page. What points out of the file is passed over. */
export function tiffNumbers(bytes: Buffer, wanted: readonly number[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fits = (at: number, size: number): boolean => at >= 0 && at + size <= bytes.length;
  if (!fits(0, 8)) return found;
  const little = bytes[0] === 0x49;
  const directory = view.getUint32(4, little);
  const entries = fits(directory, 2) ? view.getUint16(directory, little) : 0;
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (!fits(entry, 12)) break;
    const tag = view.getUint16(entry, little);
    const type = TYPES.get(view.getUint16(entry + 2, little));
    const count = Math.min(view.getUint32(entry + 4, little), MOST_CHANNELS);
    if (!type || !wanted.includes(tag)) continue;
    // Four bytes and fewer stand in the entry itself.
    const at = type.size * count <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (count === 0 || !fits(at, type.size * count)) continue;
    found.set(
      tag,
      Array.from({ length: count }, (_, k) => type.read(view, at + k * type.size, little)),
    );
  }
  return found;
}

/** One value for each channel; no image that is read has more. */
const MOST_CHANNELS = 16;

const BITS = 258;
const COMPRESSION = 259;
const PHOTOMETRIC = 262;
/** Values of the photometric tag: 0 is white; brightness and two colour differences. */
const WHITE_IS_ZERO = 0;
const YCBCR = 6;
/** JPEG in TIFF, the old way and the new: the decoder turns their colours. */
const JPEGS = [6, 7];

/** @throws Error with the reason where the first page is of a kind that the decoder takes for another. */
export function refuseOddTiff(bytes: Buffer): void {
  const tags = tiffNumbers(bytes, [BITS, COMPRESSION, PHOTOMETRIC]);
  const [compression = 1] = tags.get(COMPRESSION) ?? [];
  if (tags.get(PHOTOMETRIC)?.[0] === YCBCR && !JPEGS.includes(compression)) {
    throw new Error('its colours are YCbCr without JPEG compression, which is not read; save it as RGB');
  }
  const [bits = 1] = tags.get(BITS) ?? [];
  if (bits > 32) {
    throw new Error(
      `its samples have ${bits} bits, which are not read; save it with 8 or 16 bits, or as 32-bit floats`,
    );
  }
}

/** Whether zeros of a TIFF file are white. The decoder turns them, as viewers do. */
export const isWhiteZero = (bytes: Buffer): boolean =>
  tiffNumbers(bytes, [PHOTOMETRIC]).get(PHOTOMETRIC)?.[0] === WHITE_IS_ZERO;
