import { requireCount, requireNumber, requireProbability, requireSite } from '../../arguments.ts';
import { gotText, ShapeError } from '../../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { product, shapeText } from '../../shape.ts';
import { floatOperand, keyOperand, requireRank, requireSameShape } from '../operands.ts';
import { constant, makeValue, type Operand, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

/** Most channels per head: a lane keeps a few tokens of a head in registers. */
const MOST_CHANNELS = 256;

export const attentionOps = {
  /**
   * q [N or 1, Lq, E], k, v [N, Lk, E] -> [N, Lq, E]. key (u32 [4]) and site (u32 [1]) follow where weights are dropped,
   * as they do in its gradients.
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
};

/** How `attention` attends. */
export interface AttentionOptions {
  /** Number of heads; divides E. */
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
 * from h E / heads on. q may have a batch of 1 for all of k's. Mask and weights are never stored in memory.
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
  const { heads, neighbours = null, dropout = null } = options;
  const [query, keys] = [floatOperand(op, 'q', q), floatOperand(op, 'k', k)];
  const values = floatOperand(op, 'v', v);
  requireRank(op, 'q', query, 3);
  requireRank(op, 'k', keys, 3);
  const [n, length, channels] = keys.shape as [number, number, number];
  const [batch, tokens, own] = query.shape as [number, number, number];
  if (tokens < 1 || length < 1) {
    throw new ShapeError(
      `${op}: q and k expect at least one token, got ${shapeText(query.shape)} and ${shapeText(keys.shape)}`,
    );
  }
  if ((batch !== n && batch !== 1) || own !== channels) {
    throw new ShapeError(
      `${op}: q expects [${n} or 1, tokens, ${channels}] to match k ${shapeText(keys.shape)}, got ${shapeText(query.shape)}`,
    );
  }
  requireSameShape(op, 'v', values, 'k', keys);
  if (!(Number.isInteger(heads) && heads >= 1 && channels >= 1) || channels % heads !== 0) {
    throw new ShapeError(`${op}: heads expects a divisor of ${channels} channels, got ${gotText(heads)}`);
  }
  if (channels / heads > MOST_CHANNELS) {
    throw new ShapeError(
      `${op}: heads expects at most ${MOST_CHANNELS} channels each, got ${channels / heads}`,
    );
  }
  if (neighbours !== null) requireNeighbours(neighbours, tokens, length);
  const { scale = 1 / Math.sqrt(channels / heads) } = options;
  requireNumber(op, 'scale', scale);
  const draws = drawsOf(dropout);
  const attrs = { heads, scale, neighbours, dropout: dropout?.p ?? 0 };
  return makeValue(op, [query, keys, values, ...draws], attrs, [n, tokens, channels]);
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
