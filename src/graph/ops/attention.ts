import {
  requireCount,
  requireFlag,
  requireNumber,
  requireProbability,
  requireSite,
} from '../../arguments.ts';
import { gotText, ShapeError } from '../../errors.ts';
import { attentionKernels } from '../../kernels/attention.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product, type Shape, shapeText } from '../../shape.ts';
import { floatOperand, keyOperand, requireRank } from '../operands.ts';
import { constant, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';
import { pad, part, permute, reshape } from './movement.ts';
import { broadcastTo, greater } from './pointwise.ts';

/** Most channels per head: a lane keeps a few tokens of a head in registers. */
export const MOST_CHANNELS = 256;

export const attentionOps = {
  /**
   * q [N or 1, Lq, E], k, v [N, Lk, E] -> [N, Lq, E]. A mask of rank 4 follows if `masked`, then key (u32 [4]) and site
   * (u32 [1]) where weights are dropped, as they do in its gradients.
   */
  attention: {
    attrs: attributes<AttentionAttrs>(),
    indexed: droppedPairs,
    // Queries meet keys, weights meet values.
    macs: ({ inputs: [, k], shape }) => 2 * product(shape) * k!.shape[1]!,
  },
} as const satisfies OpTable;

/** Token pairs that dropout numbers; none without dropout, when the inputs hold no key. */
export function droppedPairs({ inputs }: Value): [string, number][] {
  if (!inputs.some(({ dtype }) => dtype === 'u32')) return [];
  return [['pairs of tokens, of which some are dropped', inputs[0]!.shape[1]! * inputs[1]!.shape[1]!]];
}

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
  /** Factor of the products of queries and keys. */
  readonly scale: number;
  readonly neighbours: Neighbours | null;
  /** Probability with which a weight is dropped. */
  readonly dropout: number;
  /** Set if a query sees no key behind its own place. */
  readonly causal?: true;
  /** Set if a mask is among the inputs. */
  readonly masked?: true;
};

/** How `attention` attends. */
export interface AttentionOptions {
  /** Number of heads; divides E. */
  heads: number;
  /** Number of heads of k and v, which divides `heads`: each serves as many of q's, in order. Default `heads`. */
  keyHeads?: number;
  /** Default 1 / sqrt(E / heads). */
  scale?: number;
  /** True: query i sees keys 0 to i alone. Default false. */
  causal?: boolean;
  /**
   * Added to the scaled products: [..., Lq, Lk] that broadcasts to [N, heads, Lq, Lk], for instance 0 and -infinity. A token
   * all of whose sums are -infinity gets zeros.
   */
  mask?: Operand | null;
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
  keyHeads: true,
  scale: true,
  causal: true,
  mask: true,
  neighbours: true,
  dropout: true,
};
const DROPOUT: OptionNames<AttentionDropout> = { p: true, key: true, site: true };

/**
 * softmax(q k^T scale + mask) v for each head: q [N, Lq, E], k [N, Lk, K], v [N, Lk, V] -> [N, Lq, heads V / keyHeads]; head h
 * has the channels from h E / heads on, and K = E keyHeads / heads. q may have a batch of 1 for all of k's. Weights are never
 * stored in memory, nor is the mask for each head. `attentionWeights` gives the weights.
 */
export function attention(
  q: Operand,
  k: Operand,
  v: Operand,
  options: AttentionOptions,
  ...extra: never[]
): Value {
  const op = 'attention';
  refuseExtra(op, extra);
  requireOptions(op, options, ATTENTION_OPTIONS);
  const { heads, keyHeads = heads, neighbours = null, dropout = null, mask = null } = options;
  const values = floatOperand(op, 'v', v);
  const { query, keys, scale, causal } = attending(op, q, k, options);
  const [n, length] = keys.shape as [number, number];
  const [, tokens, channels] = query.shape as [number, number, number];
  const depth = channels / heads;
  const [images, others, width] = values.shape;
  if (
    values.shape.length !== 3 ||
    images !== n ||
    others !== length ||
    !(width! >= 1) ||
    width! % keyHeads !== 0
  ) {
    const of = keyHeads === 1 ? 'any' : `a multiple of ${keyHeads}`;
    throw new ShapeError(
      `${op}: v expects [${n}, ${length}, ${of}] to match k ${shapeText(keys.shape)}, got ${shapeText(values.shape)}`,
    );
  }
  const most = Math.max(depth, width! / keyHeads);
  if (most > MOST_CHANNELS) {
    throw new ShapeError(`${op}: heads expects at most ${MOST_CHANNELS} channels each, got ${most}`);
  }
  if (neighbours !== null) requireNeighbours(neighbours, tokens, length);
  const masks = mask === null ? [] : [maskOperand(op, mask, [n, heads, tokens, length])];
  const draws = drawsOf(dropout);
  const attrs = {
    ...{ heads, scale, neighbours, dropout: dropout?.p ?? 0 },
    ...(causal ? { causal } : {}),
    ...(masks.length > 0 ? { masked: true as const } : {}),
  };
  // The kernels know one width, and heads of k and v of their own.
  const wide = (x: Value, count: number): Value => withChannels(x, count, most);
  const shared = (x: Value): Value => forEachHead(wide(x, keyHeads), keyHeads, heads);
  const inputs = [wide(query, heads), shared(keys), shared(values), ...masks, ...draws];
  const out = makeValue(op, inputs, attrs, [n, tokens, heads * most], 'f32', { kernels: attentionKernels });
  return fewerChannels(out, heads, width! / keyHeads);
}

