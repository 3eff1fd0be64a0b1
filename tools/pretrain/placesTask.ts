import { matmul } from '../../src/graph/ops/matmul.ts';
import { permute, reshape, slice } from '../../src/graph/ops/movement.ts';
import { add, div, mul, relu, scale, shift, sqrt } from '../../src/graph/ops/pointwise.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { RESNETS, type ResNetName, resnetFeatures } from '../../src/models/resnet.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { crossEntropy } from '../../src/nn/crossEntropy.ts';
import { pytorchDefault, zeros } from '../../src/nn/init.ts';
import { type Layers, within } from '../../src/nn/layers.ts';
import { binaryCrossEntropy } from '../../src/nn/losses.ts';
import { RandomStream } from '../../src/random.ts';

/** Inputs, one per tap: which places are foreign, and which are compared. */
export const PLACES = ['places1', 'places2', 'places3'] as const;
const CHOICES = ['choice1', 'choice2', 'choice3'] as const;

/** Places of each image that are compared with those of all other images. */
const COMPARED = 16;
/** Length of the vectors that are compared, and what their cosine is divided by. */
const EMBEDDING = 64;
const TEMPERATURE = 0.1;

export interface PlaceMaps {
  /** Whether a place is foreign: [N, 1, h, w] at strides 4, 8, 16. */
  readonly logits: Value[];
  /** What a place looks like: [N, EMBEDDING, h, w]. */
  readonly embeddings: Value[];
}

/** The encoder under `encoder`, and on each tap two heads that are thrown away afterwards. */
export function placeMaps(layers: Layers, images: Value, encoder: ResNetName): PlaceMaps {
  const taps = within(layers, 'encoder', (inner) => resnetFeatures(inner, images, RESNETS[encoder]));
  const onTaps = (name: string, head: (inner: Layers, tap: Value) => Value): Value[] =>
    taps.map((tap, i) => within(layers, `${name}${i + 1}`, (inner) => head(inner, tap)));
  return {
    logits: onTaps('foreign', (inner, tap) => perPlace(inner, '2', relu(perPlace(inner, '1', tap)), 1)),
    embeddings: onTaps('embedding', (inner, tap) => perPlace(inner, '1', tap, EMBEDDING)),
  };
}

/** A 1x1 convolution with bias, keeping the channels unless `out` says otherwise. */
function perPlace(layers: Layers, name: string, x: Value, out = x.shape[1]!): Value {
  return within(layers, name, (inner) => {
    const weight = inner.parameter('weight', [out, x.shape[1]!, 1, 1], pytorchDefault);
    return conv2d(x, weight, { bias: inner.parameter('bias', [out], zeros) });
  });
}

/** Both questions at all taps: which places are foreign, and which place of the other exposure is this one? */
export function placesLoss({ logits, embeddings }: PlaceMaps, compared: Value): Value {
  const terms = logits.flatMap((map, i) => [
    scale(binaryCrossEntropy(map, input(PLACES[i]!, map.shape)), 2),
    comparison(embeddings[i]!, CHOICES[i]!, compared),
  ]);
  return terms.reduce((total, term) => add(total, term));
}

/**
 * Cross-entropy of telling each chosen place among those of the other exposure, both ways. `maps`: the first
 * half of the batch is one exposure, the second the other; `labels` is 0, 1, 2, ...
 */
function comparison(maps: Value, choice: string, labels: Value): Value {
  const [n, c, h, w] = maps.shape as [number, number, number, number];
  const chosen = matmul(reshape(maps, [n * c, h * w]), input(choice, [h * w, COMPARED]));
  const rows = reshape(permute(reshape(chosen, [n, c, COMPARED]), [0, 2, 1]), [n * COMPARED, c]);
  const length = sqrt(shift(sum(mul(rows, rows), { axes: [1], keepDims: true }), 1e-8));
  const unit = div(rows, length);
  const half = (n * COMPARED) / 2;
  const first = slice(unit, [{ start: 0, end: half }]);
  const second = slice(unit, [{ start: half, end: 2 * half }]);
  const cosines = (a: Value, b: Value): Value => scale(matmul(a, b, { transposeB: true }), 1 / TEMPERATURE);
  const ways = add(
    crossEntropy(cosines(first, second), labels),
    crossEntropy(cosines(second, first), labels),
  );
  return scale(ways, 0.5);
}

/** The labels of `comparison`, for `scenes` scenes a batch. */
export const comparedLabels = (scenes: number): Int32Array =>
  Int32Array.from({ length: scenes * COMPARED }, (_, i) => i);

/** A step's choice of places per tap, the same for all its images: one column per choice, a single 1 in each. */
export function choicesAt(seed: number, step: number, size: number): Record<string, Float32Array> {
  const random = new RandomStream(seed, step);
  return Object.fromEntries(
    CHOICES.map((name, tap) => {
      const places = Array.from({ length: (size / (4 << tap)) ** 2 }, (_, i) => i);
      const matrix = new Float32Array(places.length * COMPARED);
      for (let column = 0; column < COMPARED; column++) {
        const [place] = places.splice(random.integer(places.length), 1);
        matrix[place! * COMPARED + column] = 1;
      }
      return [name, matrix];
    }),
  );
}
