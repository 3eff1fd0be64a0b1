/** Lists of tensors and optionals: they exist while a graph is traced, and nothing of them on the device. */
import { ShapeError } from '../../errors.ts';
import { normalizeAxis, range } from '../../shape.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { type Item, isSequence, Term } from '../term.ts';
import { joined, reshaped, strided } from './movement.ts';

/** A place in a list of `length`. @throws ShapeError for one that it does not have. */
function placeIn(call: NodeCall, i: number, length: number): number {
  const [given] = call.numbers(i, 'position');
  const place = given! < 0 ? given! + length : given!;
  if (place >= 0 && place < length) return place;
  throw new ShapeError(`position expects a place among ${length}, got ${given}`);
}

function splitToSequence(call: NodeCall): Item {
  const x = call.term(0);
  const axis = normalizeAxis('axis', call.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const given = call.optional(1);
  const each = given && given.shape.length === 0 ? call.numbers(1, 'split')[0]! : 1;
  const even = range(Math.ceil(size / each)).map((i) => Math.min(each, size - i * each));
  const sizes = given && given.shape.length > 0 ? call.numbers(1, 'split') : even;
  let start = 0;
  const parts = sizes.map((length) => {
    start += length;
    return strided(x, axis, start - length, 1, length);
  });
  const keeps = given !== undefined || call.flag('keepdims', true);
  const items = keeps
    ? parts
    : parts.map((part) =>
        reshaped(
          part,
          part.shape.filter((_, i) => i !== axis),
        ),
      );
  return { items };
}

function concatFromSequence(call: NodeCall): Item {
  const { items } = call.sequence(0);
  const axis = call.int('axis', 0);
  if (!call.flag('new_axis', false)) return joined(items, axis);
  const rank = items[0]!.shape.length + 1;
  const at = normalizeAxis('axis', axis, rank);
  return joined(
    items.map((item) => reshaped(item, [...item.shape.slice(0, at), 1, ...item.shape.slice(at)])),
    at,
  );
}

function insert(call: NodeCall): Item {
  const { items } = call.sequence(0);
  const at = call.optional(2) ? placeIn(call, 2, items.length + 1) : items.length;
  return { items: items.toSpliced(at, 0, call.term(1)) };
}

function erase(call: NodeCall): Item {
  const { items } = call.sequence(0);
  return { items: items.toSpliced(call.optional(1) ? placeIn(call, 1, items.length) : items.length - 1, 1) };
}

function runMap(call: NodeCall): Item[] {
  const lists = call.items.map((item) => (item !== undefined && isSequence(item) ? item.items : undefined));
  const { length } = lists[0]!;
  const body = call.graph('body');
  const rows = range(length).map((i) =>
    call.runGraph(
      body,
      call.items.map((item, k) => lists[k]?.[i] ?? item!),
    ),
  );
  return call.node.output.map((_, k) => ({ items: rows.map((row) => row[k] as Term) }));
}

const present = (item: Item | undefined): boolean => item !== undefined && !('absent' in item);

export const sequenceOperators: OperatorTable = {
  SequenceConstruct: { attributes: [], run: (call) => ({ items: call.terms() }) },
  SequenceEmpty: { attributes: ['dtype'], run: () => ({ items: [] }) },
  SequenceAt: {
    attributes: [],
    known: [1],
    run: (call) => call.sequence(0).items[placeIn(call, 1, call.sequence(0).items.length)]!,
  },
  SequenceLength: {
    attributes: [],
    run: (call) => Term.known('int64', [], [call.sequence(0).items.length]),
  },
  SequenceInsert: { attributes: [], known: [2], run: insert },
  SequenceErase: { attributes: [], known: [1], run: erase },
  SequenceMap: { attributes: ['body'], run: runMap },
  SplitToSequence: { attributes: ['axis', 'keepdims'], known: [1], run: splitToSequence },
  ConcatFromSequence: { attributes: ['axis', 'new_axis'], run: concatFromSequence },
  Optional: { attributes: ['type'], run: (call) => call.items[0] ?? { absent: true } },
  OptionalHasElement: {
    attributes: [],
    run: (call) => Term.known('bool', [], [Number(present(call.items[0]))]),
  },
  OptionalGetElement: {
    attributes: [],
    run(call) {
      const item = call.items[0];
      if (present(item)) return item!;
      throw new ShapeError('expects an optional that holds something');
    },
  },
};
