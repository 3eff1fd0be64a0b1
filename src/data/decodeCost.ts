import sharp from 'sharp';
import { openRegular } from '../formats/regularFile.ts';
import { bmpSize } from './bmp.ts';
import { bytesOf, MAX_PIXELS } from './decode.ts';

/** Approximate bytes to decode a file, from its header; of an unreadable one that will be refused, 0. */
export async function decodeCost(path: string): Promise<number> {
  const file = await openRegular(path).catch(() => null);
  if (!file) return 0;
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(128);
    await file.read(head, 0, head.length, 0);
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
    } = await sharp(path, {
      limitInputPixels: false,
    }).metadata();
    // It is refused by its header.
    if (width * height > MAX_PIXELS) return size;
    // Interlaced and turned images are held whole on the way.
    const whole = isProgressive || orientation > 1 ? 2 : 1;
    return size + whole * width * height * Math.max(3, channels) * bytesOf(depth);
  } catch {
    return 0;
  } finally {
    await file.close();
  }
}
