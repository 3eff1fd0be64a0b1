import { product, type Shape, stridesOf } from '../shape.ts';
import { broadcastIndex } from './broadcast.ts';
import {
  type DeviceFacts,
  type Element,
  floatBits,
  GROUP_INDEX,
  type Kernel,
  linearGrid,
  makeKernel,
  read,
  write,
} from './kernel.ts';
import type { Lowering, OpRequest } from './lowering.ts';
import { single } from './lowering.ts';
import { isNan, larger, smaller } from './math/nan.ts';
import { orderOf } from './order.ts';
import { perElement } from './perElement.ts';
import { type Program, programFlops, programLabel, programText } from './program.ts';
import { code, floatLiteral, type Wgsl, type WgslFunction, wgsl } from './wgsl.ts';

type Kind = 'sum' | 'prod' | 'max' | 'min';

const JOIN: Record<Kind, (a: string, b: string) => string> = {
  sum: (a, b) => `${a} + ${b}`,
  prod: (a, b) => `${a} * ${b}`,
  max: (a, b) => `larger(${a}, ${b})`,
  min: (a, b) => `smaller(${a}, ${b})`,
};
const INTEGER_JOIN: Record<Kind, (a: string, b: string) => string> = {
  ...JOIN,
  max: (a, b) => `max(${a}, ${b})`,
  min: (a, b) => `min(${a}, ${b})`,
};
const START: Record<Kind, string> = {
  sum: '0.0',
  prod: '1.0',
  max: floatLiteral(Number.NEGATIVE_INFINITY),
  min: floatLiteral(Number.POSITIVE_INFINITY),
};
const NEEDS: Record<Kind, readonly WgslFunction[]> = { sum: [], prod: [], max: [larger], min: [smaller] };
const NAN = floatLiteral(Number.NaN);
const SUBGROUP: Record<Kind, string> = {
  sum: 'subgroupAdd(total)',
  prod: 'subgroupMul(total)',
  max: `select(subgroupMax(total), ${NAN}, subgroupAny(is_nan(total)))`,
  min: `select(subgroupMin(total), ${NAN}, subgroupAny(is_nan(total)))`,
};

/** How elements of a type are joined. */
interface Joining {
  readonly type: 'f32' | 'i32' | 'u32';
  readonly start: string;
  readonly join: (a: string, b: string) => string;
  readonly needs: readonly WgslFunction[];
  /** WGSL, over the `total` of each lane of a subgroup. */
  readonly subgroup: string;
}

const BUILT_IN: Record<Kind, string> = { sum: 'Add', prod: 'Mul', max: 'Max', min: 'Min' };

function joining(kind: Kind, element: Element): Joining {
  if (element === 'f32' || element === 'f16') {
    return {
      type: 'f32',
      start: START[kind],
      join: JOIN[kind],
      needs: NEEDS[kind],
      subgroup: SUBGROUP[kind],
    };
  }
  const [least, most] = element === 'i32' ? ['i32(-2147483648)', '2147483647i'] : ['0u', '4294967295u'];
  const start = { sum: `${element}(0)`, prod: `${element}(1)`, max: least!, min: most! }[kind];
  const subgroup = `subgroup${BUILT_IN[kind]}(total)`;
  return { type: element, start, join: INTEGER_JOIN[kind], needs: [], subgroup };
}

/** Sums longer than this are added up in parts, so that the error does not grow with the length. */
export const RUN = 256;

/** A reduction: how element r of result o is located and read. */
interface Reduction {
  readonly label: string;
  readonly kind: Kind;
  readonly joined: Joining;
  readonly factor: number;
  readonly outputs: number;
  readonly length: number;
  readonly bindings: Kernel['bindings'];
  /** Statement that sets `base` from `o`. */
  readonly base: string;
  /** Statements that set `value` from `base` and `r`. */
  readonly load: Wgsl;
  readonly flops: number;
}

type ReduceAttrs = {
  readonly kind: Kind;
  readonly axes: readonly number[];
  readonly factor: number;
  /** What yields the elements that are reduced, and their shape. */
  readonly prologue?: Program;
  readonly shape?: Shape;
};

