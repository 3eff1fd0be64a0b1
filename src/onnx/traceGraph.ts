import { FileError, ShapeError, shown, WgadError } from '../errors.ts';
import { hostTensor } from './hostTensor.ts';
import { NodeCall, nodeText } from './operator.ts';
import { rounded } from './operators/cast.ts';
import { operatorOf } from './operators/index.ts';
import { fullName } from './readModel.ts';
import type { AttributeProto, FunctionProto, GraphProto, NodeProto } from './schema/onnx_pb.ts';
import { type Item, isTerm, Term } from './term.ts';

/** What is the same for all graphs of a model. */
export interface ModelContext {
  readonly opset: number;
  /** The model's own functions by `functionKey`. */
  readonly functions: ReadonlyMap<string, FunctionProto>;
}

export const functionKey = (domain: string, name: string): string => `${domain}:${name}`;

/** Names of a graph, and those of the graphs around it. */
class Scope {
  readonly #items = new Map<string, Item>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  set(name: string, item: Item): void {
    this.#items.set(name, item);
  }

  find(name: string): Item | undefined {
    return this.#items.get(name) ?? this.#outer?.find(name);
  }
}

/**
 * Traces a graph: every node in the file's order, which is one in which it can be computed.
 * @param given values for its inputs and for initialisers that are not read from the file.
 * @throws WgadError that names the node
 */
export function traceGraph(
  graph: GraphProto,
  given: ReadonlyMap<string, Item>,
  context: ModelContext,
  outer?: Scope,
): Item[] {
  const scope = new Scope(outer);
  for (const tensor of graph.initializer) {
    if (!given.has(tensor.name)) scope.set(tensor.name, Term.host(hostTensor(tensor)));
  }
  for (const [name, item] of given) scope.set(name, item);
  return traceNodes(
    graph.node,
    graph.output.map(({ name }) => name),
    scope,
    context,
  );
}

function traceNodes(
  nodes: readonly NodeProto[],
  outputs: readonly string[],
  scope: Scope,
  context: ModelContext,
  attributes: ReadonlyMap<string, AttributeProto> = new Map(),
): Item[] {
  for (const node of nodes) traceNode(node, scope, context, attributes);
  return outputs.map(
    (name) => scope.find(name) ?? missing(name, 'the graph ends with it, and no node makes it'),
  );
}

function traceNode(
  node: NodeProto,
  scope: Scope,
  context: ModelContext,
  outer: ReadonlyMap<string, AttributeProto>,
): void {
  try {
    const items = node.input.map((name) =>
      name === '' ? undefined : (scope.find(name) ?? missing(name, 'no node before it makes it')),
    );
    const attributes = attributesOf(node, outer);
    const own = context.functions.get(functionKey(node.domain, node.opType));
    const results = own
      ? traceFunction(own, items, attributes, context)
      : traceOperator(node, items, attributes, scope, context);
    for (const [i, name] of node.output.entries()) {
      const item = results[i];
      if (name !== '' && item !== undefined) scope.set(name, item);
    }
  } catch (error) {
    throw named(node, error);
  }
}

function traceOperator(
  node: NodeProto,
  items: readonly (Item | undefined)[],
  attributes: ReadonlyMap<string, AttributeProto>,
  scope: Scope,
  context: ModelContext,
): readonly (Item | undefined)[] {
  const runGraph = (graph: GraphProto, inputs: readonly Item[]): Item[] => {
    const given = new Map(
      graph.input.flatMap(({ name }, i): [string, Item][] => (inputs[i] ? [[name, inputs[i]]] : [])),
    );
    return traceGraph(graph, given, context, scope);
  };
  const operator = operatorOf(fullName(node.domain, node.opType));
  if (!operator) throw new FileError('is not known');
  const out = operator.run(new NodeCall(node, context.opset, items, attributes, runGraph));
  const results = Array.isArray(out) ? (out as readonly (Item | undefined)[]) : [out as Item];
  // Arithmetic is float32: what an operator computes of half floats is rounded to them as its type says.
  return operator.moves ? results : results.map((item) => (item && isTerm(item) ? rounded(item) : item));
}

function traceFunction(
  fn: FunctionProto,
  items: readonly (Item | undefined)[],
  given: ReadonlyMap<string, AttributeProto>,
  context: ModelContext,
): Item[] {
  const scope = new Scope();
  for (const [i, name] of fn.input.entries()) if (items[i] !== undefined) scope.set(name, items[i]);
  const attributes = new Map([...fn.attributeProto.map((each) => [each.name, each] as const), ...given]);
  return traceNodes(fn.node, fn.output, scope, context, attributes);
}

/** The node's attributes; those that stand for an attribute of the function around it are that one. */
function attributesOf(
  node: NodeProto,
  outer: ReadonlyMap<string, AttributeProto>,
): Map<string, AttributeProto> {
  return new Map(
    node.attribute.flatMap((each): [string, AttributeProto][] => {
      const found = each.refAttrName === '' ? each : outer.get(each.refAttrName);
      return found ? [[each.name, found]] : [];
    }),
  );
}

function missing(name: string, why: string): never {
  throw new FileError(`nothing is called ${JSON.stringify(shown(name))}: ${why}`);
}

/** The error with the node's name before it; what a damaged node makes of our own code becomes one of ours. */
function named(node: NodeProto, error: unknown): unknown {
  if (error instanceof WgadError) {
    const { code, message, fix, where = nodeText(node) } = error;
    return new WgadError(code, `${nodeText(node)}: ${message}`, { fix, where, cause: error });
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new ShapeError(
      `${nodeText(node)}: its inputs and attributes do not fit each other (${error.message})`,
      {
        where: nodeText(node),
        cause: error,
      },
    );
  }
  return error;
}
