import { product, range, type Shape } from '../../shape.ts';
import { broadcastIndex } from '../broadcast.ts';
import type { OpRequest } from '../lowering.ts';
import type { Program } from '../program.ts';
import type { ProductLowering } from './choices.ts';
import {
  type ConvSizes,
  matrix,
  outputRows,
  type PhaseAxis,
  patches,
  patchesTransposed,
  perGroup,
  phasePatches,
  phases,
  phaseWeights,
} from './convOperands.ts';
import { joined, lowerUncut, lowerWhole } from './lowerProduct.ts';
import type { Epilogue } from './problem.ts';
import { PRODUCT_VARIANTS } from './productVariants.ts';
import { packedRows, packedWords, packTapsFirst, suitsTapsFirst, type TapOrder } from './tapsFirst.ts';
import {
  type Correlation,
  type CorrelationAxis,
  commonFrame,
  everyPlace,
  type Frame,
} from './textures/correlation.ts';
import type { WeightLayout } from './textures/weightTexture.ts';
import type { CorrelatedOperands, Product } from './variant.ts';
import { VARIANTS } from './variants.ts';

type Fused = { readonly epilogue?: Program };
/** Attributes of a matrix product that its kernels read. */
export type MatmulAttrs = Fused & Readonly<Record<'transposeA' | 'transposeB', boolean>>;
/** The same for a convolution and its gradients. */
export type ConvolutionAttrs = Fused & {
  readonly geometry: Pick<ConvSizes, 'stride' | 'padding' | 'dilation' | 'groups'>;
};

/** a [..., M, K] times b [..., K, N]. */
const matmul: ProductLowering<MatmulAttrs> = (request, device) => {
  const [a, b] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const { transposeA, transposeB } = request.attrs;
  const out = request.out.shape;
  const [m, n] = out.slice(-2) as [number, number];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const batch = out.slice(0, -2);
  const problem: Product = {
    label: request.label,
    constant: constantOf(request),
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
    store: {
      row: (row, z) => `${z} * sizes.result + ${row} * sizes.n`,
      column: (column) => column,
      inFours: n % 4 === 0,
    },
    sizes: { result: m * n },
    outShape: out,
    outElement: request.out.element,
    epilogue: epilogueOf(request),
    // a times b as a 1x1 convolution: a's rows are its weights, b's columns its positions.
    correlated: {
      correlation: { images: 1, channels: k, rows: m, y: everyPlace(1), x: everyPlace(n) },
      pixels: 1,
      strides: { image: 0, row: 0, ...(transposeB ? { channel: 1, column: k } : { channel: n, column: 1 }) },
      weights: 0,
      layout: {
        length: m * k,
        ...(transposeA ? { row: 1, channel: m } : { row: k, channel: 1 }),
        y: ONE_TAP,
        x: ONE_TAP,
        kernelWidth: 1,
      },
    },
  };
  return lowerWhole(PRODUCT_VARIANTS, [problem], device, request.choice);
};

/** A = weight [Cout, Cin kh kw], B = patches of x. */
const conv2d: ProductLowering<ConvolutionAttrs> = (request, device) => {
  const [x, w] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const s = convSizes(request, x.shape, w.shape, request.out.shape);
  const { cin, cout } = perGroup(s);
  const taps = s.kh * s.kw;
  const k = cin * taps;
  const positions = s.oh * s.ow;
  const order: TapOrder = {
    length: product(w.shape),
    element: w.element,
    groups: s.groups,
    rows: cout,
    channels: cin,
    strides: { group: cout * k, row: k, channel: taps },
    products: [range(taps)],
  };
  const problem: Product = {
    label: request.label,
    constant: constantOf(request),
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
      inFours: positions % 4 === 0,
    },
    outShape: request.out.shape,
    outElement: request.out.element,
    epilogue: epilogueOf(request),
    conv: s,
    correlated: {
      correlation: correlationOf(s),
      pixels: 0,
      weights: 1,
      layout: {
        length: s.cout * s.c * s.kh * s.kw,
        row: s.c * s.kh * s.kw,
        channel: s.kh * s.kw,
        y: ONE_TAP,
        x: ONE_TAP,
        kernelWidth: s.kw,
      },
    },
    ...(suitsTapsFirst(order, device) && {
      tapsFirst: {
        pack: packTapsFirst(request.label, order, device),
        words: packedWords(order),
        a: packedRows(order, 0),
        b: patches(s, 0, x.element, 'taps'),
      },
    }),
  };
  return lowerWhole(VARIANTS, [problem], device, request.choice);
};

