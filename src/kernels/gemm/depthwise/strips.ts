/**
 * Depthwise convolution on CPU adapters, where loads decide everything. An invocation walks down a strip of results a
 * few columns wide, so that it reads each row of x once: a row adds to all results whose windows it lies in, whose sums
 * stay in registers until their last row has been read. The weights are read once for the whole strip.
 */
import { range } from '../../../shape.ts';
import { loaded } from '../../element.ts';
import type { DeviceFacts, Kernel } from '../../kernel.ts';
import { perElement } from '../../perElement.ts';
import { code, wgsl } from '../../wgsl.ts';
import { type ConvSizes, perGroup } from '../convOperands.ts';
import { gemmFlops } from '../problem.ts';
import { storesInBlocks } from '../textures/blockStore.ts';
import { type ChannelBlocks, COLUMN_BLOCK, ofChannel, ofPlace } from '../textures/channelBlocks.ts';
import { everyTile, type Product, type Variant } from '../variant.ts';
import { depthwiseBindings, depthwiseStores, isDepthwise, lowerDepthwise, placedAtHand } from './rows.ts';

export interface StripsTile {
  /** Columns of a strip, at most. */
  readonly columns: number;
}

export const depthwiseStrips: Variant<StripsTile> = {
  name: 'depthwiseStrips',
  tiles: { columns: [2, 4, 8] },
  fits: (_, problem, device) => inStrips(problem, device),
  guess: (problem, device) => (inStrips(problem, device) === true ? { columns: 4 } : null),
  lower: (problem, tile, device) =>
    lowerDepthwise(
      problem,
      build(problem, tile, device),
      storesInBlocks(placedAtHand(problem, problem.conv!)) && fillsBlocks(problem.conv!, tile)
        ? (blocks) => build(problem, tile, device, blocks)
        : undefined,
    ),
  tuning: {
    place: 0,
    families: (op, { software }) => (software && op === 'conv2d' ? [everyTile(depthwiseStrips.tiles)] : []),
  },
};

/** True, or why not. */
function inStrips(problem: Product, { software }: DeviceFacts): true | string {
  const depthwise = isDepthwise(problem);
  if (depthwise !== true) return depthwise;
  if (!software) return 'is for CPU adapters, where loads decide everything';
  return problem.conv!.dilation[0] === 1 ? true : 'its windows do not have their rows one below the other';
}

const stripsOf = ({ ow }: ConvSizes, { columns }: StripsTile): { strips: number; width: number } => {
  const strips = Math.ceil(ow / columns);
  return { strips, width: Math.ceil(ow / strips) };
};

/** Whether the results of a strip's row always lie in one block, in order. */
function fillsBlocks(s: ConvSizes, tile: StripsTile): boolean {
  const { width } = stripsOf(s, tile);
  return s.ow % width === 0 && COLUMN_BLOCK % width === 0;
}

/**
 * y = conv(x, w) with one input channel a group; the epilogue is `problem`'s. Bindings: x, w, the epilogue's, out.
 * @param blocks the order of out; default [N, Cout, OH, OW]
 */
function build(problem: Product, tile: StripsTile, device: DeviceFacts, blocks?: ChannelBlocks): Kernel {
  const s = problem.conv!;
  const { strips, width } = stripsOf(s, tile);
  const { cout: perInput } = perGroup(s);
  const [[sy, sx], dx] = [s.stride, s.dilation[1]];
  const [columns, taps] = [range(width), range(s.kw)];
  // Sums that wait: those of `step`, which has its first rows, to `step - waiting + 1`, which has its last ones.
  const waiting = Math.ceil(s.kh / sy);
  const offsets = [...new Set(columns.flatMap((c) => taps.map((k) => c * sx + k * dx)))].sort(
    (a, b) => a - b,
  );
  const [w, x] = [problem.a.binding.element, problem.b.binding.element];

  const weights = range(s.kh * s.kw).map((k) => code(`let w${k} = ${loaded(w, `w[first_w + ${k}u]`)};`));
  const inside = offsets.map((o) => code(`let inside${o} = u32(left + ${o}) < ${s.w}u;`));
  const sums = range(waiting).map((q) => code(columns.map((c) => `var sum${q}_${c} = 0.0;`).join('  ')));
  const rows = range(sy).map((row) => {
    const loads = offsets.map(
      (o) => `let x${o} = select(0.0, ${loaded(x, `x[u32(first + ${o})]`)}, in_y && inside${o});`,
    );
    const adds = range(waiting)
      .filter((q) => q * sy + row < s.kh)
      .flatMap((q) =>
        columns.map((c) => {
          const terms = taps.map((k) => `w${(q * sy + row) * s.kw + k} * x${c * sx + k * dx}`);
          return `sum${q}_${c} += ${terms.join(' + ')};`;
        }),
      );
    return code(`{
  let y = step * ${sy} + ${row - s.padding[0]};
  let in_y = u32(y) < ${s.h}u;
  let first = plane + y * ${s.w} + left;
  ${[...loads, ...adds].join('\n  ')}
}`);
  });
  const shifts = range(waiting)
    .reverse()
    .map((q) =>
      code(columns.map((c) => `sum${q}_${c} = ${q === 0 ? '0.0' : `sum${q - 1}_${c}`};`).join('  ')),
    );

  const { channelLoads, stores } = depthwiseStores(
    problem,
    s,
    columns.map((c) => `sum${waiting - 1}_${c}`),
    blocks ? 4 : 1,
  );
  const place = `((u32(step) - ${waiting - 1}u) * ${s.ow}u + column)`;
  const to = blocks
    ? `${ofChannel('channel')} + ${ofPlace(blocks, 'image', place)}`
    : `((image * ${s.cout}u + channel) * ${s.oh}u + u32(step) - ${waiting - 1}u) * ${s.ow}u + column`;
  return perElement(
    {
      label: `${problem.label} depthwise strips`,
      bindings: depthwiseBindings(problem, s),
      total: s.n * s.cout * strips,
      flops: gemmFlops(problem),
      layout: `x [N, C, H, W], w [Cout, 1, kh, kw], out ${blocks ? 'as channelBlocks.ts says' : '[N, Cout, OH, OW]'}: an invocation has ${width} columns of one channel.`,
      body: wgsl`
      let column = i % ${strips}u * ${width}u;
      let channel = i / ${strips}u % ${s.cout}u;
      let image = i / ${strips * s.cout}u;
      let plane = i32((image * ${s.c}u + channel / ${perInput}u) * ${s.h * s.w}u);
      let left = i32(column) * ${sx} - ${s.padding[2]};
      let first_w = channel * ${s.kh * s.kw}u;
      ${weights}
      ${inside}
      ${channelLoads}
      ${sums}
      for (var step = 0; step < ${s.oh + waiting - 1}; step++) {
        ${rows}
        if (step >= ${waiting - 1}) {
          let to = ${code(to)};
          ${stores}
        }
        ${shifts}
      }`,
    },
    device,
  );
}
