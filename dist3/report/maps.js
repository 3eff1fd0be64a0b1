import { join, parse } from 'node:path';
import sharp from 'sharp';
import { loadPixels } from '../data/index.js';
import { writeFileAtomic } from '../formats/atomicFile.js';
import { interleaved } from './gallery.js';
import { heatMap, overlay } from './heatMap.js';
/**
 * Writes `<name>.heat.png`, `<name>.overlay.png` and, with `raw`, `<name>.map.png`: 16-bit grey, 0 at `scale.low`
 * and 65535 at `scale.high`. All images of one call share one scale, so that colours compare.
 */
export async function writeMaps(options) {
    const { folder, index, path, map, size, scale, raw } = options;
    const name = `${String(index).padStart(5, '0')}-${parse(path).name}`;
    const heat = heatMap(map, scale);
    const image = interleaved(await loadPixels(path, size));
    const files = [
        [`${name}.heat.png`, await png(heat, size, 3)],
        [`${name}.overlay.png`, await png(overlay(image, heat), size, 3)],
    ];
    if (raw)
        files.push([`${name}.map.png`, await png16(map, size, scale)]);
    for (const [file, data] of files)
        await writeFileAtomic(join(folder, file), data);
    return files.map(([file]) => join(folder, file));
}
const png = (data, size, channels) => sharp(data, { raw: { width: size, height: size, channels } })
    .png()
    .toBuffer();
function png16(map, size, { low, high }) {
    const range = high - low || 1;
    const data = Uint16Array.from(map, (value) => Math.round(65_535 * Math.min(1, Math.max(0, (value - low) / range))));
    return sharp(data, { raw: { width: size, height: size, channels: 1 } })
        .toColourspace('grey16')
        .png()
        .toBuffer();
}
//# sourceMappingURL=maps.js.map