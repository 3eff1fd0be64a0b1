/** The images that DRAEM learns from: clean ones, and the same with something that does not belong (methods.md 8.3). */
import { RandomStream } from '../../random.ts';
import { augment } from './augment.ts';
import { perlinMask } from './perlin.ts';
import { drawPaint, drawView } from './texture.ts';
import { rounded, turnedPixels } from './turn.ts';

/** How often the clean image is turned, by up to 90 degrees either way. */
const TURNED = 0.3;
/** How often there is an anomaly. */
const ANOMALOUS = 0.5;
/** At most this much of the image shows through an anomaly. */
const THROUGH = 0.8;

/** One training sample, all at one side: RGB planes [3, side, side], and a mask [side, side] of 0 and 1. */
export interface AnomalySample {
  readonly clean: Uint8Array;
  readonly image: Uint8Array;
  readonly mask: Uint8Array;
}

/** What is decided of a sample before it is drawn: which of `textures` (a number of files) it needs, if any. */
export interface AnomalyPlan {
  readonly anomalous: boolean;
  /** Null: a procedural one, or none. */
  readonly texture: number | null;
}

/**
 * Plan of the sample with this number; the samples of a step's batch are numbered consecutively. The same seed and
 * number give the same plan.
 */
export function planAnomaly(seed: number, number: number, textures: number): AnomalyPlan {
  const random = anomalyStream(seed, 2 * number);
  const anomalous = random.next() < ANOMALOUS;
  return { anomalous, texture: anomalous && textures > 0 ? random.integer(textures) : null };
}

/** All that fixes a sample. */
export interface AnomalyJob {
  readonly seed: number;
  readonly number: number;
  readonly anomalous: boolean;
  /** Path of the clean image, for errors. */
  readonly path: string;
  /** Side of all planes, a multiple of 32. */
  readonly side: number;
  /** The clean image's planes. */
  readonly pixels: Uint8Array;
  /** Those of the plan's texture; absent for a procedural one. */
  readonly texture?: Uint8Array;
}

/** The sample itself. Blended pixels are rounded to 8 bits, as those of a photograph are. */
export function drawAnomaly({ seed, number, anomalous, side, pixels, texture }: AnomalyJob): AnomalySample {
  const random = anomalyStream(seed, 2 * number + 1);
  const clean =
    random.next() < TURNED ? turnedPixels(pixels, side, (random.between(-90, 90) * Math.PI) / 180) : pixels;
  if (!anomalous) return { clean, image: clean, mask: new Uint8Array(side * side) };
  const mask = perlinMask(random, side);
  const source = augment(texture ?? proceduralTexture(random, side), side, random);
  return { clean, image: blend(clean, source, mask, random.between(0, THROUGH)), mask };
}

/** x (1 - m) + m ((1 - through) source + through x). */
function blend(clean: Uint8Array, source: Uint8Array, mask: Uint8Array, through: number): Uint8Array {
  const image = clean.slice();
  for (let i = 0; i < image.length; i++) {
    if (mask[i % mask.length]) image[i] = Math.round((1 - through) * source[i]! + through * clean[i]!);
  }
  return image;
}

/**
 * Patterns in up to three colours, as in the scenes that the embedded encoder is trained on. Nothing of the procedural
 * inspection set, whose defects are to be found, is used in it.
 */
export function proceduralTexture(random: RandomStream, side: number): Uint8Array {
  const view = new Float32Array(3 * side * side);
  const paint = drawPaint(random, 0);
  drawView((x, y, _, colour) => paint(x, y, colour), random, side, view);
  return rounded(view, 255);
}

/** In the upper half of the key: anomalies share no number with anything else that is drawn from the seed. */
const DOMAIN = 0xd4ae;

const anomalyStream = (seed: number, stream: number): RandomStream => {
  const high = (Math.floor(seed / 2 ** 32) ^ DOMAIN) * 2 ** 32;
  return new RandomStream(high + (seed >>> 0), stream);
};
