import { IMAGENET_MEAN, IMAGENET_STD } from '../../src/data/normalize.ts';
import { RandomStream } from '../../src/random.ts';
import { setPiece } from './piece.ts';
import { drawScene, viewScene } from './scene.ts';

/**
 * The pre-training task: which places of a scene don't belong to it, and which
 * place of one exposure is which place of another? Each image is a scene of its own, into
 * which pieces of another scene, or of another place of the same one, are set within straight edges. Nothing of the procedural inspection set (its objects, its defects, its seeds) is used here.
 */

/** Scenes draw from this seed and their number: nobody else uses it. */
const TASK_SEED = 0x7e87_0002;

/** Strides of the encoder's three taps. */
const STRIDES = [4, 8, 16] as const;

/** A piece changes a pixel where its three channels differ by this much on average. */
const VISIBLE = 12 / 255;
/** A place is foreign where a visible piece covers some pixel by more than this. */
const FOREIGN = 0.3;

export interface PlacesBatch {
  /** [2 count, 3, size, size], normalised: all scenes, then all of them again under another exposure. */
  readonly images: Float32Array;
  /** 1 where a place of these is foreign, 0 elsewhere: [2 count, 1, size / s, size / s] for the strides 4, 8 and 16. */
  readonly places: readonly [Float32Array, Float32Array, Float32Array];
}

/** Batch `step` of the task; `count` at least 2, `size` a multiple of 16. */
export function placesBatch(step: number, count: number, size: number): PlacesBatch {
  const random = new RandomStream(TASK_SEED, step);
  const plane = size * size;
  const scenes = Array.from({ length: count }, () => {
    const view = new Float32Array(3 * plane);
    viewScene(drawScene(random), random, size, view);
    return view;
  });
  const images = new Float32Array(2 * count * 3 * plane);
  const places = STRIDES.map((stride) => new Float32Array(2 * count * (size / stride) ** 2));
  scenes.forEach((scene, i) => {
    const image = images.subarray(i * 3 * plane, (i + 1) * 3 * plane);
    image.set(scene);
    const foreign = new Float32Array(plane);
    for (let piece = 0; piece < 2; piece++) {
      if (random.next() >= 0.6) continue;
      setPiece(image, [scene, scenes[(i + 1) % count]!], random, size, (at, cover, change) => {
        if (change > VISIBLE) foreign[at] = Math.max(foreign[at]!, cover);
      });
    }
    const again = images.subarray((count + i) * 3 * plane, (count + i + 1) * 3 * plane);
    again.set(image);
    expose(image, random, size);
    expose(again, random, size);
    for (let at = 0; at < plane; at++) {
      if (foreign[at]! <= FOREIGN) continue;
      const row = Math.floor(at / size);
      STRIDES.forEach((stride, k) => {
        const side = size / stride;
        const place = Math.floor(row / stride) * side + Math.floor((at % size) / stride);
        for (const n of [i, count + i]) places[k]![n * side * side + place] = 1;
      });
    }
  });
  return { images, places: places as [Float32Array, Float32Array, Float32Array] };
}

/** Lighting, colour cast and noise of one exposure, then ImageNet's normalisation, in place. */
function expose(image: Float32Array, random: RandomStream, size: number): void {
  const gain = random.between(0.65, 1.2);
  const cast = [0, 1, 2].map(() => random.between(-0.1, 0.1));
  const [slopeX, slopeY] = [random.between(-0.3, 0.3), random.between(-0.3, 0.3)];
  const noise = random.between(0, 0.03);
  const plane = size * size;
  for (let c = 0; c < 3; c++) {
    for (let at = 0; at < plane; at++) {
      const x = (at % size) / size - 0.5;
      const y = Math.floor(at / size) / size - 0.5;
      const light = gain * (1 + slopeX * x + slopeY * y);
      const value = (image[c * plane + at]! + cast[c]!) * light + noise * random.normal();
      image[c * plane + at] = (Math.min(1, Math.max(0, value)) - IMAGENET_MEAN[c]!) / IMAGENET_STD[c]!;
    }
  }
}
