/** UniAD's reconstruction of features by a transformer (You et al. 2022; methods.md 6.2), under its authors' names. */

import { rootOfSquares } from '../autograd/root.ts';
import type { Neighbours } from '../graph/ops/attention.ts';
import { concat, permute, reshape } from '../graph/ops/movement.ts';
import { add, mul, scale, square } from '../graph/ops/pointwise.ts';
import { randomNormal } from '../graph/ops/random.ts';
import { sum } from '../graph/ops/reduce.ts';
import { interpolate } from '../graph/ops/resize.ts';
import { constant, scope, type Value } from '../graph/value.ts';
import { standardNormal, uniform } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { layerNorm } from '../nn/modules/norm.ts';
import { refuseExtra } from '../options.ts';
import { decoderLayer, encoderLayer, projection, type TransformerConfig } from './transformer.ts';

const [WIDTH, LAYERS] = [256, 4];
const TRANSFORMER = { heads: 8, inner: 1024, dropout: 0.1 } as const;
const WINDOW = 7;

/** Scale of the noise that training adds to a token: times its norm, over its channels. */
const JITTER = 20;

/** An encoder's taps on the grid of the coarsest, side by side: EfficientNet-B4's at 224 px -> [N, 272, 14, 14]. */
export function alignedFeatures(taps: readonly Value[], ...extra: never[]): Value {
  refuseExtra('alignedFeatures', extra);
  const [h, w] = taps.at(-1)!.shape.slice(2) as [number, number];
  return scope('taps', () =>
    concat(
      taps.map((tap) => interpolate(tap, { size: [h, w], alignCorners: true })),
      1,
    ),
  );
}

/**
 * The features [N, C, h, w] rebuilt by the transformer, and the output of its encoder [N, 256, h, w]. Training adds
 * noise to the features and uses dropout.
 */
export function reconstruct(
  layers: Layers,
  features: Value,
  ...extra: never[]
): { memory: Value; rebuilt: Value } {
  refuseExtra('reconstruct', extra);
  const [, channels, h, w] = features.shape as [number, number, number, number];
  const config: TransformerConfig = { ...TRANSFORMER, neighbours: neighboursOf(h, w) };
  const seen = layers.training ? jittered(layers, tokensOf(features)) : tokensOf(features);
  const x = projection(layers, 'input_proj', seen, WIDTH);
  const position = within(layers, 'pos_embed', (inner) => positions(inner, h, w));
  const decoded = within(layers, 'transformer', (parts) => {
    const memory = within(parts, 'encoder', (inner) =>
      stacked(inner, x, (layer, y) => encoderLayer(layer, y, position, config)),
    );
    const out = within(parts, 'decoder', (inner) => {
      const last = stacked(inner, memory, (layer, y) => {
        const queries = within(layer, 'learned_embed', (table) =>
          table.parameter('weight', [h * w, WIDTH], standardNormal),
        );
        return decoderLayer(layer, y, memory, reshape(queries, [1, h * w, WIDTH]), position, config);
      });
      return layerNorm(inner, 'norm', last);
    });
    return { memory, out };
  });
  return {
    memory: mapOf(decoded.memory, h, w),
    rebuilt: mapOf(projection(layers, 'output_proj', decoded.out, channels), h, w),
  };
}

const stacked = (layers: Layers, x: Value, run: (layer: Layers, x: Value) => Value): Value =>
  within(layers, 'layers', (inner) => {
    let y = x;
    for (let i = 0; i < LAYERS; i++) y = within(inner, String(i), (layer) => run(layer, y));
    return y;
  });

/**
 * 7 x 7 around each token. A grid below 8 x 8 gets the largest window that leaves its middle token something to attend
 * to (our rule; the authors' grid is 14 x 14).
 */
export function neighboursOf(height: number, width: number, ...extra: never[]): Neighbours {
  refuseExtra('neighboursOf', extra);
  const reach = Math.ceil((Math.max(height, width) - 1) / 2) - 1;
  return { height, width, window: Math.max(1, Math.min(WINDOW, 2 * reach + 1)) };
}

/** Learned position embedding [1, h w, 256]: half by column, half by row. */
function positions(layers: Layers, h: number, w: number): Value {
  const half = WIDTH / 2;
  const table = (name: string, size: number): Value =>
    within(layers, name, (inner) => inner.parameter('weight', [size, half], uniform));
  const rows = reshape(table('row_embed', h), [h, 1, half]);
  const columns = reshape(table('col_embed', w), [1, w, half]);
  const grid = constant(new Float32Array(h * w), [h, w, 1]);
  return reshape(concat([add(grid, columns), add(grid, rows)], 2), [1, h * w, WIDTH]);
}

/** Each token with normal noise, whose deviation is 20 times the token's norm over its number of channels. */
function jittered(layers: Layers, tokens: Value): Value {
  const { key, site } = layers.random();
  const norms = rootOfSquares(sum(square(tokens), { axes: [2], keepDims: true }));
  const noise = randomNormal(key, site, tokens.shape);
  return add(tokens, mul(noise, scale(norms, JITTER / tokens.shape[2]!)));
}

/** [N, C, h, w] -> [N, h w, C], row by row. */
const tokensOf = (x: Value): Value => {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return permute(reshape(x, [n, c, h * w]), [0, 2, 1]);
};

const mapOf = (tokens: Value, h: number, w: number): Value => {
  const [n, , c] = tokens.shape as [number, number, number];
  return reshape(permute(tokens, [0, 2, 1]), [n, c, h, w]);
};
