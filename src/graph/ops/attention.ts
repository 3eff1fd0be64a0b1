import { DtypeError, gotText, ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product, type Shape, shapeText } from '../../shape.ts';
import { requireCount, requireNumber, requireProbability, requireSite } from '../arguments.ts';
import {
  asValue,
  constant,
  makeValue,
  type Operand,
  requireFloat,
  requireRank,
  type Value,
} from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { slabOffsets, slabView } from './movement.ts';

/** Channels of a head: a lane keeps a few tokens of them in its registers. */
const MOST_CHANNELS = 256;

const FOR_THE_GRADIENT = 'it exists for the gradient of attention';

const attrs = attributes<AttentionAttrs>();

/** key (u32 [4]) and site (u32 [1]) follow where weights are dropped. */
export const attentionOps = {
  /** q [N or 1, Lq, E], k, v [N, Lk, E], key?, site? -> [N, Lq, E]. */
  attention: { attrs },
  /** q, k, dOut, out -> [N, Lq, heads, 2]: log of the sum of exp of a query's row (0 where the mask leaves nothing), <dOut, out>. */
  attentionRows: { attrs, nonDifferentiable: FOR_THE_GRADIENT },
  /** q, k, v, dOut, rows, key?, site? -> dq [N, Lq, E]. */
  attentionQueryGrad: { attrs, nonDifferentiable: FOR_THE_GRADIENT },
  /** The same -> dk and dv, flat, dv at `valueGradOffset`. */
  attentionKeyValueGrad: { attrs, nonDifferentiable: FOR_THE_GRADIENT },
} as const satisfies OpTable;

/** Tokens as the places of a grid, row by row, and the side of the square window around a token that it may not see. */
export interface Neighbours {
  /** Rows and columns of the grid: height x width tokens. */
  readonly height: number;
  readonly width: number;
  /** Side in tokens. Odd; clipped at the borders; the token itself is inside. */
  readonly window: number;
}

const NEIGHBOURS: OptionNames<Neighbours> = { height: true, width: true, window: true };

export type AttentionAttrs = {
  readonly heads: number;
  /** Of the products of queries and keys. */
  readonly scale: number;
  readonly neighbours: Neighbours | null;
  /** Probability with which a weight is dropped. */
  readonly dropout: number;
};

/** How `attention` attends. */
export interface AttentionOptions {
  /** Parts of E that attend by themselves. */
  heads: number;
  /** Default 1 / sqrt(E / heads). */
  scale?: number;
  /** What each token may not see; default none. A token that may see nothing gets zeros. */
  neighbours?: Neighbours | null;
  /** Weights are dropped with probability p and the rest scaled by 1 / (1 - p); key and site as in `dropout`. */
  dropout?: AttentionDropout | null;
}

interface AttentionDropout {
  p: number;
  key: Operand;
  site: number;
}

const ATTENTION_OPTIONS: OptionNames<AttentionOptions> = {
  heads: true,
  scale: true,
  neighbours: true,
  dropout: true,
};
const DROPOUT: OptionNames<AttentionDropout> = { p: true, key: true, site: true };

/**
 * softmax(q k^T scale + mask) v for each head: q [N, Lq, E], k and v [N, Lk, E] -> [N, Lq, E]; head h has the channels
 * from h E / heads on. q may have a batch of 1 for all of k's. Neither mask nor weights ever lie in memory.
 */
