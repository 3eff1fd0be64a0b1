import { crc32 } from 'node:zlib';

/** No image has more: its rows would not fit into any memory. */
const MOST_PIXELS = 2 ** 40;

/** What is wrong with an image whose decoder gives no reason, as far as its frame shows. */
export function imageDamage(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\x89PNG')) return pngDamage(bytes) ?? 'its compressed data is damaged';
  if (head.startsWith('\xff\xd8')) {
    return bytes.includes('\xff\xd9', 2, 'latin1')
      ? 'its compressed data is damaged'
      : 'it is cut short: its end marker is missing';
  }
  if (head.startsWith('RIFF') && bytes.length >= 8) {
    const length = bytes.readUInt32LE(4) + 8;
    return length > bytes.length
      ? `it is cut short: ${length} bytes are said to be there, ${bytes.length} are`
      : 'its compressed data is damaged';
  }
  return 'its data or the tables that describe it are damaged';
}

function pngDamage(bytes: Buffer): string | null {
  if (bytes.length >= 24) {
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    if (width === 0 || height === 0 || width * height > MOST_PIXELS) {
      return `its header gives it ${width}x${height} pixels`;
    }
  }
  for (let at = 8; at < bytes.length; ) {
    if (at + 12 > bytes.length) break;
    const length = bytes.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) {
      return `the checksum of its part at byte ${at} is wrong`;
    }
    if (bytes.toString('latin1', at + 4, at + 8) === 'IEND') return null;
    at = end + 4;
  }
  return `it is cut short: there are ${bytes.length} bytes, and its end is not among them`;
}