/** One product per phase of the stride, so no multiplication by a structural zero. */
const conv2dInputGrad: ProductLowering<ConvolutionAttrs> = (request, device) => {
  const [dy, w] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const s = convSizes(request, request.out.shape, w.shape, dy.shape);
  const { cin, cout } = perGroup(s);
  const rowPhases = phases(s.h, s.kh, s.stride[0], s.padding[0], s.dilation[0]);
  const columnPhases = phases(s.w, s.kw, s.stride[1], s.padding[2], s.dilation[1]);
  // On a GPU phases run side by side and long sums are cut; a CPU adapter computes one phase at a time.
  const alone = device.software || rowPhases.length * columnPhases.length === 1;
  const kernel = s.kh * s.kw;
  const order: TapOrder = {
    length: product(w.shape),
    element: w.element,
    groups: s.groups,
    rows: cin,
    channels: cout,
    strides: { group: cout * cin * kernel, row: kernel, channel: cin * kernel },
    products: rowPhases.flatMap((rows) =>
      columnPhases.map((columns) =>
        tapsOfPhase(rows).flatMap((y) => tapsOfPhase(columns).map((x) => y * s.kw + x)),
      ),
    ),
  };
  const pack = suitsTapsFirst(order, device) ? packTapsFirst(request.label, order, device) : undefined;
  const parts = rowPhases.flatMap((rows, y) =>
    columnPhases.map((columns, x): Product => {
      const positions = rows.count * columns.count;
      return {
        label: request.label,
        constant: constantOf(request),
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
          inFours: s.stride.every((step) => step === 1) && positions % 4 === 0,
        },
        outShape: request.out.shape,
        outElement: request.out.element,
        epilogue: epilogueOf(request),
        ...(alone && rows.taps > 0 && columns.taps > 0 && { correlated: phaseCorrelation(s, rows, columns) }),
        ...(pack && {
          tapsFirst: {
            pack,
            words: packedWords(order),
            a: packedRows(order, y * columnPhases.length + x),
            b: phasePatches(s, rows, columns, 0, dy.element, 'taps'),
          },
        }),
      };
    }),
  );
  if (!device.software) return lowerWhole(VARIANTS, parts, device, request.choice);
  return joined(inOneFrame(parts).map((part) => lowerUncut(VARIANTS, part, device, request.choice)));
};

/** Phases read the same pixels at other places: with one frame for all that read several, these are packed once. */
function inOneFrame(parts: readonly Product[]): Product[] {
  const several = parts.flatMap(({ correlated }) =>
    correlated && correlated.correlation.y.taps * correlated.correlation.x.taps > 1
      ? [correlated.correlation]
      : [],
  );
  if (several.length < 2) return [...parts];
  const [y, x] = (['y', 'x'] as const).map((axis) => commonFrame(several.map((each) => each[axis]))) as [
    Frame,
    Frame,
  ];
  return parts.map((part): Product => {
    const { correlated } = part;
    if (!correlated || !several.includes(correlated.correlation)) return part;
    const { correlation: p } = correlated;
    const framed = { ...p, y: { ...p.y, frame: y }, x: { ...p.x, frame: x } };
    return { ...part, correlated: { ...correlated, correlation: framed } };
  });
}

const tapsOfPhase = ({ taps, first, step }: PhaseAxis): number[] => range(taps).map((t) => first + t * step);

