import { DatasetError } from '../errors.js';
import { decodeImage, decodeMask, imageSize } from './decode.js';
import { pilResize, pilResizeNearest } from './pilResize.js';
/** Means and deviations of ImageNet's red, green and blue, of values in 0 to 1. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406];
export const IMAGENET_STD = [0.229, 0.224, 0.225];
/**
 * An image as the encoders take it: decoded to RGB, resized to exactly `size` x `size` (the aspect ratio is
 * not kept) as PIL does, and normalised with ImageNet's statistics. [3, size, size].
 * @throws ImageError naming the path and the reason.
 */
export async function loadImage(path, size) {
    return normalize(await loadPixels(path, size));
}
/** The same before normalisation: RGB in 8 bits, [3, size, size]. */
export async function loadPixels(path, size) {
    const { data } = pilResize(await decodeImage(path), size, size);
    const plane = size * size;
    const planar = new Uint8Array(plane * 3);
    for (let i = 0, at = 0; i < plane; i++) {
        planar[i] = data[at++];
        planar[plane + i] = data[at++];
        planar[2 * plane + i] = data[at++];
    }
    return planar;
}
/** 8-bit RGB planes to ImageNet-normalised floats, into `out` at `offset` if given. */
export function normalize(pixels, out = new Float32Array(pixels.length), offset = 0) {
    const plane = pixels.length / 3;
    for (let c = 0; c < 3; c++) {
        const table = NORMALIZED[c];
        for (let i = c * plane; i < (c + 1) * plane; i++)
            out[offset + i] = table[pixels[i]];
    }
    return out;
}
/** In float32 steps, as torchvision's ToTensor and Normalize take them. */
const NORMALIZED = IMAGENET_MEAN.map((mean, c) => Float32Array.from({ length: 256 }, (_, value) => {
    const centred = Math.fround(Math.fround(value / 255) - Math.fround(mean));
    return centred / Math.fround(IMAGENET_STD[c]);
}));
/**
 * A mask at evaluation size, [size, size] of 0 and 1 (evaluation.md 3.3): any non-zero value is anomalous,
 * then resized by PIL's bilinear. `any` (default): positive wherever the result is not 0; `half`: above one
 * half; `nearest`: PIL's nearest instead. With `imagePath`, the two native sizes must agree.
 * @throws ImageError for an unreadable file, DatasetError naming both sizes where they differ.
 */
export async function loadMask(path, size, rule = 'any', imagePath) {
    const mask = await decodeMask(path);
    if (imagePath !== undefined) {
        const image = await imageSize(imagePath);
        if (image.width !== mask.width || image.height !== mask.height) {
            throw new DatasetError(`mask ${path} is ${mask.width}x${mask.height}, but its image ${imagePath} is ${image.width}x${image.height}`, { where: path, fix: 'Masks have the size of their images.' });
        }
    }
    if (rule === 'nearest') {
        return pilResizeNearest(mask.data, mask.width, mask.height, size, size).map((value) => value & 1);
    }
    const above = rule === 'half' ? 127 : 0;
    return pilResize(mask, size, size).data.map((value) => (value > above ? 1 : 0));
}
//# sourceMappingURL=loadImage.js.map