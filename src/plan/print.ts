import { type Graph, valuesOf } from '../graph/graph.ts';
import type { Binding, Kernel } from '../kernels/kernel.ts';
import { type Program, programSteps } from '../kernels/program.ts';
import { refuseExtra } from '../options.ts';
import { shapeText } from '../shape.ts';
import type { Plan, Slot } from './plan.ts';

/**
 * A graph as text, a line per value: `%2 = conv2d(%0, %1) [1, 4, 8, 8] {groups: 1, ...}  # layer1.conv1`, with the op's
 * attributes, the dtype where it is not f32, and the layer where there is one. Numbers count from the inputs, so equal
 * graphs print equally.
 */
export function printGraph(graph: Graph, ...extra: never[]): string {
  refuseExtra('printGraph', extra);
  const values = valuesOf(graph);
  const names = new Map(values.map((value, i) => [value, `%${i}`]));
  const lines = values.map((value) => {
    const { op, dtype, attrs, scope } = value;
    const inputs = value.inputs.map((operand) => names.get(operand)!).join(', ');
    const details = Object.keys(attrs).length === 0 ? '' : ` ${attributeText(attrs)}`;
    const type = dtype === 'f32' ? '' : ` ${dtype}`;
    const layer = scope === '' ? '' : `  # ${scope}`;
    return `${names.get(value)} = ${op}(${inputs}) ${shapeText(value.shape)}${type}${details}${layer}`;
  });
  const outputs = [...graph.outputs].map(([name, value]) => `output ${name} ${names.get(value)}`);
  const effects = graph.effects.map((value) => `effect ${names.get(value)}`);
  return [...lines, ...outputs, ...effects].join('\n');
}

/** Numbers of a constant that are printed. */
const MOST_NUMBERS = 8;

/** Plain data as text: `{stride: [1, 1], transposed: false}`, and a program by its steps. */
function attributeText(attribute: unknown): string {
  if (Array.isArray(attribute)) {
    const shown = attribute.slice(0, MOST_NUMBERS).map(attributeText);
    const more = attribute.length > MOST_NUMBERS ? [`... ${attribute.length} in all`] : [];
    return `[${[...shown, ...more].join(', ')}]`;
  }
  if (typeof attribute !== 'object' || attribute === null) return String(attribute);
  if (isProgram(attribute)) return programSteps(attribute);
  const parts = Object.entries(attribute).map(([name, each]) => `${name}: ${attributeText(each)}`);
  return `{${parts.join(', ')}}`;
}

const isProgram = (attribute: object): attribute is Program => 'inputs' in attribute && 'steps' in attribute;

/**
 * A plan as text: for each dispatch its kernel, workgroups, GFLOP, megabytes and sizes, and below them where each binding
 * lies: `x read f32 x 64 in input x`, `out write f32 x 64 in arena 2 at 1024`.
 */
export function printPlan(plan: Plan, ...extra: never[]): string {
  refuseExtra('printPlan', extra);
  const lines = plan.dispatches.flatMap(({ kernel, ranges }, i) => {
    const work = `${(kernel.flops / 1e9).toFixed(4)} GFLOP  ${(kernel.bytes / 1e6).toFixed(3)} MB`;
    const bound = kernel.bindings.map((binding, at) => {
      const { slot, offset } = ranges[at]!;
      return `${bindingText(binding)} in ${slotText(plan.slots[slot]!, slot)}${offset === 0 ? '' : ` at ${offset}`}`;
    });
    return [
      `${String(i).padStart(4)}  ${kernel.label}  [${kernel.grid.join(', ')}]  ${work}${sizesText(kernel)}`,
      `      ${bound.join('; ')}`,
    ];
  });
  const { arenas, lowerBound } = plan.memory;
  const count = plan.dispatches.length;
  return [
    `${plan.label}: ${count} ${count === 1 ? 'dispatch' : 'dispatches'} (${plan.prelude} only after a change of state), arenas ${arenas} bytes (at least ${lowerBound})`,
    ...lines,
  ].join('\n');
}

/** Arenas, outputs and constants have no names: their place among the plan's slots tells them apart. */
const slotText = (slot: Slot, place: number): string =>
  'name' in slot ? `${slot.kind} ${slot.name}` : `${slot.kind} ${place}`;

/**
 * A kernel as WGSL that compiles: its label (layer, op, variant and tile), workgroups, costs, bindings and sizes as
 * comments, then its text.
 */
export function printKernel(kernel: Kernel, ...extra: never[]): string {
  refuseExtra('printKernel', extra);
  const { label, grid, flops, bytes, bindings, sizes, wgsl } = kernel;
  const head = [
    label,
    `${grid.join(' x ')} workgroups, ${flops} FLOP, at least ${bytes} bytes moved`,
    ...bindings.map((binding, i) => `binding ${i}: ${bindingText(binding)}`),
    ...(sizes ? [`binding ${bindings.length}, uniform:${sizesText(kernel)}`] : []),
  ];
  return `${head.map((line) => `// ${line}\n`).join('')}${wgsl}`;
}

function bindingText({ name, access, element, length, touched, shared, vector, texture }: Binding): string {
  const traits = [
    ...(texture ? [`as a texture of ${texture.width} x ${texture.height} x ${texture.layers} texels`] : []),
    ...(vector ? ['as vectors of four'] : []),
    ...(touched === undefined ? [] : [`${touched} of them touched`]),
    ...(shared ? ['in a buffer that is written too'] : []),
  ];
  return [`${name} ${access} ${element} x ${length}`, ...traits].join(', ');
}

const sizesText = ({ sizes = {} }: Kernel): string =>
  Object.entries(sizes)
    .map(([name, value]) => `  ${name} ${value}`)
    .join('');
