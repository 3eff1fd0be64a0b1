import { IMAGENET_MEAN, IMAGENET_STD } from '../../src/data/loadImage.ts';
import { RandomStream } from '../../src/random.ts';
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
      if (random.next() < 0.6) setPiece(image, foreign, [scene, scenes[(i + 1) % count]!], random, size);
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

/**
 * Sets a four-sided piece into `image` and notes where it shows: a piece of another scene, or of this one from
 * elsewhere; half of them are turned by any angle and magnified by 0.5 to 2, the others by quarter turns alone.
 */
function setPiece(
  image: Float32Array,
  foreign: Float32Array,
  sources: readonly Float32Array[],
  random: RandomStream,
  size: number,
): void {
  const plane = size * size;
  const edges = drawOutline(random, size);
  const source = sources[random.integer(sources.length)]!;
  const free = random.next() < 0.5;
  const angle = free ? random.between(0, 2 * Math.PI) : (random.integer(4) * Math.PI) / 2;
  const shrink = free ? Math.exp(random.between(-0.7, 0.7)) : 1;
  const [cos, sin] = [Math.cos(angle) * shrink, Math.sin(angle) * shrink];
  const shift = (): number => (free ? random.between(0.1, 0.9) * size : 4 + random.integer(size - 8));
  const [right, down] = [shift(), shift()];
  const opacity = random.between(0.5, 1);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at++) {
      let outside = -Infinity;
      for (const edge of edges) {
        outside = Math.max(outside, edge.cos * (x + 0.5) + edge.sin * (y + 0.5) - edge.offset);
      }
      const cover = Math.min(1, 0.5 - outside) * opacity;
      if (cover <= 0) continue;
      const [px, py] = [x + 0.5 - size / 2, y + 0.5 - size / 2];
      const from = between(cos * px - sin * py + right - 0.5, sin * px + cos * py + down - 0.5, size);
      let change = 0;
      for (let c = 0; c < 3; c++) {
        let value = 0;
        for (const { index, weight } of from) value += source[c * plane + index]! * weight;
        const difference = value - image[c * plane + at]!;
        change += Math.abs(difference) / 3;
        image[c * plane + at]! += difference * cover;
      }
      if (change > VISIBLE) foreign[at] = Math.max(foreign[at]!, cover);
    }
  }
}

/** The four pixels around a point and their bilinear weights; the plane is mirrored beyond its edges. */
function between(x: number, y: number, size: number): { index: number; weight: number }[] {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  return [0, 1].flatMap((j) =>
    [0, 1].map((i) => ({
      index: mirrored(top + j, size) * size + mirrored(left + i, size),
      weight: (i ? x - left : 1 - x + left) * (j ? y - top : 1 - y + top),
    })),
  );
}

function mirrored(at: number, size: number): number {
  const period = ((at % (2 * size)) + 2 * size) % (2 * size);
  return Math.min(period, 2 * size - 1 - period);
}

/** Four half-planes around a centre; the area within all of them. */
function drawOutline(random: RandomStream, size: number): { cos: number; sin: number; offset: number }[] {
  const [x, y] = [random.between(4, size - 4), random.between(4, size - 4)];
  const heading = random.between(0, 2 * Math.PI);
  const radius = 2.5 + 12 * random.next() ** 2;
  return [0, 1, 2, 3].map((side) => {
    const angle = heading + (side * Math.PI) / 2 + random.between(-0.5, 0.5);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return { cos, sin, offset: cos * x + sin * y + radius * random.between(0.4, 1) };
  });
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