/** Queries, keys and what an attention of them takes, checked. */
export function attending(
  op: string,
  q: Operand,
  k: Operand,
  {
    heads,
    keyHeads = heads,
    scale,
    causal = false,
  }: Pick<AttentionOptions, 'heads' | 'keyHeads' | 'scale' | 'causal'>,
): { query: Value; keys: Value; scale: number; causal: boolean } {
  const [query, keys] = [floatOperand(op, 'q', q), floatOperand(op, 'k', k)];
  requireRank(op, 'q', query, 3);
  requireRank(op, 'k', keys, 3);
  const [n, length, width] = keys.shape as [number, number, number];
  const [batch, tokens, channels] = query.shape as [number, number, number];
  if (tokens < 1 || length < 1) {
    throw new ShapeError(
      `${op}: q and k expect at least one token, got ${shapeText(query.shape)} and ${shapeText(keys.shape)}`,
    );
  }
  if (!(Number.isInteger(heads) && heads >= 1 && channels >= 1) || channels % heads !== 0) {
    throw new ShapeError(`${op}: heads expects a divisor of ${channels} channels, got ${gotText(heads)}`);
  }
  if (!(Number.isInteger(keyHeads) && keyHeads >= 1) || heads % keyHeads !== 0) {
    throw new ShapeError(`${op}: keyHeads expects a divisor of ${heads} heads, got ${gotText(keyHeads)}`);
  }
  const own = (width * heads) / keyHeads;
  if ((batch !== n && batch !== 1) || own !== channels) {
    throw new ShapeError(
      `${op}: q expects [${n} or 1, tokens, ${own}] to match k ${shapeText(keys.shape)}, got ${shapeText(query.shape)}`,
    );
  }
  requireFlag(op, 'causal', causal);
  const factor = scale ?? 1 / Math.sqrt(channels / heads);
  requireNumber(op, 'scale', factor);
  return { query, keys, scale: factor, causal };
}

/** A mask as a value of rank 4. @throws ShapeError unless it broadcasts to `shape` [N, heads, Lq, Lk]. */
export function maskOperand(op: string, mask: Operand, shape: Shape): Value {
  const value = floatOperand(op, 'mask', mask);
  const own = [...Array<number>(Math.max(0, 4 - value.shape.length)).fill(1), ...value.shape];
  if (own.length !== 4 || own.some((size, axis) => size !== 1 && size !== shape[axis])) {
    throw new ShapeError(
      `${op}: mask expects a shape that broadcasts to ${shapeText(shape)} (images, heads, queries, keys), got ${shapeText(value.shape)}`,
    );
  }
  return reshape(value, own);
}

/** [Lq, Lk]: 1 where a key lies behind its query's place, which causal attention hides. */
export function hiddenKeys(queries: number, keys: number): Value {
  const places = (count: number, shape: Shape): Value =>
    constant(
      Float32Array.from({ length: count }, (_, i) => i),
      shape,
    );
  return greater(places(keys, [1, keys]), places(queries, [queries, 1]));
}

/** Each head's channels filled up with zeros: [N, L, heads d] -> [N, L, heads depth]. */
function withChannels(x: Value, heads: number, depth: number): Value {
  const [n, length, channels] = x.shape as [number, number, number];
  const missing = depth - channels / heads;
  if (missing === 0) return x;
  const apart = reshape(x, [n, length, heads, channels / heads]);
  return reshape(pad(apart, [0, 0, 0, 0], [0, 0, 0, missing]), [n, length, heads * depth]);
}

/** The first `depth` channels of each head. */
function fewerChannels(x: Value, heads: number, depth: number): Value {
  const [n, length, channels] = x.shape as [number, number, number];
  if (channels === heads * depth) return x;
  const apart = reshape(x, [n, length, heads, channels / heads]);
  return reshape(part(apart, 3, 0, depth), [n, length, heads * depth]);
}

/** [N, L, heads d] -> [N, heads, L, d]. */
export function headsFirst(x: Value, heads: number): Value {
  const [n, length, channels] = x.shape as [number, number, number];
  return permute(reshape(x, [n, length, heads, channels / heads]), [0, 2, 1, 3]);
}

/** Each of `from` heads repeated, so that there are `to`: [N, L, from d] -> [N, L, to d]. */
export function forEachHead(x: Value, from: number, to: number): Value {
  if (from === to) return x;
  const [n, length, channels] = x.shape as [number, number, number];
  const depth = channels / from;
  const apart = reshape(x, [n, length, from, 1, depth]);
  return reshape(broadcastTo(apart, [n, length, from, to / from, depth]), [n, length, to * depth]);
}

function requireNeighbours(neighbours: Neighbours, tokens: number, length: number): void {
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
function drawsOf(dropout: AttentionDropout | null): Value[] {
  if (dropout === null) return [];
  requireOptions('attention: dropout', dropout, DROPOUT);
  const { p, key, site } = dropout;
  requireProbability('attention', 'dropout', p);
  if (p === 0) return [];
  requireSite('attention', site);
  return [keyOperand('attention', key), constant([site], [1], 'u32')];
}
