import { RandomStream } from '../../random.js';
import { drawExposure, photograph } from './camera.js';
import { createCanvas, SPAN } from './canvas.js';
import { blob, crack, scratch, stain, thread } from './surfaceDefects.js';
const SURFACE = {
    scratch,
    crack,
    blob,
    stain,
    thread,
};
/** A mask of fewer pixels than this (at 160 px) counts for less. */
const SMALLEST = 24;
/** Mean change over the mask, as a fraction of white, from which a defect is plain to a person. */
const PLAIN = 0.08;
/** A change below this (as a fraction of white) is not seen and not in the mask. */
const VISIBLE = 0.03;
/** One image of a class, fixed by (seed, stream): normal, or with one defect. */
export function synthesizeImage(kind, defect, side, seed, stream) {
    const scene = kind.compose(new RandomStream(seed, stream * 4));
    const canvas = createCanvas(side);
    scene.paint(canvas, scene.parts);
    const mask = defect === undefined ? undefined : spoil(canvas, scene, defect, new RandomStream(seed, stream * 4 + 1));
    const exposure = drawExposure(new RandomStream(seed, stream * 4 + 2));
    return { rgb: photograph(canvas, exposure, new RandomStream(seed, stream * 4 + 3)), mask };
}
/** Puts the defect into the canvas and returns its mask. */
function spoil(canvas, scene, defect, random) {
    const clean = canvas.rgb.slice();
    const object = scene.object?.(canvas.side);
    const wanted = SMALLEST * (canvas.side / 160) ** 2;
    let best;
    for (let attempt = 0; attempt < 10; attempt++) {
        canvas.rgb.set(clean);
        const mask = apply(canvas, scene, defect, random, clean, object);
        const strength = contrast(clean, canvas.rgb, mask) * Math.min(1, countSet(mask) / wanted);
        if (!best || strength > best.strength)
            best = { mask, rgb: canvas.rgb.slice(), strength };
        // Unlucky draws (behind the border, the colour of the ground) are drawn again; the best one stays.
        if (strength > PLAIN)
            break;
    }
    canvas.rgb.set(best.rgb);
    return best.mask;
}
function apply(canvas, scene, defect, random, clean, object) {
    if (defect === 'missing' || defect === 'misplaced') {
        scene.paint(canvas, disturb(scene.parts, defect, random));
        return fillPinholes(changedPixels(clean, canvas.rgb), canvas.side);
    }
    const cover = SURFACE[defect](canvas, drawSpot(canvas, object, random), random, object);
    return Uint8Array.from(cover, (value) => (value >= 0.25 ? 255 : 0));
}
/** The parts without one of them, or with one shifted and turned. Parts near the centre: those in view. */
function disturb(parts, defect, random) {
    const inView = parts.filter((part) => Math.hypot(part.x, part.y) < 0.42 * SPAN);
    const victim = inView[random.integer(inView.length)];
    if (defect === 'missing')
        return parts.filter((part) => part !== victim);
    const way = random.between(0, 2 * Math.PI);
    const far = victim.extent * random.between(0.25, 0.55);
    const moved = {
        ...victim,
        x: victim.x + far * Math.cos(way),
        y: victim.y + far * Math.sin(way),
        angle: victim.angle + random.between(0.1, 0.45) * (random.next() < 0.5 ? -1 : 1),
    };
    return parts.map((part) => (part === victim ? moved : part));
}
function drawSpot(canvas, object, random) {
    for (let attempt = 0;; attempt++) {
        const spot = { x: random.between(-0.42, 0.42) * SPAN, y: random.between(-0.42, 0.42) * SPAN };
        const column = Math.floor((spot.x + SPAN / 2) / canvas.pixel);
        const row = Math.floor((spot.y + SPAN / 2) / canvas.pixel);
        if (!object || object[row * canvas.side + column] > 0.9 || attempt === 99)
            return spot;
    }
}
function changedPixels(before, after) {
    const mask = new Uint8Array(before.length / 3);
    for (let i = 0; i < mask.length; i++) {
        let most = 0;
        for (let c = 0; c < 3; c++)
            most = Math.max(most, Math.abs(before[i * 3 + c] - after[i * 3 + c]));
        mask[i] = most > VISIBLE ? 255 : 0;
    }
    return mask;
}
/** Sets single pixels whose surroundings are mostly set: there the two pictures agree by chance. */
function fillPinholes(mask, side) {
    const filled = mask.slice();
    for (let row = 1; row < side - 1; row++) {
        for (let column = 1; column < side - 1; column++) {
            let around = 0;
            for (let r = -1; r <= 1; r++)
                for (let c = -1; c <= 1; c++)
                    around += mask[(row + r) * side + column + c] & 1;
            if (around >= 5)
                filled[row * side + column] = 255;
        }
    }
    return filled;
}
const countSet = (mask) => mask.reduce((count, value) => count + (value & 1), 0);
/** Mean change over the mask, as a fraction of white. */
function contrast(before, after, mask) {
    let sum = 0;
    for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 0)
            continue;
        for (let c = 0; c < 3; c++)
            sum += Math.abs(before[i * 3 + c] - after[i * 3 + c]) / 3;
    }
    return sum / Math.max(1, countSet(mask));
}
//# sourceMappingURL=sample.js.map