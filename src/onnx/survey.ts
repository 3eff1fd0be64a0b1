import { FileError, shown } from '../errors.ts';
import { nodeText } from './operator.ts';
import { operatorOf, sinceOf } from './operators/index.ts';
import { fullName, isStandard } from './readModel.ts';
import type { GraphProto, ModelProto, NodeProto } from './schema/onnx_pb.ts';
import { functionKey } from './traceGraph.ts';

/** Nodes that are named of each kind of problem. */
const MOST_NAMED = 3;

/** @throws FileError listing everything that a model has and that is not computed: operators and attributes, with the nodes' names. */
export function refuseUnknown(model: ModelProto, opset: number): void {
  const functions = new Set(model.functions.map(({ domain, name }) => functionKey(domain, name)));
  const found = new Map<string, string[]>();
  const note = (problem: string, node: NodeProto): void => {
    const nodes = found.get(problem);
    if (nodes) nodes.push(nodeText(node));
    else found.set(problem, [nodeText(node)]);
  };
  for (const node of everyNode(model)) {
    if (functions.has(functionKey(node.domain, node.opType))) continue;
    const called = fullName(node.domain, node.opType);
    const operator = operatorOf(called);
    if (!operator) note(`operator ${shown(called)}`, node);
    else if (isStandard(node.domain) && opset < sinceOf(called))
      note(`${called} of operator set ${opset}, before ${sinceOf(called)}`, node);
    for (const { name } of operator ? node.attribute : []) {
      if (!operator!.attributes.includes(name)) note(`attribute ${shown(name)} of ${called}`, node);
    }
  }
  if (found.size === 0) return;
  const lines = [...found].map(([problem, nodes]) => {
    const more = nodes.length > MOST_NAMED ? ` and ${nodes.length - MOST_NAMED} more` : '';
    return `${problem} (${nodes.slice(0, MOST_NAMED).join(', ')}${more})`;
  });
  throw new FileError(`fromOnnx: not computed here: ${lines.join('; ')}`, {
    fix: 'docs/onnx.md lists what is computed',
  });
}

/** Nodes of the graph, of graphs inside nodes, and of the model's functions. */
export function* everyNode({ graph, functions }: ModelProto): Generator<NodeProto> {
  if (graph) yield* nodesIn(graph.node);
  for (const { node } of functions) yield* nodesIn(node);
}

function* nodesIn(nodes: readonly NodeProto[]): Generator<NodeProto> {
  for (const node of nodes) {
    yield node;
    for (const inner of graphsOf(node)) yield* nodesIn(inner.node);
  }
}

const graphsOf = (node: NodeProto): GraphProto[] =>
  node.attribute.flatMap(({ g, graphs }) => (g ? [g, ...graphs] : graphs));