const reduce: Lowering<ReduceAttrs> = (request, device) => {
  const reduction = describe(request);
  const { outputs, length } = reduction;
  const lanes = laneCount(device);
  // Neighbouring results next to each other in memory, or short sums: one invocation each.
  const enough = outputs >= (device.software ? 64 : 4096);
  if (length <= 16 || lanes === 1 || (enough && length <= 64)) return single(perResult(reduction, device));
  const groups = device.software ? 16 : 256;
  const splits = Math.max(1, Math.min(Math.floor(length / (lanes * 64)), Math.ceil(groups / outputs), 64));
  if (splits === 1) return single(perGroup(reduction, lanes, 1, device));
  const parts = perGroup({ ...reduction, factor: 1 }, lanes, splits, device);
  const total = perResult(totalOf(reduction, splits), device);
  return {
    steps: [
      { kernel: parts, operands: [...request.inputs.keys(), { scratch: 0 }] },
      { kernel: total, operands: [{ scratch: 0 }, 'out'] },
    ],
    scratch: [outputs * splits],
  };
};

/** Lanes that share one sum. A CPU adapter's workgroup is one subgroup: its tree then needs no barrier. */
export const laneCount = (device: DeviceFacts): number =>
  device.software ? (device.subgroupSize >= 4 ? device.subgroupSize : 1) : 256;

function describe({ label, inputs, out, attrs }: OpRequest<ReduceAttrs>): Reduction {
  const { kind, axes, factor, prologue, shape } = attrs;
  const from = shape ?? inputs[0]!.shape;
  const bindings = inputs.map((spec, i) => read(`x${i}`, product(spec.shape), spec.element));
  const joined = joining(kind, out.element);
  const operands = inputs.map((spec, i) => `${joined.type}(x${i}[${broadcastIndex('i', from, spec.shape)}])`);
  const kept = from.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const text = prologue ? programText(prologue, operands) : { statements: code(''), result: operands[0]! };
  return {
    label: prologue ? `${label} ${kind} of ${programLabel(prologue)}` : `${label} ${kind}`,
    kind,
    joined,
    factor,
    outputs: product(out.shape),
    length: product(axes.map((axis) => from[axis]!)),
    bindings: [...bindings, write('out', product(out.shape), joined.type)],
    base: product(from) === 0 ? '' : `let base = ${offsets('o', from, kept)};`,
    // An empty sum loads nothing, but its text must still compile.
    load:
      product(from) === 0
        ? code(`let value = ${joined.start};`)
        : code(
            `let i = base + ${offsets('r', from, axes)};\n${text.statements.text}\nlet value = ${text.result};`,
            ...text.statements.functions,
          ),
    flops: product(from) * (1 + (prologue ? programFlops(prologue) : 0)),
  };
}

/** Where element `index` of the sub-grid spanned by `axes` lies in `shape`; neighbouring axes are merged. */
function offsets(index: string, shape: Shape, axes: readonly number[]): string {
  const strides = stridesOf(shape);
  const runs: { size: number; stride: number }[] = [];
  for (const axis of axes) {
    if (shape[axis] === 1) continue;
    const last = runs.at(-1);
    if (last && last.stride === strides[axis]! * shape[axis]!) {
      last.size *= shape[axis]!;
      last.stride = strides[axis]!;
    } else runs.push({ size: shape[axis]!, stride: strides[axis]! });
  }
  let below = 1;
  const terms = runs.reverse().map(({ size, stride }, i) => {
    const shifted = below === 1 ? index : `(${index} / ${below}u)`;
    below *= size;
    return `${i === runs.length - 1 ? shifted : `(${shifted} % ${size}u)`} * ${stride}u`;
  });
  return terms.length === 0 ? '0u' : terms.join(' + ');
}

/** The second stage of a split: parts [outputs, splits] joined in order. */
const totalOf = (reduction: Reduction, splits: number): Reduction => ({
  ...reduction,
  label: `${reduction.label} total`,
  length: splits,
  bindings: [
    read('parts', reduction.outputs * splits, reduction.joined.type),
    write('out', reduction.outputs, reduction.joined.type),
  ],
  base: 'let base = o * length;',
  load: code('let value = parts[base + r];'),
  flops: reduction.outputs * splits,
});

/** One lane walks the whole sum of one result. */
function perResult(reduction: Reduction, device: DeviceFacts): Kernel {
  const { label, joined, factor, outputs, length, bindings, base, load, flops } = reduction;
  return perElement(
    {
      label,
      bindings,
      total: outputs,
      flops,
      sizes: { length, factor: floatBits(factor) },
      layout: `Result o is joined from its elements in order, in runs of ${RUN}.`,
      body: wgsl`
        let o = i;
        let length = sizes.length;
        ${code(base)}
        var total = ${code(joined.start)};
        for (var start = 0u; start < length; start += ${RUN}u) {
          var part = ${code(joined.start)};
          for (var r = start; r < min(start + ${RUN}u, length); r++) {
            ${load}
            part = ${code(joined.join('part', 'value'), ...joined.needs)};
          }
          total = ${code(joined.join('total', 'part'))};
        }
        out[o] = ${code(scaled('total', factor))};`,
    },
    device,
  );
}

