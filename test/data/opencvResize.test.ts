import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode.ts';
import { loadPixels } from '../../src/data/loadImage.ts';
import { opencvResize } from '../../src/data/opencvResize.ts';
import { hashedWords } from '../models/hashed.ts';

/** Written by tools/opencv_goldens.py. */
const {
  cases,
}: { cases: { from: [number, number]; to: [number, number]; crc32: number; first: number[] }[] } = JSON.parse(
  readFileSync(new URL('../goldens/opencv.json', import.meta.url), 'utf8'),
);

/** The hash's top 8 bits. */
const bytes = (name: string, count: number): Uint8Array =>
  Uint8Array.from(hashedWords(name, count), (word) => word >>> 24);

describe('resizing as OpenCV does', () => {
  it.each(cases)(
    'opencvResize gives OpenCV’s bytes, $from to $to',
    ({ from: [width, height], to, crc32: want, first }) => {
      const data = bytes(`${width}x${height}`, width * height * 3);
      const source = { width, height, channels: 3, layout: 'interleaved', data } as const;
      const resized = opencvResize(source, ...to);
      expect([...resized.data.subarray(0, 12)]).toEqual(first);
      expect(crc32(resized.data)).toBe(want);
      expect([resized.width, resized.height]).toEqual(to);
    },
  );

  it('an image is resized as OpenCV does where its frame says so', async () => {
    const path = fileURLToPath(new URL('../goldens/pil/rgb.png', import.meta.url));
    const [own, pil] = [await loadPixels(path, { size: 32, resample: 'opencv' }), await loadPixels(path, 32)];
    const { data } = opencvResize(await decodeImage(path), 32, 32);
    for (let c = 0; c < 3; c++) {
      expect([...own.subarray(c * 1024, (c + 1) * 1024)]).toEqual([...data].filter((_, i) => i % 3 === c));
    }
    expect(Buffer.compare(own, pil)).not.toBe(0);
  });

  it('opencvResize leaves an image of the right size as it is', () => {
    const source = {
      width: 9,
      height: 7,
      channels: 3,
      layout: 'interleaved',
      data: bytes('own', 189),
    } as const;
    expect([...opencvResize(source, 9, 7).data]).toEqual([...source.data]);
  });
});
