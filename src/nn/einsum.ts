import { requireList } from '../arguments.ts';
import { gotText, ShapeError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { part, permute, reshape, slice } from '../graph/ops/movement.ts';
import { broadcastTo, mul } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { Operand, Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { product, shapeText } from '../shape.ts';

/** A value whose axes have names, each another one. */
interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Of one operand: names of its axes, and where an ellipsis stands among them. */
interface Side {
  readonly labels: readonly string[];
  /** -1: none. */
  readonly ellipsis: number;
}

/**
 * Sums of products by Einstein's convention, as NumPy's and PyTorch's: letters name axes, `...` those that broadcast. A
 * letter that occurs twice in an operand takes its diagonal, one that the result lacks is summed. Without `->` the result has
 * the letters that occur once, in alphabetical order, behind the ellipsis.
 *
 * Operands are multiplied two at a time, always the two whose product takes the fewest multiplications.
 */
export function einsum(equation: string, operands: readonly Operand[], ...extra: never[]): Value {
  refuseExtra('einsum', extra);
  requireList('einsum', 'operands', operands);
  const values = operands.map((operand, i) => floatOperand('einsum', `operand ${i}`, operand));
  const { sides, result } = parse(equation, values.length);
  const named = values.map((value, i) => ({ value, labels: axisNames(equation, sides[i]!, value, i) }));
  const sizes = sizesOf(equation, named);
  const out = resultLabels(result, sides, named);
  const missing = out.find((label) => !sizes.has(label));
  if (missing !== undefined) {
    throw new ShapeError(`einsum: no operand of ${gotText(equation)} has the result's axis ${missing}`);
  }
  let terms = named.map(diagonal).map((term) => squeezed(term, sizes));
  terms = terms.map((term, i) => summed(term, wanted(terms, [i], out)));
  while (terms.length > 1) {
    const [i, j] = cheapest(terms, sizes);
    const rest = terms.filter((_, at) => at !== i && at !== j);
    terms = [...rest, multiplied(terms[i]!, terms[j]!, wanted(terms, [i, j], out), sizes)];
  }
  const [{ value, labels }] = terms as [Term];
  const order = out.filter((label) => labels.includes(label)).map((label) => labels.indexOf(label));
  // An axis of size 1 may be left in no operand.
  const shape = out.map((label) => sizes.get(label)!);
  const kept = out.map((label) => (labels.includes(label) ? sizes.get(label)! : 1));
  return broadcastTo(reshape(permute(value, order), kept), shape);
}

function parse(equation: string, count: number): { sides: Side[]; result: Side | undefined } {
  if (typeof equation !== 'string') {
    throw new ShapeError(`einsum: equation expects a text as 'ij,jk->ik', got ${gotText(equation)}`);
  }
  const [left, right, ...more] = equation.replace(/\s/g, '').split('->');
  const sides = left!.split(',').map((text) => sideOf(equation, text));
  if (more.length > 0) throw new ShapeError(`einsum: equation expects one ->, got ${gotText(equation)}`);
  if (sides.length !== count) {
    throw new ShapeError(`einsum: ${gotText(equation)} expects ${sides.length} operands, got ${count}`);
  }
  const result = right === undefined ? undefined : sideOf(equation, right);
  if (result && new Set(result.labels).size !== result.labels.length) {
    throw new ShapeError(`einsum: the result of ${gotText(equation)} expects each letter once`);
  }
  return { sides, result };
}

function sideOf(equation: string, text: string): Side {
  const found = /^([A-Za-z]*)(\.\.\.)?([A-Za-z]*)$/.exec(text);
  if (!found) {
    throw new ShapeError(`einsum: equation expects letters, commas, ... and ->, got ${gotText(equation)}`);
  }
  const [, before, dots, after] = found;
  return { labels: [...before!, ...after!], ellipsis: dots ? before!.length : -1 };
}

/** Axes of an ellipsis are called by their place from its end: ...1, ...2. */
const broadcastNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `...${count - i}`);

function axisNames(equation: string, { labels, ellipsis }: Side, { shape }: Value, i: number): string[] {
  const free = shape.length - labels.length;
  if (free < 0 || (ellipsis < 0 && free > 0)) {
    const expected = `${labels.length}${ellipsis < 0 ? '' : ' or more'}`;
    throw new ShapeError(
      `einsum: operand ${i} of ${gotText(equation)} expects ${expected} axes, got ${shapeText(shape)}`,
    );
  }
  return ellipsis < 0 ? [...labels] : labels.toSpliced(ellipsis, 0, ...broadcastNames(free));
}

/** The size of each axis; where some operands have 1, that of the others. */
function sizesOf(equation: string, terms: readonly Term[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [i, { value, labels }] of terms.entries()) {
    for (const [axis, label] of labels.entries()) {
      const [size, known] = [value.shape[axis]!, sizes.get(label) ?? 1];
      if (size !== known && size !== 1 && known !== 1) {
        throw new ShapeError(
          `einsum: axis ${label} of ${gotText(equation)} is ${known}, of operand ${i} ${size}: ${shapeText(value.shape)}`,
        );
      }
      sizes.set(label, size === 1 ? known : size);
    }
  }
  return sizes;
}

function resultLabels(result: Side | undefined, sides: readonly Side[], terms: readonly Term[]): string[] {
  const broadcast = broadcastNames(
    Math.max(0, ...terms.map(({ labels }) => labels.filter((label) => label.startsWith('.')).length)),
  );
  if (result) {
    if (result.ellipsis < 0) return [...result.labels];
    return result.labels.toSpliced(result.ellipsis, 0, ...broadcast);
  }
  const all = sides.flatMap(({ labels }) => labels);
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  return [...broadcast, ...once.sort((a, b) => (a < b ? -1 : 1))];
}

/** One axis for each letter that occurs more than once. */
function diagonal(term: Term): Term {
  const second = term.labels.findIndex((label, axis) => term.labels.indexOf(label) < axis);
  if (second < 0) return term;
  const first = term.labels.indexOf(term.labels[second]!);
  const [n, m] = [term.value.shape[first]!, term.value.shape[second]!];
  const rest = term.labels.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const labels = [...rest, first].map((axis) => term.labels[axis]!);
  const last = permute(term.value, [...rest, first, second]);
  const before = last.shape.slice(0, -2);
  // An axis of size 1 broadcasts to the other.
  if (n !== m) return diagonal({ value: reshape(last, [...before, n * m]), labels });
  // Every (n + 1)-th of n x n.
  const flat = part(reshape(last, [...before, n * n]), before.length, 0, Math.max(0, (n - 1) * (n + 1) + 1));
  const taken = slice(flat, [...before.map(() => null), { step: n + 1 }]);
  return diagonal({ value: taken, labels });
}

/** Without axes of size 1 that others have larger: they broadcast. */
function squeezed({ value, labels }: Term, sizes: ReadonlyMap<string, number>): Term {
  const kept = labels.map((_, axis) => axis).filter((axis) => value.shape[axis] === sizes.get(labels[axis]!));
  return {
    value: reshape(
      value,
      kept.map((axis) => value.shape[axis]!),
    ),
    labels: kept.map((axis) => labels[axis]!),
  };
}

/** Labels that the result or terms other than `those` still need. */
const wanted = (terms: readonly Term[], those: readonly number[], out: readonly string[]): Set<string> =>
  new Set([...out, ...terms.flatMap(({ labels }, i) => (those.includes(i) ? [] : labels))]);

/** Summed over the axes that nobody wants. */
function summed(term: Term, keep: ReadonlySet<string>): Term {
  const axes = term.labels.map((_, axis) => axis).filter((axis) => !keep.has(term.labels[axis]!));
  if (axes.length === 0) return term;
  return { value: sum(term.value, { axes }), labels: term.labels.filter((label) => keep.has(label)) };
}

/** The two terms whose product takes the fewest multiplications, the earlier ones first. */
function cheapest(terms: readonly Term[], sizes: ReadonlyMap<string, number>): [number, number] {
  let best: [number, number] = [0, 1];
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < terms.length; i++) {
    for (let j = i + 1; j < terms.length; j++) {
      const labels = new Set([...terms[i]!.labels, ...terms[j]!.labels]);
      const cost = product([...labels].map((label) => sizes.get(label)!));
      if (cost < least) [best, least] = [[i, j], cost];
    }
  }
  return best;
}

