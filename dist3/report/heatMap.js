/** Blue over green to red, as inspection people read it; stops at 0, 1/4, … 1. */
const STOPS = [
    [20, 30, 130],
    [30, 130, 220],
    [120, 220, 140],
    [250, 210, 60],
    [215, 30, 35],
];
/** A map as 8-bit RGB, row by row. */
export function heatMap(map, { low, high }) {
    const out = new Uint8Array(map.length * 3);
    const range = high - low || 1;
    for (let i = 0; i < map.length; i++) {
        const t = Math.min(1, Math.max(0, (map[i] - low) / range)) * (STOPS.length - 1);
        const stop = Math.min(STOPS.length - 2, Math.floor(t));
        for (let c = 0; c < 3; c++) {
            const [from, to] = [STOPS[stop][c], STOPS[stop + 1][c]];
            out[3 * i + c] = Math.round(from + (to - from) * (t - stop));
        }
    }
    return out;
}
/** Two RGB images of one size, half and half. */
export const overlay = (image, heat) => image.map((value, i) => (value + heat[i]) >> 1);
/** The image with the outline of a mask (0 or not 0) drawn in white with a dark rim. */
export function outline(image, mask, width) {
    const out = image.slice();
    const height = mask.length / width;
    const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] > 0;
    for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
            const own = inside(x, y);
            const edge = own !== inside(x + 1, y) ||
                own !== inside(x, y + 1) ||
                own !== inside(x - 1, y) ||
                own !== inside(x, y - 1);
            if (edge)
                out.fill(own ? 255 : 0, 3 * (y * width + x), 3 * (y * width + x) + 3);
        }
    }
    return out;
}
//# sourceMappingURL=heatMap.js.map