import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** Tiny data sets with the published ones' folders, names, file types and mask values; images differ in colour. */
export const lookalikes = {
  /** One grey class, masks `_mask` of 0 and 255, text files beside the folders. */
  async mvtec(root: string): Promise<void> {
    await put(root, 'readme.txt', 'text');
    await put(root, 'screw/license.txt', 'text');
    for (const n of [0, 1, 2]) await put(root, `screw/train/good/00${n}.png`, await grey(40 + n));
    await put(root, 'screw/test/good/000.png', await grey(50));
    for (const defect of ['scratch_head', 'thread_top']) {
      for (const n of [0, 1]) {
        await put(root, `screw/test/${defect}/00${n}.png`, await grey(60 + n));
        await put(root, `screw/ground_truth/${defect}/00${n}_mask.png`, await mask(255));
      }
    }
  },

  /** Two classes, `.JPG` in capitals, index masks that look black, and the split table with Windows line ends. */
  async visa(root: string, lineEnd = '\r\n'): Promise<void> {
    const rows = ['object,split,label,image,mask'];
    for (const [at, name] of ['candle', 'pcb1'].entries()) {
      await put(root, `${name}/image_anno.csv`, 'image,label,mask');
      for (const n of [0, 1, 2]) {
        const image = `${name}/Data/Images/Normal/000${n}.JPG`;
        await put(root, image, await photo(20 + 25 * at + 4 * n));
        rows.push(`${name},${n < 2 ? 'train' : 'test'},normal,${image},`);
      }
      const image = `${name}/Data/Images/Anomaly/000.JPG`;
      const label = `${name}/Data/Masks/Anomaly/000.png`;
      await put(root, image, await photo(90 + 4 * at));
      await put(root, label, await mask(1 + at));
      rows.push(`${name},test,anomaly,${image},${label}`);
    }
    await put(root, 'split_csv/1cls.csv', rows.join(lineEnd) + lineEnd);
  },

  /** Bitmaps and PNGs mixed, masks in PNG for 01 and 02, bitmaps for 03, one of them with three channels. */
  async btad(root: string): Promise<void> {
    for (const [at, name] of ['01', '02', '03'].entries()) {
      const type = name === '02' ? 'png' : 'bmp';
      const image = (value: number): Promise<Buffer> | Buffer =>
        type === 'png' ? picture(value) : bitmap(WIDTH, HEIGHT, 24, () => value);
      for (const n of [0, 1])
        await put(root, `${name}/train/ok/000${n}.${type}`, await image(30 + 5 * at + n));
      await put(root, `${name}/test/ok/0000.${type}`, await image(80 + at));
      await put(root, `${name}/test/ko/0001.${type}`, await image(90 + at));
      const marked =
        name === '03'
          ? bitmap(WIDTH, HEIGHT, 8, (x, y) => (isMarked(x, y) ? 255 : 0))
          : await mask(255, name === '02' ? 3 : 1);
      await put(root, `${name}/ground_truth/ko/0001.${name === '03' ? 'bmp' : 'png'}`, marked);
    }
  },

  /** As its repository and its Python package: no header, columns padded with spaces, 8-bit grey. */
  async elpv(root: string, folder = 'src/elpv_dataset/data'): Promise<void> {
    const cells = [
      ...[1, 2, 3, 4, 8].map((n) => [n, '0.0', 'mono'] as const),
      ...[5, 6, 12].map((n) => [n, '0.0', 'poly'] as const),
      ...([
        [9, '1.0', 'mono'],
        [10, '1.0', 'poly'],
        [16, '1.0', 'poly'],
      ] as const),
      ...([
        [13, '0.3333333333333333', 'mono'],
        [14, '0.6666666666666666', 'poly'],
      ] as const),
    ].toSorted(([a], [b]) => a - b);
    const lines: string[] = [];
    for (const [n, probability, type] of cells) {
      const name = `images/cell${String(n).padStart(4, '0')}.png`;
      await put(root, join(folder, name), await grey(20 + 9 * n));
      lines.push(`${name}  ${probability.padEnd(20)}${type}\n`);
    }
    await put(root, join(folder, 'labels.csv'), lines.join(''));
    await put(root, 'doc/images/overview.jpg', await photo(250));
  },

  /** JPEG photographs of tiles at several exposures, each with its mask beside it; of a free tile all black. */
  async 'magnetic-tile'(root: string): Promise<void> {
    await put(root, 'dataset.jpg', await photo(250));
    let shade = 0;
    for (const [kind, tiles] of [
      ['Free', [743, 3191, 32128, 85602, 116527]],
      ['Blowhole', [249594]],
      ['Crack', [339819]],
    ] as const) {
      for (const tile of tiles) {
        for (const exposure of [1, 2]) {
          const name = `MT_${kind}/Imgs/exp${exposure}_num_${tile + 20 * exposure}`;
          await put(root, `${name}.jpg`, await photo(20 + 14 * shade++));
          await put(root, `${name}.png`, await mask(kind === 'Free' ? 0 : 255));
        }
      }
    }
  },

  /** Pairs that the lists name by what they have in common; boxes for masks; one pair in no list. */
  async deeppcb(root: string): Promise<void> {
    const line = (pair: string): string => {
      const group = pair.slice(0, 5);
      return `group${group}/${group}/${pair}.jpg group${group}/${group}_not/${pair}.txt\n`;
    };
    const pairs = ['20085000', '20085001', '20085002', '00041000', '00041001'];
    for (const [at, pair] of pairs.entries()) {
      const group = `PCBData/group${pair.slice(0, 5)}/${pair.slice(0, 5)}`;
      await put(root, `${group}/${pair}_temp.jpg`, await photo(20 + 30 * at));
      await put(root, `${group}/${pair}_test.jpg`, await photo(35 + 30 * at));
      const other = pair === '00041001' ? '30 2 40 9 1\n' : '';
      await put(root, `${group}_not/${pair}.txt`, `8 10 20 18 3\n${other}`);
    }
    await put(root, 'PCBData/trainval.txt', pairs.slice(0, 3).map(line).join(''));
    await put(root, 'PCBData/test.txt', pairs.slice(3).map(line).join('').trimEnd());
    await put(root, 'PCBData/group90100/90100/90100034_temp.jpg', await photo(251));
    await put(root, 'evaluation/readme.txt', 'text');
    await put(root, 'fig/test.jpg', await photo(252));
  },

  /** What a database on Windows exports: a byte order mark, quotes, columns of its own, line ends of two characters. */
  async manifest(root: string, lineEnd = '\r\n'): Promise<void> {
    const rows = ['Id,Path,Split,Label,Class,Mask,Defect'];
    const add = async (
      at: number,
      path: string,
      split: string,
      label: string,
      rest: string,
    ): Promise<void> => {
      await put(root, path, await photo(27 + 20 * at));
      rows.push(
        `${at},${/[,"]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path},${split},${label},${rest}`,
      );
    };
    await add(0, 'shots/a, 1.jpg', 'train', 'normal', 'lid,,');
    await add(1, 'shots/a "2".jpg', 'train', 'OK', 'lid,,');
    await add(2, 'shots/a3.jpg', 'Test', '0', 'lid,,');
    await add(3, 'shots/a4.jpg', 'test', 'NG', '"lid",labels\\a4.png,dent');
    await add(4, 'more/b1.jpg', 'train', 'good', 'box,,');
    await add(5, 'more/b2.jpg', 'test', 'anomaly', 'box,./labels/b2.png,');
    for (const name of ['a4', 'b2']) await put(root, `labels/${name}.png`, await mask(255));
    rows.push('', '');
    await put(root, 'export.csv', `\ufeff${rows.join(lineEnd)}`);
  },

  /** Somebody's own: two classes, normal images in `train` itself, no masks. */
  async folder(root: string): Promise<void> {
    for (const [at, name] of ['lid', 'label & cap'].entries()) {
      for (const n of [0, 1, 2])
        await put(root, `${name}/train/photo ${n}.jpeg`, await photo(20 + 25 * at + 4 * n));
      for (const n of [0, 1]) {
        await put(root, `${name}/test/OK/${n}.webp`, await photo(36 + 25 * at + 4 * n, 'webp'));
        await put(root, `${name}/test/dent/deep/${n}.tif`, await photo(90 + 9 * at + 3 * n, 'tiff'));
      }
    }
  },
};

