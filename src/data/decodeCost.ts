import sharp from 'sharp';
import { openRegular } from '../formats/regularFile.ts';
import { asBuffer } from './asBuffer.ts';
import { bmpSize } from './bmp.ts';
import { bytesOf, type ImageGiven, MAX_PIXELS } from './decode.ts';

/**
 * Approximate bytes to decode an image, from its header; of an unreadable one that will be refused, 0.
 * @param given its content, in place of the file, and how large it may be.
 */
export async function decodeCost(path: string, given: ImageGiven = {}): Promise<number> {
  const { bytes, mostPixels } = given;
  if (bytes) return costOf(bytes.length, asBuffer(bytes), asBuffer(bytes), mostPixels).catch(() => 0);
  const file = await openRegular(path).catch(() => null);
  if (!file) return 0;
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(HEAD);
    await file.read(head, 0, head.length, 0);
    return await costOf(size, head, path);
  } catch {
    return 0;
  } finally {
    await file.close();
  }
}

/** Bytes at the start that tell the format, and of BMP the size. */
const HEAD = 128;

async function costOf(
  size: number,
  head: Buffer,
  source: string | Buffer,
  mostPixels = MAX_PIXELS,
): Promise<number> {
  if (head.toString('latin1', 0, 2) === 'BM') {
    const { width, height } = bmpSize(head);
    return size + 3 * width * height;
  }
  if (!/^(\x89PNG|\xff\xd8|RIFF|II\*|MM)/.test(head.toString('latin1', 0, 4))) return size;
  const {
    width,
    height,
    channels,
    depth,
    isProgressive,
    orientation = 1,
  } = await sharp(source, {
    limitInputPixels: false,
  }).metadata();
  // It is refused by its header.
  if (width * height > mostPixels) return size;
  // Interlaced and turned images are held whole on the way.
  const whole = isProgressive || orientation > 1 ? 2 : 1;
  return size + whole * width * height * Math.max(3, channels) * bytesOf(depth);
}