const scaled = (name: string, factor: number): string =>
  factor === 1 ? name : `${name} * bitcast<f32>(sizes.factor)`;

/**
 * Four elements a turn, in the same order: 0.8 of the time on a CPU adapter, whose compiler takes some 60 ms more for it. So
 * only products are read so, which no network has many of.
 */
const inFours = (one: Wgsl, lanes: number, stop: Wgsl): Wgsl => wgsl`
  var r = start;
  for (; r + ${3 * lanes}u < ${stop}; r += ${4 * lanes}u) {
    let first_of_four = r;
    ${[0, 1, 2, 3].map(
      (k) => wgsl`{
      let r = first_of_four + ${k * lanes}u;
      ${one}
    }`,
    )}
  }
  for (; r < ${stop}; r += ${lanes}u) {
    ${one}
  }`;

/** `lanes` invocations share a sum (or one of its `splits` parts) and join theirs in a tree. */
function perGroup(reduction: Reduction, lanes: number, splits: number, device: DeviceFacts): Kernel {
  const { label, joined, factor, outputs, length, bindings, base, load, flops } = reduction;
  const share = Math.ceil(length / splits);
  const one = wgsl`
    ${load}
    part = ${code(joined.join('part', 'value'), ...joined.needs)};`;
  const stop = code(`min(start + ${RUN * lanes}u, last)`);
  const turns =
    device.software && reduction.kind === 'prod'
      ? inFours(one, lanes, stop)
      : wgsl`
    for (var r = start; r < ${stop}; r += ${lanes}u) {
      ${one}
    }`;
  const oneSubgroup = device.subgroupSize === lanes;
  const tree = oneSubgroup
    ? code(`let joined = ${joined.subgroup};`, isNan)
    : wgsl`
      shared_totals[lane] = total;
      for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) { shared_totals[lane] = ${code(joined.join('shared_totals[lane]', 'shared_totals[lane + half]'))}; }
      }
      let joined = shared_totals[0];`;
  const memory = oneSubgroup
    ? code('')
    : code(`var<workgroup> shared_totals: array<${joined.type}, ${lanes}>;`);
  return makeKernel({
    label,
    bindings: [...bindings.slice(0, -1), write('out', outputs * splits, joined.type)],
    grid: linearGrid(outputs * splits),
    flops,
    sizes: { length, splits, share, groups: outputs * splits, factor: floatBits(factor) },
    enables: oneSubgroup ? ['subgroups'] : [],
    wgsl: wgsl`
      // Workgroup (o, part): ${lanes} lanes take every ${lanes}th of the part's elements, then join in a tree.
      ${memory}
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let group = ${code(GROUP_INDEX)};
        if (group >= sizes.groups) { return; }
        let o = group / sizes.splits;
        let first = (group % sizes.splits) * sizes.share;
        let last = min(first + sizes.share, sizes.length);
        ${code(base)}
        var total = ${code(joined.start)};
        for (var start = first + lane; start < last; start += ${RUN * lanes}u) {
          var part = ${code(joined.start)};
          ${turns}
          total = ${code(joined.join('total', 'part'))};
        }
        ${tree}
        if (lane == 0u) { out[group] = ${code(scaled('joined', factor))}; }
      }`,
  });
}

/** The first largest element's index along it (i32); NaN is the largest. */
const argmax: Lowering<{ readonly axis: number }> = ({ label, inputs, out, attrs }, device) => {
  const [x] = inputs as [OpRequest['inputs'][number]];
  const { axis } = attrs;
  const inner = product(x.shape.slice(axis + 1));
  const length = x.shape[axis]!;
  const outputs = product(out.shape);
  const order = orderOf(x.element);
  return single(
    perElement(
      {
        label,
        bindings: [read('x', product(x.shape), x.element), write('out', outputs, 'i32')],
        total: outputs,
        flops: product(x.shape),
        layout: 'x [outer, length, inner]; one lane walks the axis of one result.',
        body: wgsl`
          let base = (i / ${inner}u) * ${length * inner}u + i % ${inner}u;
          var best = 0u;
          var largest = ${code(order.of('x[base]'), ...order.functions)};
          for (var r = 1u; r < ${length}u; r++) {
            let value = ${code(order.of(`x[base + r * ${inner}u]`))};
            if (value > largest) { largest = value; best = r; }
          }
          out[i] = i32(best);`,
      },
      device,
    ),
  );
};

export const reduceKernels = { reduce, argmax };
