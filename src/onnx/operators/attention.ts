/** Attention and what goes with it in transformers. */
import { ShapeError } from '../../errors.ts';
import { attention, MOST_CHANNELS } from '../../graph/ops/attention.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { concat, pad, part, permute, reshape, slice } from '../../graph/ops/movement.ts';
import {
  add,
  broadcastTo,
  div,
  equal,
  exp,
  less,
  lessEqual,
  mul,
  scale,
  sigmoid,
  silu,
  sub,
  tanh,
  where,
} from '../../graph/ops/pointwise.ts';
import { max, sum } from '../../graph/ops/reduce.ts';
import { gather } from '../../graph/ops/select.ts';
import { constant, type Value } from '../../graph/value.ts';
import { range } from '../../shape.ts';
import { elementTypeOf } from '../elementType.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';
import { convolution, withBias } from './products.ts';

/** [N, L, heads d] -> [N, heads, L, d]. */
function headsApart(x: Value, heads: number): Value {
  if (x.shape.length === 4) return x;
  const [n, length, width] = x.shape as [number, number, number];
  return permute(reshape(x, [n, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [N, heads, L, d] -> [N, L, heads d]. */
function headsTogether(x: Value): Value {
  const [n, heads, length, depth] = x.shape as [number, number, number, number];
  return reshape(permute(x, [0, 2, 1, 3]), [n, length, heads * depth]);
}

/** Each head `times` times. */
function repeated(x: Value, times: number): Value {
  if (times === 1) return x;
  const [n, heads, length, depth] = x.shape as [number, number, number, number];
  const apart = reshape(x, [n, heads, 1, length, depth]);
  return reshape(broadcastTo(apart, [n, heads, times, length, depth]), [n, heads * times, length, depth]);
}

const MINUS_INFINITY = Number.NEGATIVE_INFINITY;

/** 0 where a mask lets through and -infinity elsewhere; numbers stay. */
const additive = (mask: Term): Value =>
  mask.type === 'bool' ? where(mask.value, 0, MINUS_INFINITY) : mask.value;

interface Frame {
  readonly queries: number;
  readonly keys: number;
  /** How many keys lie before the first query: of all, or [N, 1, 1, 1]. */
  readonly offset: Value | number;
}

/** What is added to the products: [..., Lq, Lk], or nothing. @param causal whether what makes it causal is to be in it. */
function biasOf(call: NodeCall, { queries, keys, offset }: Frame, causal: boolean): Value | undefined {
  const [left, right] = [call.int('left_window_size', -1), call.int('right_window_size', -1)];
  const rows = constant(range(queries), [queries, 1]);
  const columns = constant(range(keys), [1, keys]);
  const places = (): Value => add(rows, offset);
  const parts: Value[] = [];
  const mask = call.optional(3);
  if (mask) {
    const bias = additive(mask);
    const short = keys - bias.shape.at(-1)!;
    const sides = (count: number): number[] =>
      bias.shape.map((_, i) => (i === bias.shape.length - 1 ? count : 0));
    parts.push(short > 0 ? pad(bias, sides(0), sides(short), { value: MINUS_INFINITY }) : bias);
  }
  const only = (allowed: Value): void => void parts.push(where(allowed, 0, MINUS_INFINITY));
  if (causal) only(lessEqual(columns, places()));
  if (left >= 0) only(lessEqual(sub(places(), columns), left));
  if (right >= 0) only(lessEqual(sub(columns, places()), right));
  const lengths = call.optional(6);
  if (lengths) {
    const counts = reshape(convert(lengths, 'float').value, [lengths.size, 1, 1, 1]);
    only(less(columns, counts));
  }
  return parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b));
}

/** exp(x) over its sum along the last axis; zeros where everything is -infinity. */
function maskedSoftmax(x: Value): Value {
  const over = { axes: [-1], keepDims: true };
  const largest = max(x, over);
  const nothing = equal(largest, MINUS_INFINITY);
  const powers = exp(sub(x, where(nothing, 0, largest)));
  const total = sum(powers, over);
  return div(powers, where(equal(total, 0), 1, total));
}

function runAttention(call: NodeCall): Term[] {
  const { type } = call.term(0);
  const flat = call.term(0).shape.length === 3;
  const [queryHeads, keyHeads] = [call.int('q_num_heads', 0), call.int('kv_num_heads', 0)];
  const q = headsApart(call.value(0), queryHeads);
  const own = [headsApart(call.value(1), keyHeads), headsApart(call.value(2), keyHeads)] as const;
  const past = call.optional(4);
  const [k, v] = past ? (own.map((each, i) => concat([call.value(4 + i), each], 2)) as [Value, Value]) : own;
  const [, heads, queries, depth] = q.shape as [number, number, number, number];
  const keys = k.shape[2]!;
  const lengths = call.optional(6);
  const offset = past
    ? past.shape[2]!
    : lengths
      ? sub(reshape(convert(lengths, 'float').value, [lengths.size, 1, 1, 1]), queries)
      : 0;
  const causal = call.flag('is_causal', false);
  const softcap = call.float('softcap', 0);
  const factor = call.has('scale') ? call.float('scale', 1) : 1 / Math.sqrt(depth);
  const present = [Term.of(type, k), Term.of(type, v)];
  const frame = { queries, keys, offset };
  if (!call.asks(3) && softcap === 0 && Math.max(depth, v.shape[3]!) <= MOST_CHANNELS) {
    const together = [q, k, v].map(headsTogether) as [Value, Value, Value];
    // The kernel itself skips what lies behind a query's own place, where the first query is the first token.
    const skips = causal && offset === 0;
    const mask = biasOf(call, frame, causal && !skips) ?? null;
    const options = { heads, keyHeads: k.shape[1]!, scale: factor, causal: skips, mask };
    const out = attention(...together, options);
    return [Term.of(type, flat ? out : headsApart(out, heads)), ...present];
  }
  const bias = biasOf(call, frame, causal);
  const times = heads / k.shape[1]!;
  const raw = scale(matmul(q, repeated(k, times), { transposeB: true }), factor);
  const capped = softcap > 0 ? scale(tanh(scale(raw, 1 / softcap)), softcap) : raw;
  const biased = bias ? add(capped, bias) : capped;
  const unmasked = maskedSoftmax(biased);
  const masked = bias && equal(max(bias, { axes: [-1], keepDims: true }), MINUS_INFINITY);
  const weights = masked ? where(masked, 0, unmasked) : unmasked;
  const out = matmul(weights, repeated(v, times));
  const shown = [raw, capped, biased, weights][call.int('qk_matmul_output_mode', 0)] ?? raw;
  return [Term.of(type, flat ? headsTogether(out) : out), ...present, Term.of(type, shown)];
}

/** Products of queries and keys that a graph of the node changes, and weights that another one changes. */
function flexAttention(call: NodeCall): Term {
  const { type } = call.term(0);
  const [q, k, v] = [call.value(0), call.value(1), call.value(2)];
  const times = q.shape[1]! / k.shape[1]!;
  const factor = call.has('scale') ? call.float('scale', 1) : 1 / Math.sqrt(q.shape[3]!);
  const precision = elementTypeOf(call.int('softmax_precision', 1)) ?? 'float';
  const changed = (name: string, x: Value): Value => {
    if (!call.has(name)) return x;
    const graph = call.graph(name);
    const indices = [0, 1, 2, 3].map((axis) => {
      const places = constant(
        range(x.shape[axis]!),
        [0, 1, 2, 3].map((i) => (i === axis ? x.shape[axis]! : 1)),
        'i32',
      );
      return Term.of('int64', places);
    });
    const [out] = call.runGraph(graph, [Term.of(precision, x), ...indices.slice(0, graph.input.length - 1)]);
    if (out instanceof Term) return out.value;
    throw new ShapeError(`${name} expects to give a tensor`);
  };
  const scores = changed('score_mod', scale(matmul(q, repeated(k, times), { transposeB: true }), factor));
  const weights = changed('prob_mod', maskedSoftmax(scores));
  return Term.of(type, matmul(weights, repeated(v, times)));
}

/** Pairs of channels turned by angles that belong to their places. */
function rotaryEmbedding(call: NodeCall): Term {
  const { type, shape } = call.term(0);
  const heads = shape.length === 4 ? shape[1]! : call.int('num_heads', 0);
  const x = headsApart(call.value(0), heads);
  const [n, , length, depth] = x.shape as [number, number, number, number];
  const width = call.int('rotary_embedding_dim', 0) || depth;
  const half = width / 2;
  const positions = call.optional(3);
  const table = (i: number): Value => {
    const cache = call.value(i);
    const rows = positions
      ? gather(cache, reshape(convert(positions, 'int32').value, [positions.size]))
      : cache;
    return reshape(rows, [n, 1, length, half]);
  };
  const [cosine, sine] = [table(1), table(2)];
  const interleaved = call.flag('interleaved', false);
  const turned = part(x, 3, 0, width);
  const pick = (which: 0 | 1): Value =>
    interleaved
      ? slice(turned, [null, null, null, { start: which, step: 2 }])
      : part(turned, 3, which * half, half);
  const [a, b] = [pick(0), pick(1)];
  const real = sub(mul(cosine, a), mul(sine, b));
  const imaginary = add(mul(sine, a), mul(cosine, b));
  const apart = (each: Value): Value => reshape(each, [...each.shape, 1]);
  const joined = interleaved
    ? reshape(concat([apart(real), apart(imaginary)], 4), turned.shape)
    : concat([real, imaginary], 3);
  const out = width === depth ? joined : concat([joined, part(x, 3, width, depth - width)], 3);
  return Term.of(type, shape.length === 4 ? out : headsTogether(out));
}

/** A state of keys times values that each token changes and reads. */
function linearAttention(call: NodeCall): Term[] {
  const { type } = call.term(0);
  const [queryHeads, heads] = [call.int('q_num_heads', 1), call.int('kv_num_heads', 1)];
  const rule = call.text('update_rule', 'gated_delta');
  const q = headsApart(call.value(0), queryHeads);
  const k = headsApart(call.value(1), heads);
  const v = headsApart(call.value(2), heads);
  const [n, , length, depth] = k.shape as [number, number, number, number];
  const width = v.shape[3]!;
  const past = call.optional(3);
  const decay = rule.startsWith('gated') ? headsApart(call.value(4), heads) : undefined;
  const beta = rule.endsWith('delta') ? headsApart(call.value(5), call.term(5).shape[2]!) : undefined;
  const factor = call.float('scale', 0) || 1 / Math.sqrt(depth);
  let state = past?.value ?? broadcastTo(constant([0], [1, 1, 1, 1]), [n, heads, depth, width]);
  const at = (x: Value, i: number): Value => part(x, 2, i, 1);
  const rows = range(length).map((i) => {
    const key = at(k, i);
    if (decay) {
      const gate = exp(at(decay, i));
      state = mul(state, permute(gate, [0, 1, 3, 2]));
    }
    const value = beta ? mul(at(beta, i), sub(at(v, i), matmul(key, state))) : at(v, i);
    state = add(state, matmul(key, value, { transposeA: true }));
    return scale(matmul(at(q, i), repeated(state, queryHeads / heads)), factor);
  });
  return [Term.of(type, headsTogether(concat(rows, 2))), Term.of(past?.type ?? type, state)];
}

function causalConvolution(call: NodeCall): Term[] {
  const { type } = call.term(0);
  const [x, weight] = [call.value(0), call.value(1)];
  const reach = weight.shape[2]! - 1;
  const past = call.optional(3);
  const padded = past ? concat([past.value, x], 2) : pad(x, [0, 0, reach], [0, 0, 0]);
  const groups = x.shape[1]!;
  const plain = { strides: [1], dilations: [1], pads: [[0, 0]] as const, groups };
  const out = withBias(convolution(padded, weight, plain), call.optional(2)?.value);
  const activation = call.text('activation', 'none');
  const shown = activation === 'none' ? out : silu(out);
  return [Term.of(type, shown), Term.of(type, part(padded, 2, padded.shape[2]! - reach, reach))];
}

export const attentionOperators: OperatorTable = {
  Attention: {
    attributes: [
      'is_causal',
      'kv_num_heads',
      'left_window_size',
      'q_num_heads',
      'qk_matmul_output_mode',
      'right_window_size',
      'scale',
      'softcap',
      'softmax_precision',
    ],
    run: runAttention,
  },
  'ai.onnx.preview.FlexAttention': {
    attributes: ['prob_mod', 'scale', 'score_mod', 'softmax_precision'],
    run: flexAttention,
  },
  RotaryEmbedding: { attributes: ['interleaved', 'num_heads', 'rotary_embedding_dim'], run: rotaryEmbedding },
  LinearAttention: {
    attributes: ['chunk_size', 'kv_num_heads', 'q_num_heads', 'scale', 'update_rule'],
    run: linearAttention,
  },
  CausalConvWithState: { attributes: ['activation'], run: causalConvolution },
  SwiGLU: {
    attributes: ['alpha'],
    run(call) {
      const a = call.value(0);
      return Term.of(
        call.term(0).type,
        mul(mul(a, sigmoid(scale(a, call.float('alpha', 1)))), call.value(1)),
      );
    },
  },
};
