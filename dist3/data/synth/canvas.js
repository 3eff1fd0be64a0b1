/** Side of every picture in drawing units, whatever its size in pixels. The origin is the centre. */
export const SPAN = 160;
export function createCanvas(side) {
    return { side, pixel: SPAN / side, rgb: new Float32Array(side * side * 3) };
}
/** Paint every pixel. */
export function paintAll(canvas, painter) {
    const { side, pixel, rgb } = canvas;
    const out = new Float32Array(3);
    for (let row = 0, at = 0; row < side; row++) {
        const y = (row + 0.5) * pixel - SPAN / 2;
        for (let column = 0; column < side; column++, at += 3) {
            painter((column + 0.5) * pixel - SPAN / 2, y, out);
            rgb[at] = out[0];
            rgb[at + 1] = out[1];
            rgb[at + 2] = out[2];
        }
    }
}
/** The pose of a shape that is placed within another one. */
export function within(outer, x, y, angle = 0, scale = 1) {
    const cos = Math.cos(outer.angle) * outer.scale;
    const sin = Math.sin(outer.angle) * outer.scale;
    return {
        x: outer.x + cos * x - sin * y,
        y: outer.y + sin * x + cos * y,
        angle: outer.angle + angle,
        scale: outer.scale * scale,
    };
}
/**
 * Fill a shape, its edge blended over one pixel. `colour` is constant or painted in the shape's own
 * coordinates; `opacity` 0 to 1; `softness` widens the edge, in units (for shadows).
 */
export function fill(canvas, pose, shape, colour, { opacity = 1, softness = 0 } = {}) {
    const { side, pixel, rgb } = canvas;
    const reach = (shape.reach + softness) * pose.scale + pixel;
    const [left, right] = pixelRange(pose.x, reach, canvas);
    const [top, bottom] = pixelRange(pose.y, reach, canvas);
    const cos = Math.cos(pose.angle) / pose.scale;
    const sin = Math.sin(pose.angle) / pose.scale;
    const sharpness = 1 / (pixel / pose.scale + softness);
    const out = typeof colour === 'function' ? new Float32Array(3) : Float32Array.from(colour);
    for (let row = top; row < bottom; row++) {
        const dy = (row + 0.5) * pixel - SPAN / 2 - pose.y;
        for (let column = left; column < right; column++) {
            const dx = (column + 0.5) * pixel - SPAN / 2 - pose.x;
            const x = cos * dx + sin * dy;
            const y = cos * dy - sin * dx;
            const cover = clamp01(0.5 - shape.distance(x, y) * sharpness) * opacity;
            if (cover <= 0)
                continue;
            if (typeof colour === 'function')
                colour(x, y, out);
            const at = (row * side + column) * 3;
            for (let c = 0; c < 3; c++)
                rgb[at + c] = mix(rgb[at + c], out[c], cover);
        }
    }
}
/** How much of each pixel a shape covers, [side, side], 0 to 1. */
export function coverage(side, pose, shape) {
    const canvas = createCanvas(side);
    fill(canvas, pose, shape, [1, 1, 1]);
    return Float32Array.from({ length: side * side }, (_, i) => canvas.rgb[i * 3]);
}
function pixelRange(centre, reach, { side, pixel }) {
    const low = Math.floor((centre - reach + SPAN / 2) / pixel);
    const high = Math.ceil((centre + reach + SPAN / 2) / pixel);
    return [Math.max(0, low), Math.min(side, high)];
}
/** Length of (x, y). Math.hypot guards against overflow and costs ten times as much. */
export const magnitude = (x, y) => Math.sqrt(x * x + y * y);
export const mix = (a, b, t) => a + (b - a) * t;
export const clamp01 = (x) => Math.min(1, Math.max(0, x));
/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low, high, x) {
    const t = clamp01((x - low) / (high - low));
    return t * t * (3 - 2 * t);
}
/** Set `out` to `colour` times `gain`. */
export function put(out, colour, gain = 1) {
    out[0] = colour[0] * gain;
    out[1] = colour[1] * gain;
    out[2] = colour[2] * gain;
}
/** Set `out` to the mixture of two colours, times `gain`. */
export function putMix(out, a, b, t, gain = 1) {
    for (let c = 0; c < 3; c++)
        out[c] = mix(a[c], b[c], t) * gain;
}
//# sourceMappingURL=canvas.js.map