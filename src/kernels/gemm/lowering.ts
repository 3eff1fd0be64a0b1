import { product, type Shape } from '../../shape.ts';
import { broadcastIndex } from '../broadcast.ts';
import type { DeviceFacts } from '../kernel.ts';
import type { Lowered, LoweredStep, Lowering, OperandRef, OpRequest } from '../lowering.ts';
import type { Program } from '../program.ts';
import { gemmChoiceOf, type ProductChoice } from './choices.ts';
import {
  type ConvSizes,
  matrix,
  outputRows,
  patches,
  patchesTransposed,
  perGroup,
  phasePatches,
  phases,
  phaseWeights,
} from './convOperands.ts';
import { buildDepthwise, isDepthwise } from './depthwise.ts';
import { buildDepthwiseStrips, suitsStrips } from './depthwiseStrips.ts';
import { imageConv2d, imageInputGrad, imageMatmul, imageWeightGrad } from './imageLowering.ts';
import type { Epilogue, GemmProblem } from './problem.ts';
import { buildGemm, fitsGemm, type GemmChoice, splitK, splitsFor } from './variants.ts';

/** a [..., M, K] times b [..., K, N]. attrs: transposeA, transposeB, epilogue?. */
const matmul: Lowering = (request, device) => {
  const [a, b] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const { transposeA, transposeB } = request.attrs as { transposeA: boolean; transposeB: boolean };
  const out = request.out.shape;
  const [m, n] = out.slice(-2) as [number, number];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const batch = out.slice(0, -2);
  const problem: GemmProblem = {
    label: request.label,
    m,
    n,
    k,
    ...(transposeA && { kVaries: true }),
    z: product(batch),
    a: matrix('a', 0, a.element, product(a.shape), {
      outer: m,
      k,
      perZ: (z) => `(${broadcastIndex(z, batch, a.shape.slice(0, -2))})`,
      matrix: m * k,
      transposed: transposeA,
    }),
    b: matrix('b', 1, b.element, product(b.shape), {
      outer: n,
      k,
      perZ: (z) => `(${broadcastIndex(z, batch, b.shape.slice(0, -2))})`,
      matrix: n * k,
      transposed: !transposeB,
    }),
    store: { row: (row, z) => `${z} * sizes.result + ${row} * sizes.n`, column: (column) => column },
    sizes: { result: m * n },
    outShape: out,
    outElement: request.out.element,
    epilogue: epilogueOf(request),
  };
  return imageMatmul(problem, request, device) ?? steps([problem], device, request.choice);
};

/** attrs: geometry, epilogue?. A = weight [Cout, Cin kh kw], B = patches of x. */
const conv2d: Lowering = (request, device) => {
  const [x, w] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const s = convSizes(request, x.shape, w.shape, request.out.shape);
  const { cin, cout } = perGroup(s);
  const k = cin * s.kh * s.kw;
  const positions = s.oh * s.ow;
  const problem: GemmProblem = {
    label: request.label,
    m: cout,
    n: s.n * positions,
    k,
    z: s.groups,
    a: matrix('w', 1, w.element, product(w.shape), {
      outer: cout,
      k,
      perZ: (z) => z,
      matrix: cout * k,
      transposed: false,
    }),
    b: patches(s, 0, x.element),
    store: {
      row: (m, z) => `(${z} * ${cout}u + ${m}) * ${positions}u`,
      column: (n) => `(${n} / ${positions}u) * ${s.cout * positions}u + ${n} % ${positions}u`,
    },
    outShape: request.out.shape,
    outElement: request.out.element,
    epilogue: epilogueOf(request),
  };
  if (isDepthwise(s)) {
    const build = suitsStrips(s, device) ? buildDepthwiseStrips : buildDepthwise;
    const kernel = build(problem, s, device);
    return { steps: [{ kernel, operands: [0, 1, ...(problem.epilogue?.inputs ?? []), 'out'] }], scratch: [] };
  }
  return imageConv2d(problem, s, request, device) ?? steps([problem], device, request.choice);
};

/** attrs: geometry, epilogue?. One product per phase of the stride, so no multiplication by a structural zero. */
const conv2dInputGrad: Lowering = (request, device) => {
  const [dy, w] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const s = convSizes(request, request.out.shape, w.shape, dy.shape);
  const { cin, cout } = perGroup(s);
  const rowPhases = phases(s.h, s.kh, s.stride[0], s.padding[0], s.dilation[0]);
  const columnPhases = phases(s.w, s.kw, s.stride[1], s.padding[2], s.dilation[1]);
  const parts = rowPhases.flatMap((rows) =>
    columnPhases.map((columns) => {
      const positions = rows.count * columns.count;
      const problem: GemmProblem = {
        label: request.label,
        m: cin,
        n: s.n * positions,
        k: cout * rows.taps * columns.taps,
        z: s.groups,
        a: phaseWeights(s, rows, columns, 1, w.element),
        b: phasePatches(s, rows, columns, 0, dy.element),
        store: {
          row: (m, z) => `(${z} * ${cin}u + ${m}) * ${s.h * s.w}u`,
          column: (n) => {
            const image = `(${n} / ${positions}u) * ${s.c * s.h * s.w}u`;
            const y = `((${n} % ${positions}u) / ${columns.count}u * ${s.stride[0]}u + ${rows.phase}u) * ${s.w}u`;
            return `${image} + ${y} + (${n} % ${columns.count}u) * ${s.stride[1]}u + ${columns.phase}u`;
          },
        },
        outShape: request.out.shape,
        outElement: request.out.element,
        epilogue: epilogueOf(request),
      };
      return { problem, packed: imageInputGrad(problem, s, rows, columns, request, device) };
    }),
  );
  const problems = parts.map(({ problem }) => problem);
  if (!device.software) {
    const [only, ...others] = parts;
    return (others.length === 0 && only?.packed) || steps(problems, device, request.choice);
  }
  return joined(
    parts.map(
      ({ problem, packed }) => packed ?? { steps: [step(problem, device, request.choice)], scratch: [] },
    ),
  );
};

