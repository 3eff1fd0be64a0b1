import { join, parse } from 'node:path';
import sharp from 'sharp';
import { type Frame, loadPixels } from '../data/index.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { interleaved } from './gallery.ts';
import { type HeatScale, heatMap, overlay } from './heatMap.ts';

/**
 * Writes `<name>.heat.png`, `<name>.overlay.png` and, with `raw`, `<name>.map.png`: 16-bit grey, 0 at `scale.low`
 * and 65535 at `scale.high`. All images of one call share one scale, so that colours compare.
 */
export async function writeMaps(options: {
  folder: string;
  /** Tells files of equal names in different folders apart. */
  index: number;
  path: string;
  map: Float32Array;
  frame: Frame;
  scale: HeatScale;
  raw: boolean;
}): Promise<string[]> {
  const { folder, index, path, map, frame, scale, raw } = options;
  const { size } = frame;
  const name = `${String(index).padStart(5, '0')}-${shortName(parse(path).name)}`;
  const heat = heatMap(map, scale);
  const image = interleaved(await loadPixels(path, frame));
  const files: [string, Buffer][] = [
    [`${name}.heat.png`, await pngOf(heat, size, 3)],
    [`${name}.overlay.png`, await pngOf(overlay(image, heat), size, 3)],
  ];
  if (raw) files.push([`${name}.map.png`, await png16(map, size, scale)]);
  for (const [file, data] of files) await writeFileAtomic(join(folder, file), data);
  return files.map(([file]) => join(folder, file));
}

/** Bytes of a name that are kept: file systems allow 255 in all, and a temporary file needs some. */
const NAME_BYTES = 180;

/** As much of a name as fits, in whole characters; the index before it tells names apart. */
function shortName(name: string): string {
  let [short, bytes] = ['', 0];
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > NAME_BYTES) break;
    short += character;
  }
  return short;
}

/** 8-bit samples [size, size, channels] as PNG. */
export const pngOf = (data: Uint8Array, size: number, channels: 1 | 3): Promise<Buffer> =>
  sharp(data, { raw: { width: size, height: size, channels } })
    .png()
    .toBuffer();

function png16(map: Float32Array, size: number, { low, high }: HeatScale): Promise<Buffer> {
  const range = high - low || 1;
  const data = Uint16Array.from(map, (value) =>
    Math.round(65_535 * Math.min(1, Math.max(0, (value - low) / range))),
  );
  return sharp(data, { raw: { width: size, height: size, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
}
