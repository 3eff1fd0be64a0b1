import { product, type Shape } from '../shape.ts';
import { type DeviceFacts, type Element, type Kernel, read, write } from './kernel.ts';
import type { TensorSpec } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

/** How indices pick along an axis of [outer, rows, inner]; see `Picking` of graph/ops/select.ts. */
export interface PickingAttrs {
  readonly axis: number;
  readonly each: boolean;
}

/** The numbers of a picking: from `rows` to `picks` along an axis, between `outer` and `inner`. */
export function spans(from: Shape, picks: number, { axis }: PickingAttrs) {
  return {
    outer: product(from.slice(0, axis)),
    rows: from[axis]!,
    inner: product(from.slice(axis + 1)),
    picks,
  };
}

type Spans = ReturnType<typeof spans>;

/** An element as WGSL computes with it: floats are f32. */
export const loadedAs = (element: Element): 'f32' | 'i32' | 'u32' => (element === 'f16' ? 'f32' : element);

/**
 * For sorted indices, where those of each row begin in their order, [lines, rows + 1]: a line is one list of indices.
 */
export function begins(
  label: string,
  { outer, rows, inner, picks }: Spans,
  each: boolean,
  device: DeviceFacts,
): Kernel {
  const lines = each ? outer * inner : 1;
  const total = lines * (rows + 1);
  return perElement(
    {
      label: `${label} begins`,
      bindings: [
        read('indices', lines * picks, 'i32'),
        read('order', lines * picks, 'i32'),
        write('out', total, 'u32'),
      ],
      total,
      flops: total * Math.ceil(Math.log2(picks + 1)),
      layout: `indices [outer, ${picks}, inner] in their order; out [lines, ${rows + 1}].`,
      body: wgsl`
        let line = i / ${rows + 1}u;
        let row = i32(i % ${rows + 1}u);
        let base = ${code(lineBase('line', inner, picks, each))};
        var low = 0u;
        var high = ${picks}u;
        while (low < high) {
          let middle = (low + high) / 2u;
          let pick = u32(order[base + middle * ${each ? inner : 1}u]);
          if (indices[base + pick * ${each ? inner : 1}u] < row) { low = middle + 1u; } else { high = middle; }
        }
        out[i] = low;`,
    },
    device,
  );
}

const lineBase = (line: string, inner: number, picks: number, each: boolean): string =>
  each ? `${line} / ${inner}u * ${picks * inner}u + ${line} % ${inner}u` : '0u';

/**
 * Statements for element `i` of [outer, rows, inner] that run `visit` for each update that names it, in order: `at` is its
 * flat place in [outer, picks, inner], `pick` its place along the axis. Sorted indices come with `order` and `begins`.
 */
export function perUpdate({ rows, inner, picks }: Spans, each: boolean, sorted: boolean, visit: Wgsl): Wgsl {
  const step = each ? inner : 1;
  return wgsl`
    let row = (i / ${inner}u) % ${rows}u;
    let column = i % ${inner}u;
    let line = (i / ${rows * inner}u)${code(each ? ` * ${inner}u + column` : '')};
    let base = ${code(lineBase('line', inner, picks, each))};
    let first = (i / ${rows * inner}u) * ${picks * inner}u + column;
    ${
      sorted
        ? wgsl`
    let begin = ${code(each ? `line * ${rows + 1}u + row` : 'row')};
    for (var next = begins[begin]; next < begins[begin + 1u]; next++) {
      let pick = u32(order[base + next * ${step}u]);
      let at = first + pick * ${inner}u;
      ${visit}
    }`
        : wgsl`
    for (var pick = 0u; pick < ${picks}u; pick++) {
      if (indices[base + pick * ${step}u] != i32(row)) { continue; }
      let at = first + pick * ${inner}u;
      ${visit}
    }`
    }`;
}

/** Bindings of the lists of indices that `perUpdate` reads, and their operands: the op's inputs from `first` on. */
export function lists(
  inputs: readonly TensorSpec[],
  first: number,
  each: boolean,
  { outer, rows, inner }: Spans,
) {
  const count = product(inputs[first]!.shape);
  if (inputs.length === first + 1) {
    return { bindings: [read('indices', count, 'i32')], operands: [first] };
  }
  const lines = each ? outer * inner : 1;
  return {
    bindings: [read('order', count, 'i32'), read('begins', lines * (rows + 1), 'u32')],
    operands: [first + 1, { scratch: 0 }],
  };
}