/** attrs: geometry. A = dy [Cout, images and positions], B = patches of x; the sum runs over the whole batch. */
const conv2dWeightGrad: Lowering = (request, device) => {
  const [x, dy] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const s = convSizes(request, x.shape, request.out.shape, dy.shape);
  const { cin, cout } = perGroup(s);
  const n = cin * s.kh * s.kw;
  const problem: GemmProblem = {
    label: request.label,
    m: cout,
    n,
    k: s.n * s.oh * s.ow,
    kVaries: true,
    z: s.groups,
    a: outputRows(s, 1, dy.element),
    b: patchesTransposed(s, 0, x.element),
    store: { row: (m, z) => `(${z} * ${cout}u + ${m}) * ${n}u`, column: (column) => column },
    outShape: request.out.shape,
    outElement: request.out.element,
  };
  return imageWeightGrad(problem, s, request, device) ?? steps([problem], device, request.choice);
};

export const gemmKernels = { matmul, conv2d, conv2dInputGrad, conv2dWeightGrad } satisfies Record<
  string,
  Lowering
>;

/** Parts one after the other, each with scratch arrays of its own. */
function joined(parts: readonly Lowered[]): Lowered {
  const scratch: number[] = [];
  const all = parts.flatMap((part) => {
    const before = scratch.length;
    scratch.push(...part.scratch);
    const moved = (ref: OperandRef): OperandRef =>
      typeof ref === 'object' && 'scratch' in ref ? { scratch: ref.scratch + before } : ref;
    return part.steps.map(({ kernel, operands }) => ({ kernel, operands: operands.map(moved) }));
  });
  return { steps: all, scratch };
}

function step(problem: GemmProblem, device: DeviceFacts, choice?: ProductChoice): LoweredStep {
  const extras = problem.epilogue?.inputs ?? [];
  return {
    kernel: buildGemm(problem, device, fitting(problem, device, choice)),
    operands: [problem.a.input, problem.b.input, ...extras, 'out'],
  };
}

/** A dispatch for each part of the result, and one more that adds up where sums are long and results few. */
function steps(problems: readonly GemmProblem[], device: DeviceFacts, choice?: ProductChoice): Lowered {
  const [first] = problems as [GemmProblem, ...GemmProblem[]];
  const deepest = Math.max(...problems.map(({ k }) => k));
  const wanted = choice && 'splits' in choice ? choice.splits : undefined;
  // Parts of the result keep the adapter busy as products side by side do.
  const all = { ...first, k: deepest, z: first.z * problems.length };
  const splits = Math.min(wanted ?? splitsFor(all, device), Math.max(1, deepest));
  if (splits === 1) return { steps: problems.map((each) => step(each, device, choice)), scratch: [] };
  const scratch = { scratch: 0 };
  const cut = problems.map((problem) => ({ problem, ...splitK(problem, splits, device) }));
  const { total, words } = cut[0]!;
  return {
    steps: [
      ...cut.map(({ problem, partial }) => ({
        kernel: buildGemm(partial, device, fitting(partial, device, choice)),
        operands: [problem.a.input, problem.b.input, scratch],
      })),
      { kernel: total, operands: [scratch, ...(first.epilogue?.inputs ?? []), 'out'] },
    ],
    scratch: [words],
  };
}

/** The variant and tile that were chosen, where they fit; undefined leaves it to the rule. */
function fitting(problem: GemmProblem, device: DeviceFacts, choice?: ProductChoice): GemmChoice | undefined {
  const chosen = gemmChoiceOf(choice);
  return chosen && fitsGemm(problem, device, chosen) === true ? chosen : undefined;
}

function epilogueOf(request: OpRequest): Epilogue | undefined {
  const { epilogue } = request.attrs as { epilogue?: Program };
  if (!epilogue) return undefined;
  const extras = request.inputs.slice(2);
  return {
    program: epilogue,
    operands: extras,
    inputs: extras.map((_, i) => i + 2),
  };
}

function convSizes(request: OpRequest, x: Shape, w: Shape, y: Shape): ConvSizes {
  const { geometry } = request.attrs as {
    geometry: Pick<ConvSizes, 'stride' | 'padding' | 'dilation' | 'groups'>;
  };
  const [n, c, h, width] = x as [number, number, number, number];
  const [cout, , kh, kw] = w as [number, number, number, number];
  const [, , oh, ow] = y as [number, number, number, number];
  return { ...geometry, n, c, h, w: width, cout, kh, kw, oh, ow };
}
