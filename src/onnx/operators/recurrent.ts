/** Recurrent layers, laid out step by step. */
import { ConfigError } from '../../errors.ts';
import { matmul } from '../../graph/ops/matmul.ts';
import { concat, flip, part, permute, reshape } from '../../graph/ops/movement.ts';
import { add, clamp, mul, relu, scale, shift, sigmoid, sub, tanh, where } from '../../graph/ops/pointwise.ts';
import { constant, type Value } from '../../graph/value.ts';
import { elu, leakyRelu, softplus, softsign } from '../../nn/activations.ts';
import { range } from '../../shape.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';

type Activation = (x: Value) => Value;

function activationsOf(call: NodeCall, direction: number, defaults: readonly string[]): Activation[] {
  const names = call.texts('activations')?.slice(direction * defaults.length) ?? defaults;
  const [alphas, betas] = [call.floats('activation_alpha') ?? [], call.floats('activation_beta') ?? []];
  return defaults.map((_, i) => {
    const [alpha, beta] = [alphas[direction * defaults.length + i], betas[direction * defaults.length + i]];
    return activation(names[i] ?? '', alpha, beta);
  });
}

function activation(name: string, alpha: number | undefined, beta: number | undefined): Activation {
  switch (name.toLowerCase()) {
    case 'sigmoid':
      return sigmoid;
    case 'tanh':
      return tanh;
    case 'relu':
      return relu;
    case 'affine':
      return (x) => shift(scale(x, alpha ?? 1), beta ?? 0);
    case 'leakyrelu':
      return (x) => leakyRelu(x, alpha ?? 0.01);
    case 'hardsigmoid':
      return (x) => clamp(shift(scale(x, alpha ?? 0.2), beta ?? 0.5), 0, 1);
    case 'elu':
      return (x) => elu(x, alpha ?? 1);
    case 'softsign':
      return softsign;
    case 'softplus':
      return (x) => softplus(x);
    default:
      throw new ConfigError(`activation is not known: ${name}`);
  }
}

interface Step {
  /** Weights [gates H, I] and [gates H, H], biases [gates H] of both. */
  readonly w: Value;
  readonly r: Value;
  readonly wb: Value;
  readonly rb: Value;
  readonly hidden: number;
  readonly fns: readonly Activation[];
  readonly clip: Activation;
  readonly peephole: Value | undefined;
  readonly resetFirst: boolean;
  readonly coupled: boolean;
}

/** One step: x [N, I], and the state before, [N, H] each. */
type Cell = (x: Value, state: readonly Value[], of: Step) => Value[];

const product = (x: Value, weight: Value, bias: Value): Value =>
  add(matmul(x, weight, { transposeB: true }), bias);

const rnnCell: Cell = (x, [h], { w, r, wb, rb, fns, clip }) => [
  fns[0]!(clip(add(product(x, w, wb), product(h!, r, rb)))),
];

const gruCell: Cell = (x, [h], { w, r, wb, rb, hidden, fns, clip, resetFirst }) => {
  const of = (v: Value, gate: number): Value => part(v, 0, gate * hidden, hidden);
  const gate = (i: number): Value => add(product(x, of(w, i), of(wb, i)), product(h!, of(r, i), of(rb, i)));
  const update = fns[0]!(clip(gate(0)));
  const reset = fns[0]!(clip(gate(1)));
  const own = product(x, of(w, 2), of(wb, 2));
  const carried = resetFirst
    ? product(mul(reset, h!), of(r, 2), of(rb, 2))
    : mul(reset, product(h!, of(r, 2), of(rb, 2)));
  const next = fns[1]!(clip(add(own, carried)));
  return [add(mul(sub(1, update), next), mul(update, h!))];
};

const lstmCell: Cell = (x, [h, c], { w, r, wb, rb, hidden, fns, clip, peephole, coupled }) => {
  const all = add(product(x, w, wb), product(h!, r, rb));
  const gate = (i: number): Value => part(all, 1, i * hidden, hidden);
  const seen = (i: number, cell: Value, raw: Value): Value =>
    peephole ? add(raw, mul(part(peephole, 0, i * hidden, hidden), cell)) : raw;
  const into = fns[0]!(clip(seen(0, c!, gate(0))));
  const forget = coupled ? sub(1, into) : fns[0]!(clip(seen(2, c!, gate(2))));
  const cell = add(mul(forget, c!), mul(into, fns[1]!(clip(gate(3)))));
  const out = fns[0]!(clip(seen(1, cell, gate(1))));
  return [mul(out, fns[2]!(cell)), cell];
};

