import { RandomStream } from '../random.js';
import { IMAGENET_MEAN, IMAGENET_STD } from './loadImage.js';
/**
 * The pre-training task: abstract textures to be told apart. A class is a random pair of patterns and a
 * palette; a sample is one view of it under its own pose, lighting and noise. Nothing of the procedural
 * inspection set (its objects, its defects, its seeds) is used here.
 */
/** Classes draw from this seed, samples from it and the step: nobody else uses it. */
const TASK_SEED = 0x7e87_0001;
/** Batch `step` of the task: images [count, 3, size, size], normalised, and their labels. */
export function textureBatch(classes, step, count, size) {
    const random = new RandomStream(TASK_SEED, 0x1000_0000 + step);
    const images = new Float32Array(count * 3 * size * size);
    const labels = Int32Array.from({ length: count }, () => random.integer(classes.length));
    labels.forEach((label, i) => {
        drawView(classes[label], random, size, images.subarray(i * 3 * size * size, (i + 1) * 3 * size * size));
    });
    return { images, labels };
}
export const textureClasses = (count) => Array.from({ length: count }, (_, k) => {
    const random = new RandomStream(TASK_SEED, k);
    const colour = () => [random.next(), random.next(), random.next()];
    return {
        first: drawPattern(random),
        second: drawPattern(random),
        palette: [colour(), colour(), colour()],
    };
});
function drawView({ first, second, palette }, random, size, out) {
    const angle = random.between(-0.5, 0.5);
    const zoom = random.between(0.75, 1.35) / size;
    const [c, s] = [Math.cos(angle) * zoom, Math.sin(angle) * zoom];
    const [dx, dy] = [random.between(0, 50), random.between(0, 50)];
    const gain = random.between(0.7, 1.2);
    const tint = [0, 1, 2].map(() => random.between(-0.1, 0.1));
    const [slopeX, slopeY] = [random.between(-0.3, 0.3), random.between(-0.3, 0.3)];
    const noise = random.between(0, 0.06);
    const share = random.between(0.35, 0.65);
    const plane = size * size;
    for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
            const u = c * x - s * y + dx;
            const v = s * x + c * y + dy;
            const t = first(u, v);
            const w = second(u, v) * share;
            const light = gain * (1 + (slopeX * (x - size / 2) + slopeY * (y - size / 2)) / size);
            for (let channel = 0; channel < 3; channel++) {
                const base = palette[0][channel] * (1 - t) + palette[1][channel] * t;
                const mixed = base * (1 - w) + palette[2][channel] * w + tint[channel];
                const value = mixed * light + noise * (random.next() - 0.5);
                out[channel * plane + y * size + x] =
                    (Math.min(1, Math.max(0, value)) - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel];
            }
        }
    }
}
/** One of several families with random parameters; values in [0, 1]. Coordinates span about one unit a view. */
function drawPattern(random) {
    const families = [stripes, lattice, cells, clouds, chevrons, scales];
    return families[random.integer(families.length)](random);
}
const ramp = (edge, soft, x) => Math.min(1, Math.max(0, (x - edge) / soft + 0.5));
const turn = (random) => {
    const angle = random.between(0, Math.PI);
    return [Math.cos(angle), Math.sin(angle)];
};
const fraction = (x) => x - Math.floor(x);
function stripes(random) {
    const [cx, cy] = turn(random);
    const frequency = random.between(2, 14);
    const wobble = random.between(0, 0.25);
    const slow = random.between(1, 4);
    const duty = random.between(0.3, 0.7);
    const soft = random.between(0.1, 0.8);
    return (x, y) => {
        const along = cx * x + cy * y + wobble * Math.sin(slow * 6.28 * (cx * y - cy * x)) * 0.1;
        return ramp(duty, soft, 0.5 + 0.5 * Math.sin(6.28 * frequency * along));
    };
}
function lattice(random) {
    const [cx, cy] = turn(random);
    const [fx, fy] = [random.between(3, 10), random.between(3, 10)];
    const radius = random.between(0.2, 0.48);
    const power = [1, 2, 8][random.integer(3)];
    const shift = random.integer(2) / 2;
    return (x, y) => {
        const v = fy * (cx * y - cy * x);
        const u = fx * (cx * x + cy * y) + shift * (Math.floor(v) & 1);
        const [a, b] = [Math.abs(fraction(u) - 0.5), Math.abs(fraction(v) - 0.5)];
        return 1 - ramp(radius, 0.12, (a ** power + b ** power) ** (1 / power));
    };
}
/** A repeatable value in [0, 1) for a lattice point. */
const hash = (i, j, salt) => {
    let h = Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1) ^ salt;
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
};
function cells(random) {
    const frequency = random.between(3, 9);
    const salt = random.word();
    const border = random.between(0.05, 0.3);
    return (x, y) => {
        const [u, v] = [x * frequency, y * frequency];
        const [i, j] = [Math.floor(u), Math.floor(v)];
        let [near, next] = [9, 9];
        for (let b = -1; b <= 1; b++) {
            for (let a = -1; a <= 1; a++) {
                const px = i + a + hash(i + a, j + b, salt) - u;
                const py = j + b + hash(i + a, j + b, salt ^ 0x5bd1) - v;
                const d = Math.sqrt(px * px + py * py);
                if (d < near)
                    [near, next] = [d, near];
                else if (d < next)
                    next = d;
            }
        }
        return ramp(border, 0.1, next - near);
    };
}
function clouds(random) {
    const frequency = random.between(2, 8);
    const octaves = 1 + random.integer(3);
    const salt = random.word();
    const [stretchX, stretchY] = [random.between(0.5, 2), random.between(0.5, 2)];
    const contrast = random.between(0.3, 1.2);
    const smooth = (t) => t * t * (3 - 2 * t);
    return (x, y) => {
        let [total, weight, f] = [0, 0, frequency];
        for (let octave = 0; octave < octaves; octave++) {
            const [u, v] = [x * f * stretchX, y * f * stretchY];
            const [i, j] = [Math.floor(u), Math.floor(v)];
            const [a, b] = [smooth(u - i), smooth(v - j)];
            const top = hash(i, j, salt + octave) * (1 - a) + hash(i + 1, j, salt + octave) * a;
            const bottom = hash(i, j + 1, salt + octave) * (1 - a) + hash(i + 1, j + 1, salt + octave) * a;
            const part = 0.5 ** octave;
            total += part * (top * (1 - b) + bottom * b);
            weight += part;
            f *= 2;
        }
        return ramp(0.5, contrast, total / weight);
    };
}
function chevrons(random) {
    const [fx, fy] = [random.between(2, 8), random.between(3, 12)];
    const height = random.between(0.2, 1.5);
    const duty = random.between(0.3, 0.7);
    return (x, y) => ramp(duty, 0.2, fraction(fy * y + height * Math.abs(fraction(fx * x) - 0.5)));
}
function scales(random) {
    const frequency = random.between(3, 9);
    const depth = random.between(0.5, 2.5);
    return (x, y) => {
        const row = Math.floor(y * frequency);
        const u = fraction(x * frequency + 0.5 * (row & 1)) - 0.5;
        const v = fraction(y * frequency);
        return fraction(depth * Math.sqrt(u * u + v * v));
    };
}
//# sourceMappingURL=textures.js.map