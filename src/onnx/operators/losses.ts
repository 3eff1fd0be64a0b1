/** Losses of labels, and what else is used in training. */
import { ConfigError } from '../../errors.ts';
import { permute, reshape } from '../../graph/ops/movement.ts';
import {
  cast,
  div,
  equal,
  greaterEqual,
  less,
  logicalAnd,
  mul,
  neg,
  where,
} from '../../graph/ops/pointwise.ts';
import { sum } from '../../graph/ops/reduce.ts';
import { oneHot } from '../../graph/ops/select.ts';
import { constant, type Value } from '../../graph/value.ts';
import { logSoftmax } from '../../nn/softmax.ts';
import { product, range } from '../../shape.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';

/** Log probabilities [N, C, ...S] and labels [N, ...S] to the loss of each place, or all of them joined. */
function labelLoss(call: NodeCall, logs: Value): Value {
  const labels = convert(call.term(1), 'float').value;
  const classes = logs.shape[1]!;
  const count = product(labels.shape);
  const flat = reshape(labels, [count]);
  const inside = logicalAnd(greaterEqual(flat, 0), less(flat, classes));
  const counted = call.has('ignore_index')
    ? where(equal(flat, call.int('ignore_index', 0)), 0, inside)
    : inside;
  const ones = oneHot(cast(where(counted, flat, 0), 'i32'), classes);
  const rank = logs.shape.length;
  const rows = reshape(permute(logs, [0, ...range(rank).slice(2), 1]), [count, classes]);
  const weights = call.optional(2)?.value ?? constant([1], [1]);
  const factor = mul(counted, sum(mul(ones, weights), { axes: [1] }));
  const losses = mul(factor, neg(sum(where(ones, rows, 0), { axes: [1] })));
  const reduction = call.text('reduction', 'mean');
  if (reduction === 'none') return reshape(losses, labels.shape);
  if (reduction === 'sum') return sum(losses);
  if (reduction === 'mean') return div(sum(losses), sum(factor));
  throw new ConfigError(`reduction expects none, sum or mean, got ${reduction}`);
}

function crossEntropy(call: NodeCall): Term[] {
  const { type } = call.term(0);
  const logs = logSoftmax(call.value(0), 1);
  return [Term.of(type, labelLoss(call, logs)), Term.of(type, logs)];
}

/** Nothing is dropped outside training, or with a ratio of 0. */
function dropout(call: NodeCall): Term[] {
  const x = call.term(0);
  const training = (call.optionalNumbers(2, 'training_mode')?.[0] ?? 0) !== 0;
  const ratio = training ? (call.optionalNumbers(1, 'ratio')?.[0] ?? 0.5) : 0;
  if (ratio === 0)
    return [
      x,
      Term.known(
        'bool',
        x.shape,
        range(x.size).map(() => 1),
      ),
    ];
  throw new ConfigError('training with dropout expects numbers of another generator than this library has');
}

export const lossOperators: OperatorTable = {
  NegativeLogLikelihoodLoss: {
    attributes: ['ignore_index', 'reduction'],
    run: (call) => Term.of(call.term(0).type, labelLoss(call, call.value(0))),
  },
  SoftmaxCrossEntropyLoss: { attributes: ['ignore_index', 'reduction'], run: crossEntropy },
  Dropout: { attributes: ['seed'], known: [1, 2], run: dropout },
};