/** A = dy [Cout, images and positions], B = patches of x; the sum runs over the whole batch. */
const conv2dWeightGrad: ProductLowering<ConvolutionAttrs> = (request, device) => {
  const [x, dy] = request.inputs as [OpRequest['inputs'][number], OpRequest['inputs'][number]];
  const s = convSizes(request, x.shape, request.out.shape, dy.shape);
  const { cin, cout } = perGroup(s);
  const n = cin * s.kh * s.kw;
  const problem: Product = {
    label: request.label,
    constant: constantOf(request),
    m: cout,
    n,
    k: s.n * s.oh * s.ow,
    kVaries: true,
    z: s.groups,
    a: outputRows(s, 1, dy.element),
    b: patchesTransposed(s, 0, x.element),
    store: {
      row: (m, z) => `(${z} * ${cout}u + ${m}) * ${n}u`,
      column: (column) => column,
      inFours: n % 4 === 0,
    },
    outShape: request.out.shape,
    outElement: request.out.element,
    gradientOf: correlationOf(s),
  };
  return lowerWhole(VARIANTS, [problem], device, request.choice);
};

export const matmulKernels = { matmul };
export const convKernels = { conv2d, conv2dInputGrad, conv2dWeightGrad };
/** Of all products. Written out, so that a bundler can leave it away. */
export const gemmKernels = { matmul, conv2d, conv2dInputGrad, conv2dWeightGrad };

const constantOf = ({ constant = [] }: Pick<OpRequest, 'constant'>): readonly boolean[] => constant;

const ONE_TAP: WeightLayout['y'] = { first: 0, step: 1 };

const correlationOf = (s: ConvSizes): Correlation => ({
  images: s.n,
  channels: s.c,
  rows: s.cout,
  y: { size: s.h, out: s.oh, stride: s.stride[0], taps: s.kh, step: s.dilation[0], before: s.padding[0] },
  x: { size: s.w, out: s.ow, stride: s.stride[1], taps: s.kw, step: s.dilation[1], before: s.padding[2] },
});

/** One phase of dx as a correlation of dy with the weights, whose taps are walked from the last to the first. */
function phaseCorrelation(s: ConvSizes, rows: PhaseAxis, columns: PhaseAxis): CorrelatedOperands {
  const axis = (phase: PhaseAxis, size: number): CorrelationAxis => ({
    size,
    out: phase.count,
    stride: 1,
    taps: phase.taps,
    step: Math.max(1, phase.offsetStep),
    // Tap t reads row i + offset - t offsetStep.
    before: (phase.taps - 1) * phase.offsetStep - phase.offset,
  });
  const reversed = (phase: PhaseAxis): WeightLayout['y'] => ({
    first: phase.first + (phase.taps - 1) * phase.step,
    step: -phase.step,
  });
  return {
    correlation: { images: s.n, channels: s.cout, rows: s.c, y: axis(rows, s.oh), x: axis(columns, s.ow) },
    pixels: 0,
    weights: 1,
    layout: {
      length: s.cout * s.c * s.kh * s.kw,
      row: s.kh * s.kw,
      channel: s.c * s.kh * s.kw,
      y: reversed(rows),
      x: reversed(columns),
      kernelWidth: s.kw,
    },
  };
}

function epilogueOf(request: OpRequest<Fused>): Epilogue | undefined {
  const { epilogue } = request.attrs;
  if (!epilogue) return undefined;
  const extras = request.inputs.slice(2);
  return {
    program: epilogue,
    operands: extras,
    inputs: extras.map((_, i) => i + 2),
  };
}

function convSizes(request: OpRequest<ConvolutionAttrs>, x: Shape, w: Shape, y: Shape): ConvSizes {
  const { geometry } = request.attrs;
  const [n, c, h, width] = x as [number, number, number, number];
  const [cout, , kh, kw] = w as [number, number, number, number];
  const [, , oh, ow] = y as [number, number, number, number];
  return { ...geometry, n, c, h, w: width, cout, kh, kw, oh, ow };
}