const WIDTH = 48;
const HEIGHT = 40;
const isMarked = (x: number, y: number): boolean => x >= 8 && x < 20 && y >= 10 && y < 18;

/** Writes a file with the folders above it. */
export async function put(root: string, name: string, data: string | Buffer): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
}

const flat = (value: number): Sharp =>
  sharp({
    create: { width: WIDTH, height: HEIGHT, channels: 3, background: { r: value, g: 2 * value, b: 99 } },
  });
export const picture = (value: number): Promise<Buffer> => flat(value).png().toBuffer();
const photo = (value: number, type: 'jpeg' | 'webp' | 'tiff' = 'jpeg'): Promise<Buffer> =>
  flat(value).toFormat(type).toBuffer();
const grey = (value: number): Promise<Buffer> => flat(value).greyscale().png().toBuffer();

/** `value` in a rectangle, 0 elsewhere; in a second and third channel the opposite, which must not count. */
function mask(value: number, channels: 1 | 3 = 1): Promise<Buffer> {
  const data = new Uint8Array(WIDTH * HEIGHT * channels);
  for (let i = 0; i < data.length; i++) {
    const at = Math.floor(i / channels);
    const inside = isMarked(at % WIDTH, Math.floor(at / WIDTH));
    data[i] = inside === (i % channels === 0) ? value : 0;
  }
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } })
    .png()
    .toBuffer();
}

/** A Windows bitmap, bottom row first; up to 8 bits with a palette from black to white that `valueAt` indexes. */
export function bitmap(
  width: number,
  height: number,
  bits: 1 | 4 | 8 | 24,
  valueAt: (x: number, y: number) => number,
): Buffer {
  const colours = bits === 24 ? 0 : 2 ** bits;
  const start = 54 + 4 * colours;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const bytes = Buffer.alloc(start + stride * height);
  bytes.write('BM');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(start, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(bits, 28);
  for (let i = 0; i < colours; i++) bytes.fill((255 * i) / (colours - 1), 54 + 4 * i, 54 + 4 * i + 3);
  for (let y = 0; y < height; y++) {
    const row = start + (height - 1 - y) * stride;
    for (let x = 0; x < width; x++) {
      if (bits === 24) bytes.fill(valueAt(x, y), row + 3 * x, row + 3 * x + 3);
      else bytes[row + Math.floor((x * bits) / 8)]! |= valueAt(x, y) << (8 - bits - ((x * bits) % 8));
    }
  }
  return bytes;
}
