import sharp from 'sharp';
import { heatMap, outline, overlay } from './heatMap.js';
import { html } from './markup.js';
/**
 * The paper's Figure 6: a column per image; rows: image, image with the mask's outline, then per alignment the
 * map over the image and the map alone. Each alignment has one fixed scale over the whole data set: with a
 * scale per image every normal image would look alarming.
 */
export async function galleryFigure(title, items, scales) {
    const rows = [
        { name: 'image', draw: (_, image) => image },
        {
            name: 'ground truth',
            draw: ({ mask, size }, image) => (mask ? outline(image, mask, size) : image),
        },
        ...Object.entries(scales).flatMap(([alignment, scale]) => [
            {
                name: `${alignment}, over the image`,
                draw: ({ maps }, image) => overlay(image, heatMap(maps.get(alignment), scale)),
            },
            {
                name: `${alignment}, map`,
                draw: ({ maps }) => heatMap(maps.get(alignment), scale),
            },
        ]),
    ];
    const images = items.map(({ pixels }) => interleaved(pixels));
    const cells = await Promise.all(rows.map(async ({ name, draw }) => {
        const pictures = await Promise.all(items.map((item, i) => dataUri(draw(item, images[i]), item.size)));
        return html `<tr><th scope="row">${name}</th>${pictures.map((uri, i) => html `<td><img src="${uri}" width="96" height="96" alt="${`${name}: ${items[i].caption}`}"/></td>`)}</tr>
`;
    }));
    const captions = items.map(({ caption, anomalous }) => html `<th scope="col" class="${anomalous ? 'anomalous' : 'normal'}">${caption}</th>`);
    return html `<figure><figcaption>${title}</figcaption><div class="scroll"><table class="gallery">
${cells}<tr><td></td>${captions}</tr></table></div></figure>`;
}
/** Planes to RGB per pixel. */
export function interleaved(planar) {
    const plane = planar.length / 3;
    return planar.map((_, i) => planar[(i % 3) * plane + Math.floor(i / 3)]);
}
async function dataUri(rgb, size) {
    const jpeg = await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
        .jpeg({ quality: 78 })
        .toBuffer();
    return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
//# sourceMappingURL=gallery.js.map