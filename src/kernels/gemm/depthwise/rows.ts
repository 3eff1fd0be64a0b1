/**
 * Depthwise convolution: each output channel sees one input channel, so there is no matrix product, only loads to save.
 * An invocation has a run of results side by side, whose windows overlap and whose weights are the same.
 */
import { range } from '../../../shape.ts';
import { loaded } from '../../element.ts';
import { type Binding, type DeviceFacts, type Kernel, read } from '../../kernel.ts';
import type { Lowered, LoweredStep } from '../../lowering.ts';
import { perElement } from '../../perElement.ts';
import { code, type Wgsl, wgsl } from '../../wgsl.ts';
import { type ConvSizes, perGroup } from '../convOperands.ts';
import {
  AT_COLUMN,
  extraAt,
  type GemmProblem,
  gemmFlops,
  perChannel,
  resultBindings,
  storeStatements,
} from '../problem.ts';
import { everyTile, type Product, type Variant } from '../variant.ts';

export interface DepthwiseTile {
  /** Neighbouring results of a row per invocation. */
  readonly run: number;
}

/** Wider kernels (blurs) would make too long a text to compile. */
const WIDEST = 8;

/** True, or why a convolution is left to the other variants. */
export function isDepthwise({ conv: s }: Product): true | string {
  if (!s || perGroup(s).cin !== 1 || s.groups === 1)
    return 'is no convolution with one input channel a group';
  return s.kw <= WIDEST ? true : `its kernel is ${s.kw} wide, and the text grows with it`;
}

export const depthwise: Variant<DepthwiseTile> = {
  name: 'depthwise',
  tiles: { run: [2, 4, 8] },
  fits: (_, problem) => isDepthwise(problem),
  guess: (problem) => (isDepthwise(problem) === true ? { run: 4 } : null),
  lower: (problem, tile, device) => lowerDepthwise(problem, build(problem, tile, device)),
  tuning: {
    place: 0,
    families: (op) => (op === 'conv2d' ? [everyTile(depthwise.tiles)] : []),
  },
};

/** One dispatch over x, w, the epilogue's operands and the result. @param inBlocks the kernel with its result in that order. */
export const lowerDepthwise = (
  problem: Product,
  kernel: Kernel,
  inBlocks?: LoweredStep['inBlocks'],
): Lowered => ({
  steps: [
    {
      kernel,
      operands: [problem.b.input, problem.a.input, ...(problem.epilogue?.inputs ?? []), 'out'],
      ...(inBlocks && { inBlocks }),
    },
  ],
  scratch: [],
});

/** y = conv(x, w) with one input channel a group; the epilogue is `problem`'s. Bindings: x, w, the epilogue's, out. */
function build(problem: Product, { run }: DepthwiseTile, device: DeviceFacts): Kernel {
  const s = problem.conv!;
  const runs = Math.ceil(s.ow / run);
  const { cout: perInput } = perGroup(s);
  const [sx, dx] = [s.stride[1], s.dilation[1]];
  const taps = range(s.kw);
  const [w, x] = [problem.a.binding.element, problem.b.binding.element];
  const offsets = [...new Set(range(run).flatMap((c) => taps.map((k) => c * sx + k * dx)))].sort(
    (a, b) => a - b,
  );
  const loads = offsets.map((o) =>
    code(
      `let x${o} = select(0.0, ${loaded(x, `x[u32(first + ${o})]`)}, in_y && u32(left + ${o}) < ${s.w}u);`,
    ),
  );
  const weights = taps.map((k) => code(`let w${k} = ${loaded(w, `w[row_of_w + ${k}u]`)};`));
  const sums = range(run).map((c) =>
    code(`sum${c} += ${taps.map((k) => `w${k} * x${c * sx + k * dx}`).join(' + ')};`),
  );
  const { channelLoads, stores } = depthwiseStores(
    problem,
    s,
    range(run).map((c) => `sum${c}`),
  );
  return perElement(
    {
      label: `${problem.label} depthwise`,
      bindings: depthwiseBindings(problem, s),
      total: s.n * s.cout * s.oh * runs,
      flops: gemmFlops(problem),
      layout: `x [N, C, H, W], w [Cout, 1, kh, kw], out [N, Cout, OH, OW]: an invocation has ${run} results of one row.`,
      body: wgsl`
      let column = i % ${runs}u * ${run}u;
      let row = i / ${runs}u % ${s.oh}u;
      let channel = i / ${runs * s.oh}u % ${s.cout}u;
      let image = i / ${runs * s.oh * s.cout}u;
      let plane = i32((image * ${s.c}u + channel / ${perInput}u) * ${s.h * s.w}u);
      let left = i32(column) * ${sx} - ${s.padding[2]};
      ${channelLoads}
      ${range(run).map((c) => code(`var sum${c} = 0.0;`))}
      for (var ky = 0u; ky < ${s.kh}u; ky++) {
        let y = i32(row) * ${s.stride[0]} - ${s.padding[0]} + i32(ky) * ${s.dilation[0]};
        let in_y = u32(y) < ${s.h}u;
        let first = plane + y * ${s.w} + left;
        let row_of_w = (channel * ${s.kh}u + ky) * ${s.kw}u;
        ${loads}
        ${weights}
        ${sums}
      }
      let to = ((image * ${s.cout}u + channel) * ${s.oh}u + row) * ${s.ow}u + column;
      ${stores}`,
    },
    device,
  );
}

/** x, w, the epilogue's, out. */
export const depthwiseBindings = (problem: GemmProblem, s: ConvSizes): Binding[] => [
  read('x', s.n * s.c * s.h * s.w, problem.b.binding.element),
  read('w', s.cout * s.kh * s.kw, problem.a.binding.element),
  ...resultBindings(problem),
];

/** The problem as depthwise kernels store it: a row of the product is a channel of all, not of its group, and the position is at hand. */
export const placedAtHand = (problem: GemmProblem, { cout }: ConvSizes): GemmProblem => ({
  ...problem,
  m: cout,
  store: AT_COLUMN,
});

/**
 * Stores of `sums`, neighbours of one row that lie `apart` elements from each other, at `to` and beyond where `column` and
 * beyond is inside; `channelLoads` first, where `channel` is known.
 */
export function depthwiseStores(
  problem: GemmProblem,
  s: ConvSizes,
  sums: readonly string[],
  apart = 1,
): { channelLoads: Wgsl[]; stores: Wgsl[] } {
  const placed = placedAtHand(problem, s);
  const ofChannel = new Map(perChannel(placed).map((at) => [at, `of_channel${at}`]));
  const stores = sums.map((sum, c) => {
    const names = { m: 'channel', z: '0u', column: `(to + ${c * apart}u)` };
    const { text, functions } = storeStatements(placed, names, sum, `${c}`, ofChannel);
    const inside = s.ow % sums.length === 0 ? '' : `if (column + ${c}u < ${s.ow}u) `;
    return code(`${inside}{\n${text}\n}`, ...functions);
  });
  const channelLoads = [...ofChannel].map(([at, name]) =>
    code(`let ${name} = ${extraAt(problem, at, 'channel')};`),
  );
  return { channelLoads, stores };
}
