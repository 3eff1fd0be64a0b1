/** What can be wrong with an image. The last two need a scene with parts. */
export const DEFECTS = ['scratch', 'crack', 'blob', 'stain', 'thread', 'missing', 'misplaced'];
/** A pose near the centre: shifted by up to `shift` units, turned by up to `turn` radians, scaled 1 +- `zoom`. */
export function looseNear(random, shift, turn, zoom) {
    return {
        x: random.between(-shift, shift),
        y: random.between(-shift, shift),
        angle: random.between(-turn, turn),
        scale: random.between(1 - zoom, 1 + zoom),
    };
}
/** Picture coordinates to a pose's own: p across, q down. */
export function localAxes(pose) {
    const cos = Math.cos(pose.angle) / pose.scale;
    const sin = Math.sin(pose.angle) / pose.scale;
    return {
        p: (x, y) => cos * (x - pose.x) + sin * (y - pose.y),
        q: (x, y) => cos * (y - pose.y) - sin * (x - pose.x),
    };
}
//# sourceMappingURL=scene.js.map