import { ShapeError, shown } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import { shapeText } from '../shape.ts';
import type { ElementType } from './elementType.ts';
import { type HostTensor, hostTensor } from './hostTensor.ts';
import type { AttributeProto, GraphProto, NodeProto } from './schema/onnx_pb.ts';
import { type Item, isSequence, isTerm, type Sequence, Term } from './term.ts';

/** How an operator is computed. */
export interface Operator {
  /** The attributes that it reads; a node with any other is refused. */
  readonly attributes: readonly string[];
  /** Inputs whose numbers must be known when the function is traced, such as shapes. */
  readonly known?: readonly number[];
  /** Its results are elements of its inputs: nothing is rounded. */
  readonly moves?: true;
  run(call: NodeCall): Item | readonly (Item | undefined)[];
}

export type OperatorTable = Readonly<Record<string, Operator>>;

const decoder = new TextDecoder();

/** A node that is being traced. */
export class NodeCall {
  readonly node: NodeProto;
  readonly opset: number;
  readonly items: readonly (Item | undefined)[];
  /** Traces a graph of this node, such as a branch, with values for its own inputs. */
  readonly runGraph: (graph: GraphProto, inputs: readonly Item[]) => Item[];
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    node: NodeProto,
    opset: number,
    items: readonly (Item | undefined)[],
    attributes: ReadonlyMap<string, AttributeProto>,
    runGraph: (graph: GraphProto, inputs: readonly Item[]) => Item[],
  ) {
    this.node = node;
    this.opset = opset;
    this.items = items;
    this.#attributes = attributes;
    this.runGraph = runGraph;
  }

  /** Whether the node names its output i. */
  asks(i: number): boolean {
    return (this.node.output[i] ?? '') !== '';
  }

  /** Input i as a tensor. @throws ShapeError where it is left out or none. */
  term(i: number): Term {
    const found = this.optional(i);
    if (found) return found;
    throw new ShapeError(`expects input ${i}, got none`);
  }

  optional(i: number): Term | undefined {
    const item = this.items[i];
    if (item === undefined || isTerm(item)) return item;
    throw new ShapeError(
      `input ${i} expects a tensor, got ${isSequence(item) ? 'a sequence' : 'an empty optional'}`,
    );
  }

  sequence(i: number): Sequence {
    const item = this.items[i];
    if (item !== undefined && isSequence(item)) return item;
    throw new ShapeError(`input ${i} expects a sequence`);
  }

  value(i: number): Value {
    return this.term(i).value;
  }

  terms(): Term[] {
    return this.items.flatMap((item, i) => (item === undefined ? [] : [this.term(i)]));
  }

  /** The numbers of input i. @throws ShapeError where only the device will know them. */
  numbers(i: number, name: string): number[] {
    return numbersOf(this.term(i), name);
  }

  optionalNumbers(i: number, name: string): number[] | undefined {
    const term = this.optional(i);
    return term && numbersOf(term, name);
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  int(name: string, absent: number): number {
    const found = this.#attributes.get(name);
    return found ? Number(found.i) : absent;
  }

  flag(name: string, absent: boolean): boolean {
    return this.int(name, absent ? 1 : 0) !== 0;
  }

  float(name: string, absent: number): number {
    return this.#attributes.get(name)?.f ?? absent;
  }

  ints(name: string): number[] | undefined {
    return this.#attributes.get(name)?.ints.map(Number);
  }

  floats(name: string): number[] | undefined {
    return this.#attributes.get(name)?.floats;
  }

  text(name: string, absent: string): string {
    const found = this.#attributes.get(name);
    return found ? decoder.decode(found.s) : absent;
  }

  texts(name: string): string[] | undefined {
    return this.#attributes.get(name)?.strings.map((each) => decoder.decode(each));
  }

  tensor(name: string): HostTensor | undefined {
    const tensor = this.#attributes.get(name)?.t;
    return tensor && hostTensor(tensor, name);
  }

  graph(name: string): GraphProto {
    const graph = this.#attributes.get(name)?.g;
    if (graph) return graph;
    throw new ShapeError(`expects a graph ${name}, got none`);
  }
}

/** @throws ShapeError where only the device will know the numbers. */
export function numbersOf(term: Term, name: string): number[] {
  if (term.known) return Array.from(term.known);
  throw new ShapeError(
    `${name} ${shapeText(term.shape)} expects numbers that are known when the function is traced, got a value of the device`,
    { fix: `hand the input that it comes from over as a constant of 'wgad'` },
  );
}

/** A node as errors name it. */
export const nodeText = ({ name, opType, output }: NodeProto): string =>
  name === ''
    ? `${opType} of ${shown(output.find((each) => each !== '') ?? '?')}`
    : `${opType} ${shown(name)}`;

/** An operator of one tensor, of the same type, without attributes. */
export const unaryValue = (fn: (x: Value) => Value, type?: ElementType): Operator => ({
  attributes: [],
  run: (call) => Term.of(type ?? call.term(0).type, fn(call.value(0))),
});
