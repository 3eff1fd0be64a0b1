import { IMAGENET_MEAN, IMAGENET_STD } from '../../src/data/normalize.ts';
import { RandomStream } from '../../src/random.ts';
import { setPiece } from '../pretrain/piece.ts';
import { drawScene, viewScene } from '../pretrain/scene.ts';
import { drawCrop, type Photograph } from './crops.ts';
import { expose } from './exposure.ts';

/** Crops draw from this seed and their step's number. */
const CROP_SEED = 0x7e87_0003;
/** This share of the pictures are the abstract scenes of tools/pretrain: what is drawn differs from what is photographed. */
const DRAWN = 0.2;
/** Chance of each of two pieces of another picture, or of this one from elsewhere. */
const PIECE = 0.35;

/** The pictures of step `step`: [count, 3, size, size], normalised with ImageNet's statistics. The same for the same arguments. */
export function pictureBatch(
  photographs: readonly Photograph[],
  step: number,
  count: number,
  size: number,
): Float32Array {
  const random = new RandomStream(CROP_SEED, step);
  const length = 3 * size * size;
  const plain = Array.from({ length: count }, () => {
    const picture = new Float32Array(length);
    if (random.next() < DRAWN) viewScene(drawScene(random), random, size, picture);
    else drawCrop(photographs[random.integer(photographs.length)]!, random, size, picture);
    return picture;
  });
  const batch = new Float32Array(count * length);
  plain.forEach((picture, i) => {
    const own = batch.subarray(i * length, (i + 1) * length);
    own.set(picture);
    const sources = [picture, plain[(i + 1) % count]!];
    for (let piece = 0; piece < 2; piece++) {
      if (random.next() < PIECE) setPiece(own, sources, random, size);
    }
    expose(own, random, size);
  });
  const plane = size * size;
  for (let at = 0; at < batch.length; at++) {
    const c = Math.floor(at / plane) % 3;
    batch[at] = (batch[at]! - IMAGENET_MEAN[c]!) / IMAGENET_STD[c]!;
  }
  return batch;
}