interface Kind {
  readonly gates: number;
  readonly activations: readonly string[];
  readonly cell: Cell;
  /** Of states: h, or h and c. */
  readonly states: number;
}

const KINDS = {
  RNN: { gates: 1, activations: ['Tanh'], cell: rnnCell, states: 1 },
  GRU: { gates: 3, activations: ['Sigmoid', 'Tanh'], cell: gruCell, states: 1 },
  LSTM: { gates: 4, activations: ['Sigmoid', 'Tanh', 'Tanh'], cell: lstmCell, states: 2 },
} as const satisfies Readonly<Record<string, Kind>>;

function recurrent(call: NodeCall, { gates, activations, cell, states }: Kind): Term[] {
  const { type } = call.term(0);
  const batchFirst = call.flag('layout', false);
  const given = call.value(0);
  const x = batchFirst ? permute(given, [1, 0, 2]) : given;
  const [length, n] = x.shape as [number, number];
  const [w, r] = [call.value(1), call.value(2)];
  const hidden = r.shape[2]!;
  const directions = w.shape[0]!;
  const backward = call.text('direction', 'forward') === 'reverse';
  const bound = call.float('clip', 0);
  const lengths = call.optionalNumbers(4, 'sequence_lens');
  const of = (value: Value, d: number): Value => reshape(part(value, 0, d, 1), value.shape.slice(1));
  const initial = (i: number, d: number): Value => {
    const state = call.optional(5 + i)?.value;
    if (!state) return constant(new Float32Array(n * hidden), [n, hidden]);
    return of(batchFirst ? permute(state, [1, 0, 2]) : state, d);
  };
  const runs = range(directions).map((d) => {
    const reversed = backward || d === 1;
    const bias = call.optional(3)?.value;
    const both = bias && of(bias, d);
    const zeros = constant(new Float32Array(gates * hidden), [gates * hidden]);
    const step: Step = {
      w: of(w, d),
      r: of(r, d),
      wb: both ? part(both, 0, 0, gates * hidden) : zeros,
      rb: both ? part(both, 0, gates * hidden, gates * hidden) : zeros,
      hidden,
      fns: activationsOf(call, d, activations),
      clip: bound > 0 ? (v) => clamp(v, -bound, bound) : (v) => v,
      peephole: call.optional(7) && of(call.value(7), d),
      resetFirst: !call.flag('linear_before_reset', false),
      coupled: call.flag('input_forget', false),
    };
    let state = range(states).map((i) => initial(i, d));
    const rows: Value[] = [];
    for (const i of range(length)) {
      const at = reversed ? length - 1 - i : i;
      const next = cell(reshape(part(x, 0, at, 1), x.shape.slice(1)), state, step);
      // A shorter sequence keeps its state where it has ended, and its result is 0 there.
      const within =
        lengths &&
        constant(
          lengths.map((count) => Number(at < count)),
          [n, 1],
        );
      const old = state;
      state = within ? next.map((each, k) => where(within, each, old[k]!)) : next;
      rows.push(within ? where(within, next[0]!, 0) : next[0]!);
    }
    const stacked = concat(
      rows.map((row) => reshape(row, [1, 1, n, hidden])),
      0,
    );
    return { y: reversed ? flip(stacked, [0]) : stacked, state };
  });
  const y = concat(
    runs.map((run) => run.y),
    1,
  );
  const last = range(states).map((i) => {
    const all = concat(
      runs.map(({ state }) => reshape(state[i]!, [1, n, hidden])),
      0,
    );
    return Term.of(type, batchFirst ? permute(all, [1, 0, 2]) : all);
  });
  return [Term.of(type, batchFirst ? permute(y, [2, 0, 1, 3]) : y), ...last];
}

const SHARED = [
  'activation_alpha',
  'activation_beta',
  'activations',
  'clip',
  'direction',
  'hidden_size',
  'layout',
];

export const recurrentOperators: OperatorTable = {
  RNN: { attributes: SHARED, known: [4], run: (call) => recurrent(call, KINDS.RNN) },
  GRU: {
    attributes: [...SHARED, 'linear_before_reset'],
    known: [4],
    run: (call) => recurrent(call, KINDS.GRU),
  },
  LSTM: { attributes: [...SHARED, 'input_forget'], known: [4], run: (call) => recurrent(call, KINDS.LSTM) },
};
