import sharp from 'sharp';
import { type HeatScale, heatMap, outline, overlay } from './heatMap.ts';
import { html, type Markup } from './markup.ts';

/** Pictures of large images are made smaller: a page has hundreds. */
const WIDEST = 512;

/** One test image with its maps at evaluation size. */
export interface GalleryItem {
  readonly caption: string;
  /** Shown on hovering. */
  readonly path: string;
  readonly anomalous: boolean;
  readonly size: number;
  /** RGB planes, [3, size, size]. */
  readonly pixels: Uint8Array;
  /** 0 and 1, [size, size]; null for a normal image or without a mask. */
  readonly mask: Uint8Array | null;
  /** [size, size] per alignment. */
  readonly maps: ReadonlyMap<string, Float32Array>;
}

/**
 * The paper's Figure 6, turned so that it fits any page: a block per image with the image, the image with the mask's
 * outline, then per alignment the map over the image and the map alone, each named. Each alignment has one fixed scale
 * over the whole data set: with a scale per image every normal image would look alarming.
 */
export async function galleryFigure(
  title: string,
  items: readonly GalleryItem[],
  scales: Readonly<Record<string, HeatScale>>,
): Promise<Markup> {
  const blocks = await Promise.all(
    items.map(async (item) => {
      const { caption, path, anomalous, size } = item;
      const pictures = await Promise.all(
        picturesOf(item, scales).map(async ({ name, rgb }) => {
          const uri = await dataUri(rgb, size);
          return html`<figure><img src="${uri}" alt="${`${name}: ${caption}`}"/><figcaption>${name}</figcaption></figure>`;
        }),
      );
      return html`<div class="item"><p class="${anomalous ? 'anomalous' : 'normal'}" title="${path}">${caption}</p>
<div class="pictures">${pictures}</div></div>
`;
    }),
  );
  return html`<section><h3>${title}</h3><div class="gallery">
${blocks}</div></section>`;
}

function picturesOf(
  { pixels, mask, anomalous, size, maps }: GalleryItem,
  scales: Readonly<Record<string, HeatScale>>,
): { name: string; rgb: Uint8Array }[] {
  const image = interleaved(pixels);
  return [
    { name: 'image', rgb: image },
    mask || !anomalous
      ? { name: 'ground truth', rgb: mask ? outline(image, mask, size) : image }
      : { name: 'no mask', rgb: image },
    ...Object.entries(scales).flatMap(([alignment, scale]) => {
      const heat = heatMap(maps.get(alignment)!, scale);
      return [
        { name: `${alignment}, over`, rgb: overlay(image, heat) },
        { name: `${alignment}, map`, rgb: heat },
      ];
    }),
  ];
}

/** Planes to RGB per pixel. */
export function interleaved(planar: Uint8Array): Uint8Array {
  const plane = planar.length / 3;
  return planar.map((_, i) => planar[(i % 3) * plane + Math.floor(i / 3)]!);
}

async function dataUri(rgb: Uint8Array, size: number): Promise<string> {
  const jpeg = await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .resize({ width: WIDEST, withoutEnlargement: true })
    .jpeg({ quality: 78 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
