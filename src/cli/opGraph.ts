import { passGraph } from '../bench/operation.ts';
import type { Graph } from '../graph/graph.ts';
import { input, state } from '../graph/value.ts';
import { functionOf, functionOfValues, type Operand } from './opCall.ts';

/** The graph of OP applied to the operands, or of its gradient to all float operands, for any cotangent. */
export function opGraph(
  op: string,
  operands: readonly Operand[],
  args: readonly string[],
  gradient: boolean,
): Graph {
  const where = 'kernels show';
  functionOf(where, op);
  const leaves = operands.map(({ shape, dtype, state: kept }, i) =>
    (kept ? state : input)(`x${i}`, shape, dtype),
  );
  const pass = gradient ? 'backward' : 'forward';
  const graph = passGraph({ name: op, fn: functionOfValues(where, { op, args }), pass }, leaves);
  if (gradient) return graph;
  const named = (path: string): string => (path === '' ? 'y' : `y.${path}`);
  return { ...graph, outputs: new Map([...graph.outputs].map(([path, value]) => [named(path), value])) };
}
