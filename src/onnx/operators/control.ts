/** Branches and loops whose course is known when the function is traced: they are laid out flat. */
import { LimitError, ShapeError } from '../../errors.ts';
import { normalizeAxis, range } from '../../shape.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { type Item, isTerm, Term } from '../term.ts';
import { joined, reshaped, strided } from './movement.ts';

/** Most rounds of a loop that are laid out. */
const MOST_ROUNDS = 10_000;

function branch(call: NodeCall): Item[] {
  const [chosen] = call.numbers(0, 'cond');
  return call.runGraph(call.graph(chosen ? 'then_branch' : 'else_branch'), []);
}

const stacked = (terms: readonly Term[]): Term =>
  joined(
    terms.map((term) => reshaped(term, [1, ...term.shape])),
    0,
  );

function loop(call: NodeCall): Item[] {
  const body = call.graph('body');
  const [most = Number.POSITIVE_INFINITY] = call.optionalNumbers(0, 'M') ?? [];
  let [going = 1] = call.optionalNumbers(1, 'cond') ?? [];
  let carried = call.items.slice(2).map((item) => item!);
  const rows: Item[][] = [];
  for (let round = 0; round < most && going !== 0; round++) {
    if (round >= MOST_ROUNDS) throw new LimitError(`expects at most ${MOST_ROUNDS} rounds of a loop`);
    const [cond, ...out] = call.runGraph(body, [
      Term.known('int64', [], [round]),
      Term.known('bool', [], [1]),
      ...carried,
    ]);
    going = conditionOf(cond!);
    carried = out.slice(0, carried.length);
    rows.push(out.slice(carried.length));
  }
  const scanned = body.output.length - 1 - carried.length;
  return [...carried, ...range(scanned).map((i) => stacked(termsOf(rows.map((row) => row[i]!))))];
}

function conditionOf(item: Item): number {
  const known = isTerm(item) ? item.known?.[0] : undefined;
  if (known !== undefined) return known;
  throw new ShapeError('the condition of a loop expects to be known when the function is traced');
}

function termsOf(items: readonly Item[]): Term[] {
  if (items.length > 0 && items.every(isTerm)) return items as Term[];
  throw new ShapeError('expects tensors of at least one round to stack');
}

function scan(call: NodeCall): Item[] {
  const body = call.graph('body');
  const count = call.int('num_scan_inputs', 0);
  const state = call.items.length - count;
  let carried = call.items.slice(0, state).map((item) => item!);
  const outs = body.output.length - state;
  const axesOf = (name: string, length: number): number[] => call.ints(name) ?? range(length).map(() => 0);
  const [axes, backwards] = [axesOf('scan_input_axes', count), axesOf('scan_input_directions', count)];
  const inputs = range(count).map((i) => call.term(state + i));
  const at = inputs.map((term, i) => normalizeAxis('Scan', axes[i]!, term.shape.length));
  const length = inputs[0]!.shape[at[0]!]!;
  const rows = range(length).map((round) => {
    const slices = inputs.map((term, i) => {
      const place = backwards[i] ? length - 1 - round : round;
      const row = strided(term, at[i]!, place, 1, 1);
      return reshaped(
        row,
        row.shape.filter((_, axis) => axis !== at[i]),
      );
    });
    const out = call.runGraph(body, [...carried, ...slices]);
    carried = out.slice(0, state);
    return out.slice(state);
  });
  const [outAxes, outBackwards] = [axesOf('scan_output_axes', outs), axesOf('scan_output_directions', outs)];
  const results = range(outs).map((i) => {
    const terms = termsOf(rows.map((row) => row[i]!));
    const ordered = outBackwards[i] ? terms.toReversed() : terms;
    const axis = normalizeAxis('Scan', outAxes[i]!, terms[0]!.shape.length + 1);
    return joined(
      ordered.map((term) => reshaped(term, [...term.shape.slice(0, axis), 1, ...term.shape.slice(axis)])),
      axis,
    );
  });
  return [...carried, ...results];
}

export const controlOperators: OperatorTable = {
  If: { attributes: ['then_branch', 'else_branch'], known: [0], run: branch },
  Loop: { attributes: ['body'], known: [0, 1], run: loop },
  Scan: {
    attributes: [
      'body',
      'num_scan_inputs',
      'scan_input_axes',
      'scan_input_directions',
      'scan_output_axes',
      'scan_output_directions',
    ],
    run: scan,
  },
};
