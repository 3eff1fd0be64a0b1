import sharp from 'sharp';
import { type HeatScale, heatMap, outline, overlay } from './heatMap.ts';
import { html, type Markup } from './markup.ts';

/** One test image with its maps at evaluation size. */
export interface GalleryItem {
  readonly caption: string;
  /** Where it lies, shown on hovering. */
  readonly path: string;
  readonly anomalous: boolean;
  readonly size: number;
  /** RGB planes, [3, size, size]. */
  readonly pixels: Uint8Array;
  /** 0 and 1, [size, size]; null for a normal image. */
  readonly mask: Uint8Array | null;
  /** [size, size] per alignment. */
  readonly maps: ReadonlyMap<string, Float32Array>;
}

/**
 * The paper's Figure 6: a column per image; rows: image, image with the mask's outline, then per alignment the
 * map over the image and the map alone. Each alignment has one fixed scale over the whole data set: with a
 * scale per image every normal image would look alarming.
 */
export async function galleryFigure(
  title: string,
  items: readonly GalleryItem[],
  scales: Readonly<Record<string, HeatScale>>,
): Promise<Markup> {
  const rows: { name: string; draw(item: GalleryItem, image: Uint8Array): Uint8Array }[] = [
    { name: 'image', draw: (_, image) => image },
    {
      name: 'ground truth',
      draw: ({ mask, size }, image) => (mask ? outline(image, mask, size) : image),
    },
    ...Object.entries(scales).flatMap(([alignment, scale]) => [
      {
        name: `${alignment}, over the image`,
        draw: ({ maps }: GalleryItem, image: Uint8Array) =>
          overlay(image, heatMap(maps.get(alignment)!, scale)),
      },
      {
        name: `${alignment}, map`,
        draw: ({ maps }: GalleryItem) => heatMap(maps.get(alignment)!, scale),
      },
    ]),
  ];
  const images = items.map(({ pixels }) => interleaved(pixels));
  const cells = await Promise.all(
    rows.map(async ({ name, draw }) => {
      const pictures = await Promise.all(items.map((item, i) => dataUri(draw(item, images[i]!), item.size)));
      return html`<tr><th scope="row">${name}</th>${pictures.map(
        (uri, i) =>
          html`<td><img src="${uri}" width="96" height="96" alt="${`${name}: ${items[i]!.caption}`}"/></td>`,
      )}</tr>
`;
    }),
  );
  const captions = items.map(
    ({ caption, path, anomalous }) =>
      html`<th scope="col" class="${anomalous ? 'anomalous' : 'normal'}" title="${path}">${caption}</th>`,
  );
  return html`<figure><figcaption>${title}</figcaption><div class="scroll"><table class="gallery">
${cells}<tr><td></td>${captions}</tr></table></div></figure>`;
}

/** Planes to RGB per pixel. */
export function interleaved(planar: Uint8Array): Uint8Array {
  const plane = planar.length / 3;
  return planar.map((_, i) => planar[(i % 3) * plane + Math.floor(i / 3)]!);
}

async function dataUri(rgb: Uint8Array, size: number): Promise<string> {
  const jpeg = await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: 78 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
