import { interleaved } from '../report/gallery.ts';
import { heatMap, overlay } from '../report/heatMap.ts';
import { pngOf } from '../report/maps.ts';
import type { Judgement } from '../score/judge.ts';
import type { JudgedImage } from './version.ts';

/** Forms in which an answer may hold an image's map. */
export const MAP_FORMS = ['png', 'raw', 'overlay'] as const;
export type MapForm = (typeof MAP_FORMS)[number];

/** A map in an answer: `data` in base64. `raw`: float32, little-endian, row by row. */
export interface SentMap {
  readonly form: MapForm;
  readonly type: string;
  readonly width: number;
  readonly height: number;
  readonly data: string;
}

/** The map in colours on the run's scale, the same laid over the image, or its numbers. */
export async function sentMap(
  { map, pixels }: JudgedImage,
  { config: { size }, scale }: Judgement,
  form: MapForm,
): Promise<SentMap> {
  const about = { form, width: size, height: size };
  if (form === 'raw') {
    const bytes = Buffer.from(map.buffer, map.byteOffset, map.byteLength);
    return { ...about, type: 'application/octet-stream', data: bytes.toString('base64') };
  }
  const heat = heatMap(map, scale);
  const png = await pngOf(form === 'overlay' ? overlay(interleaved(pixels), heat) : heat, size, 3);
  return { ...about, type: 'image/png', data: png.toString('base64') };
}
