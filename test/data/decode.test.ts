import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage, decodeMask, imageSize } from '../../src/data/decode.ts';
import { loadImage, loadMask, loadPixels } from '../../src/data/loadImage.ts';
import { IMAGENET_MEAN, IMAGENET_STD } from '../../src/data/normalize.ts';
import { ImageError } from '../../src/errors.ts';
import { testRandom } from '../seed.ts';
import { bitmap } from './lookalikes.ts';

const golden = (name: string): string => fileURLToPath(new URL(`../goldens/pil/${name}`, import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-decode-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const noise = (width: number, height: number, channels: 1 | 3 | 4): Sharp =>
  sharp(Buffer.from(Array.from({ length: width * height * channels }, () => testRandom().integer(256))), {
    raw: { width, height, channels },
  });

describe('decodeImage', () => {
  it('an image is read by its content, not its extension', async () => {
    const path = await put('really-a-png.jpg', await readFile(golden('rgb.png')));
    expect(await decodeImage(path)).toEqual(await decodeImage(golden('rgb.png')));
  });

  it('decodeImage keeps the high byte of 16-bit samples, in colour and with alpha', async () => {
    const values = Uint16Array.from({ length: 9 * 7 * 4 }, () => testRandom().integer(65536));
    const path = join(folder, 'deep.png');
    await sharp(values, { raw: { width: 9, height: 7, channels: 4 } })
      .toColourspace('rgb16')
      .png()
      .toFile(path);
    expect((await sharp(path).metadata()).depth).toBe('ushort');
    const { data } = await decodeImage(path);
    const expected = Array.from(values, (v) => v >> 8).filter((_, i) => i % 4 !== 3);
    expect([...data]).toEqual(expected);
  });

  it('decodeImage converts CMYK to RGB', async () => {
    const path = join(folder, 'cmyk.jpg');
    const red = sharp({ create: { width: 16, height: 16, channels: 3, background: '#c03028' } });
    await red.toColourspace('cmyk').jpeg({ quality: 95 }).toFile(path);
    expect((await sharp(path).metadata()).space).toBe('cmyk');
    const { data, channels } = await decodeImage(path);
    expect(channels).toBe(3);
    for (const [c, value] of [0xc0, 0x30, 0x28].entries())
      expect(Math.abs(data[c]! - value)).toBeLessThan(30);
  });

  it('imageSize reads the size from the header, orientation applied', async () => {
    expect(await imageSize(golden('exif6.png'))).toEqual({ width: 61, height: 83 });
    expect(await imageSize(golden('rgb.png'))).toEqual({ width: 83, height: 61 });
    expect(await imageSize(golden('bmp24.bmp'))).toEqual({ width: 41, height: 31 });
  });

  it('loadImage normalises with the statistics of ImageNet, planes in RGB order', async () => {
    const path = join(folder, 'flat.png');
    await sharp({ create: { width: 20, height: 10, channels: 3, background: { r: 10, g: 128, b: 250 } } })
      .png()
      .toFile(path);
    const image = await loadImage(path, 8);
    expect(image.length).toBe(3 * 64);
    for (const [c, value] of [10, 128, 250].entries()) {
      const expected = (value / 255 - IMAGENET_MEAN[c]!) / IMAGENET_STD[c]!;
      for (let i = 0; i < 64; i++) expect(image[c * 64 + i]!).toBeCloseTo(expected, 5);
    }
  });
});

describe('the middle of a resized image', () => {
  it('the middle of a resized image is what the whole has there, for images and masks', async () => {
    const path = join(folder, 'framed.png');
    await noise(40, 30, 3).png().toFile(path);
    const whole = await loadPixels(path, 32);
    const middle = await loadPixels(path, { size: 27, resize: 32 });
    const mask = await loadMask(path, 32, 'half');
    const maskMiddle = await loadMask(path, { size: 27, resize: 32 }, 'half');
    // torchvision's CenterCrop rounds half a pixel up: (32 - 27) / 2 = 2.5 begins at 3, as Math.round has it.
    const first = 3;
    for (let y = 0; y < 27; y++) {
      for (let x = 0; x < 27; x++) {
        const [at, from] = [y * 27 + x, (first + y) * 32 + first + x];
        expect(maskMiddle[at]).toBe(mask[from]);
        for (let c = 0; c < 3; c++) expect(middle[c * 27 ** 2 + at]).toBe(whole[c * 32 ** 2 + from]);
      }
    }
  });
});

describe('decodeMask', () => {
  it('decodeMask takes the middle of 16 bits, and ignores alpha', async () => {
    const deep = join(folder, 'mask16.png');
    await sharp(Uint16Array.from([0, 32767, 32768, 65535]), { raw: { width: 2, height: 2, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toFile(deep);
    expect([...(await decodeMask(deep)).data]).toEqual([0, 0, 255, 255]);
    const alpha = join(folder, 'mask-alpha.png');
    const rgba = [0, 0, 0, 255, 190, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255, 0];
    await sharp(Buffer.from(rgba), { raw: { width: 2, height: 2, channels: 4 } })
      .png()
      .toFile(alpha);
    expect([...(await decodeMask(alpha)).data]).toEqual([0, 255, 0, 255]);
  });
});

describe('bitmaps with a palette', () => {
  for (const bits of [1, 4, 8] as const) {
    it(`a bitmap with a palette of ${bits} bits has every index at its place, and as a mask marks colours that are not black`, async () => {
      const most = 2 ** bits - 1;
      const indexAt = (x: number, y: number): number => (x * 7 + y * 3) % (most + 1);
      const bytes = bitmap(13, 5, bits, indexAt);
      const path = await put(`palette${bits}.bmp`, bytes);
      const expected = Array.from({ length: 13 * 5 }, (_, i) => indexAt(i % 13, Math.floor(i / 13)));
      const { data } = await decodeImage(path);
      expect(expected.map((_, i) => data[3 * i])).toEqual(expected.map((index) => (255 * index) / most));
      // All but the first colour, which is black, get more blue: colours are kinds, not shades.
      for (let colour = 1; colour <= most; colour++) {
        bytes.fill(0, 54 + 4 * colour + 1, 54 + 4 * colour + 3);
      }
      const mask = await decodeMask(await put(`mask${bits}.bmp`, bytes));
      expect([...mask.data]).toEqual(expected.map((index) => (index === 0 ? 0 : 255)));
    });
  }
});

describe('hostile files', () => {
  const refused = async (path: string, reason: RegExp): Promise<void> => {
    const error = await decodeImage(path).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(ImageError);
    expect((error as ImageError).message).toContain(path);
    expect((error as ImageError).message).toMatch(reason);
  };

  it('decodeImage refuses what is missing, empty, a folder, or no image, naming it and why', async () => {
    await refused(join(folder, 'nothing.png'), /: there is no such file/);
    await refused(await put('empty.png', ''), /empty/);
    await refused(folder, /: it is a folder, expected a file/);
    await refused(await put('text.png', 'hello, I am text'), /not a PNG/);
    await refused(
      await put('vector.png', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      /not a PNG/,
    );
  });

  for (const format of ['png', 'jpeg', 'webp', 'tiff', 'bmp'] as const) {
    it(`${format}: every cut file is refused; flipped bytes are refused or read, never worse`, async () => {
      const whole =
        format === 'bmp'
          ? await readFile(golden('bmp24.bmp'))
          : await noise(40, 30, 3).toFormat(format).toBuffer();
      for (let trial = 0; trial < 12; trial++) {
        const at = 1 + testRandom().integer(whole.length - 40);
        await refused(await put(`cut-${at}.${format}`, whole.subarray(0, at)), /./);
      }
      for (let trial = 0; trial < 12; trial++) {
        const broken = Buffer.from(whole);
        for (let i = 0; i < 4; i++)
          broken[testRandom().integer(broken.length)]! ^= 1 + testRandom().integer(255);
        const path = await put(`flip-${trial}.${format}`, broken);
        const got = await decodeImage(path).catch((error: unknown) => error);
        if (!(got instanceof ImageError)) {
          const { width, height, data } = got as { width: number; height: number; data: Uint8Array };
          expect(data.length).toBe(width * height * 3);
        }
      }
    });
  }

  it('a decompression bomb is refused before decoding', async () => {
    const bomb = join(folder, 'bomb.png');
    await sharp({
      create: { width: 11_000, height: 10_000, channels: 3, background: 'white' },
      limitInputPixels: false,
    })
      .toColourspace('b-w')
      .png({ compressionLevel: 1 })
      .toFile(bomb);
    await refused(bomb, /it has 11000x10000 pixels/);
    // Its size is refused before it is known that pixels are missing; a smaller image lacks pixels.
    const cutBomb = (await readFile(bomb)).subarray(0, 1000);
    await refused(await put('cut-bomb.png', cutBomb), /it has 11000x10000 pixels/);
    const cut = (await noise(40, 30, 3).png().toBuffer()).subarray(0, 1000);
    await refused(await put('cut.png', cut), /libpng read error/);
    const header = Buffer.from(await readFile(golden('bmp24.bmp')));
    header.writeInt32LE(2_000_000, 18);
    header.writeInt32LE(2_000_000, 22);
    await refused(await put('bomb.bmp', header), /pixels/);
  });

  it('bitmaps are read with palette and 32 bits, top-down too, and refused where compressed', async () => {
    const header = Buffer.alloc(54 + 16);
    header.write('BM');
    header.writeUInt32LE(54, 10);
    header.writeUInt32LE(40, 14);
    header.writeInt32LE(2, 18);
    header.writeInt32LE(-2, 22);
    header.writeUInt16LE(32, 28);
    header.set([1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0], 54);
    const { data } = await decodeImage(await put('topdown.bmp', header));
    expect([...data]).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
    header.writeUInt32LE(1, 30);
    await refused(await put('rle.bmp', header), /compression 1/);
  });
});