export function attention(
  q: Operand,
  k: Operand,
  v: Operand,
  options: AttentionOptions,
  ...extra: never[]
): Value {
  refuseExtra('attention', extra);
  requireOptions('attention', options, ATTENTION_OPTIONS);
  const { heads, neighbours = null, dropout = null } = options;
  const [query, keys, values] = [asValue(q, 'attention'), asValue(k, 'attention'), asValue(v, 'attention')];
  requireFloat('attention', { q: query, k: keys, v: values });
  requireRank('attention', 'q', query, 3);
  requireRank('attention', 'k', keys, 3);
  const [n, length, channels] = keys.shape as [number, number, number];
  const [batch, tokens, own] = query.shape as [number, number, number];
  if (tokens < 1 || length < 1) {
    throw new ShapeError(
      `attention: q and k expect at least one token, got ${shapeText(query.shape)} and ${shapeText(keys.shape)}`,
    );
  }
  if ((batch !== n && batch !== 1) || own !== channels) {
    throw new ShapeError(
      `attention: q expects [${n} or 1, tokens, ${channels}] to match k ${shapeText(keys.shape)}, got ${shapeText(query.shape)}`,
    );
  }
  if (shapeText(values.shape) !== shapeText(keys.shape)) {
    throw new ShapeError(
      `attention: v expects ${shapeText(keys.shape)} (the shape of k), got ${shapeText(values.shape)}`,
    );
  }
  if (!(Number.isInteger(heads) && heads >= 1 && channels >= 1) || channels % heads !== 0) {
    throw new ShapeError(`attention: heads expects a divisor of ${channels} channels, got ${gotText(heads)}`);
  }
  if (channels / heads > MOST_CHANNELS) {
    throw new ShapeError(
      `attention: heads expects at most ${MOST_CHANNELS} channels each, got ${channels / heads}`,
    );
  }
  if (neighbours !== null) checkNeighbours(neighbours, tokens, length);
  const { scale = 1 / Math.sqrt(channels / heads) } = options;
  requireNumber('attention', 'scale', scale);
  const draws = drawsOf(dropout);
  const attrs: AttentionAttrs = { heads, scale, neighbours, dropout: dropout?.p ?? 0 };
  return makeValue('attention', [query, keys, values, ...draws], attrs, [n, tokens, channels]);
}

function checkNeighbours(neighbours: Neighbours, tokens: number, length: number): void {
  requireOptions('attention: neighbours', neighbours, NEIGHBOURS);
  const { height, width, window } = neighbours;
  requireCount('attention', 'height of neighbours', height, 1);
  requireCount('attention', 'width of neighbours', width, 1);
  if (height * width !== tokens || tokens !== length) {
    throw new ShapeError(
      `attention: neighbours of ${height}x${width} expect ${height * width} queries and keys, got ${tokens} and ${length}`,
    );
  }
  if (!Number.isInteger(window) || window < 1 || window % 2 !== 1) {
    throw new ShapeError(`attention: window expects an odd number, got ${gotText(window)}`);
  }
}

/** What the kernels draw dropped weights from; nothing where none are. */
function drawsOf(dropout: AttentionOptions['dropout']): Value[] {
  if (dropout === null || dropout === undefined) return [];
  requireOptions('attention: dropout', dropout, DROPOUT);
  const { p, key, site } = dropout;
  requireProbability('attention', 'dropout', p);
  if (p === 0) return [];
  requireSite('attention', site);
  return [keyOf(key), constant([site], [1], 'u32')];
}

function keyOf(operand: Operand): Value {
  const key = asValue(operand, 'attention');
  if (key.dtype !== 'u32' || shapeText(key.shape) !== '[4]') {
    throw new DtypeError(`attention: key expects u32 [4], got ${key.dtype} ${shapeText(key.shape)}`);
  }
  return key;
}

/** What the gradients of `attention` start from. */
export interface AttentionBackward {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** dL/dout. */
  readonly cotangent: Value;
  /** Of `attentionRows`. */
  readonly rows: Value;
  /** key and site, or nothing. */
  readonly draws: readonly Value[];
}

/** What both gradients need of each query and head, in one array: eight bindings are all that WebGPU promises. */
export const attentionRows = (
  q: Value,
  k: Value,
  cotangent: Value,
  out: Value,
  attrs: AttentionAttrs,
): Value =>
  makeValue('attentionRows', [q, k, cotangent, out], { ...attrs, dropout: 0 }, [
    ...out.shape.slice(0, 2),
    attrs.heads,
    2,
  ]);

const backwardInputs = (b: AttentionBackward): Value[] => [b.q, b.k, b.v, b.cotangent, b.rows, ...b.draws];

/** dL/dq [N, Lq, E], of every image even where q has one for all. */
export const attentionQueryGrad = (b: AttentionBackward, attrs: AttentionAttrs): Value =>
  makeValue('attentionQueryGrad', backwardInputs(b), attrs, b.cotangent.shape);

/** Where dv begins beside dk, both of `shape`: views start at aligned offsets. */
export const valueGradOffset = (shape: Shape): number =>
  slabOffsets([product(shape), product(shape)]).offsets[1]!;

/** dL/dk and dL/dv, computed together. */
export function attentionKeyValueGrad(b: AttentionBackward, attrs: AttentionAttrs): { dk: Value; dv: Value } {
  const { shape } = b.k;
  const offset = valueGradOffset(shape);
  const both = makeValue('attentionKeyValueGrad', backwardInputs(b), attrs, [offset + product(shape)]);
  return { dk: slabView(both, 0, shape), dv: slabView(both, offset, shape) };
}
