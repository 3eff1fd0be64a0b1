import type { Kernel } from '../kernels/kernel.ts';
import { programLabel } from '../kernels/program.ts';
import { refuseExtra } from '../options.ts';
import { type Graph, valuesOf } from './graph.ts';
import { has } from './ops/index.ts';
import type { Plan } from './plan.ts';
import { isOp, type Value } from './value.ts';

/**
 * A graph as text, a line per value: `%2 = pointwise relu(%1) [2, 4]`. Numbers count from the inputs, so equal graphs
 * print equally.
 */
export function printGraph(graph: Graph, ...extra: never[]): string {
  refuseExtra('printGraph', extra);
  const values = valuesOf(graph);
  const names = new Map(values.map((value, i) => [value, `%${i}`]));
  const lines = values.map((value) => {
    const inputs = value.inputs.map((operand) => names.get(operand)!).join(', ');
    return `${names.get(value)} = ${describe(value)}(${inputs}) [${value.shape.join(', ')}]`;
  });
  const outputs = [...graph.outputs].map(([name, value]) => `output ${name} ${names.get(value)}`);
  const effects = graph.effects.map((value) => `effect ${names.get(value)}`);
  return [...lines, ...outputs, ...effects].join('\n');
}

function describe(value: Value): string {
  if (has(value, 'pointwise')) return `pointwise ${programLabel(value.attrs.program)}`;
  if (isOp(value, 'input', 'state')) return `${value.op} ${value.attrs.name}`;
  return has(value, 'takesEpilogue') && value.attrs.epilogue ? `${value.op} with epilogue` : value.op;
}

/** A plan as text, a line per dispatch: kernel, workgroups, GFLOP, megabytes, sizes. */
export function printPlan(plan: Plan, ...extra: never[]): string {
  refuseExtra('printPlan', extra);
  const lines = plan.dispatches.map(({ kernel }, i) => {
    const work = `${(kernel.flops / 1e9).toFixed(4)} GFLOP  ${(kernel.bytes / 1e6).toFixed(3)} MB`;
    return `${String(i).padStart(4)}  ${kernel.label}  [${kernel.grid.join(', ')}]  ${work}${sizesText(kernel)}`;
  });
  const { arenas, lowerBound } = plan.memory;
  return [
    `${plan.label}: ${lines.length} dispatches (${plan.prelude} only after a change of state), arenas ${arenas} bytes (at least ${lowerBound})`,
    ...lines,
  ].join('\n');
}

const sizesText = ({ sizes = {} }: Kernel): string =>
  Object.entries(sizes)
    .map(([name, value]) => `  ${name} ${value}`)
    .join('');