/** a b, summed over what nobody else wants. */
function multiplied(a: Term, b: Term, keep: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Term {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => keep.has(label));
  const inner = shared.filter((label) => !keep.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  if (inner.length === 0 || rows.length === 0 || columns.length === 0) {
    // A sum of products reads each operand once; a product of matrices would gain nothing.
    const labels = [...batch, ...rows, ...columns, ...inner];
    const spread = (term: Term): Value => {
      const order = labels.filter((label) => term.labels.includes(label));
      const shape = labels.map((label) => (term.labels.includes(label) ? sizes.get(label)! : 1));
      return reshape(
        permute(
          term.value,
          order.map((label) => term.labels.indexOf(label)),
        ),
        shape,
      );
    };
    return summed({ value: mul(spread(a), spread(b)), labels }, keep);
  }
  const count = (labels: readonly string[]): number => product(labels.map((label) => sizes.get(label)!));
  const matrix = (term: Term, first: readonly string[], second: readonly string[]): Value => {
    const order = [...batch, ...first, ...second].map((label) => term.labels.indexOf(label));
    return reshape(permute(term.value, order), [count(batch), count(first), count(second)]);
  };
  const labels = [...batch, ...rows, ...columns];
  const value = reshape(
    matmul(matrix(a, rows, inner), matrix(b, inner, columns)),
    labels.map((label) => sizes.get(label)!),
  );
  return { value, labels };
}
