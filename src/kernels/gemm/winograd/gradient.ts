/**
 * The weight gradient of a 3x3 convolution at stride 1 through Winograd's domain: the transpose of the forward transform.
 * dG = G^T [sum over tiles of (A dy A^T) . (B^T x B)] G: per pair of points one product over tiles.
 */
import { range } from '../../../shape.ts';
import { type DeviceFacts, type Kernel, read, textureWords, write } from '../../kernel.ts';
import type { Lowered } from '../../lowering.ts';
import { perElement } from '../../perElement.ts';
import { code, wgsl } from '../../wgsl.ts';
import { type GemmProblem, gemmFlops } from '../problem.ts';
import type { Correlation } from '../textures/correlation.ts';
import type { Matrix, WinogradTransform } from './matrices.ts';
import { winogradProduct } from './product.ts';
import {
  operandTexture,
  type ProductOperand,
  pixelsOf,
  productsOf,
  resultsOf,
  type Tiling,
  tilingOf,
  transformTiles,
} from './tiles.ts';
import { alongColumn, alongRows } from './transforms.ts';

export interface WinogradGrad extends Tiling {
  readonly conv: Correlation;
  readonly transform: WinogradTransform;
  /** Output channels are rows, input channels columns, tiles the terms. */
  readonly products: Correlation;
}

export function winogradGrad(conv: Correlation, transform: WinogradTransform): WinogradGrad {
  const tiling = tilingOf(conv, transform.m);
  return {
    conv,
    transform,
    ...tiling,
    products: productsOf(transform, conv.rows, conv.channels, tiling.tiles),
  };
}

const transposed = (matrix: Matrix): Matrix => matrix[0]!.map((_, c) => matrix.map((row) => row[c]!));

/** Inputs x, dy. */
export function winogradGradSteps(problem: GemmProblem, w: WinogradGrad, device: DeviceFacts): Lowered {
  const { conv, transform, products } = w;
  const [ofDy, ofX] = [problem.a.binding.element, problem.b.binding.element];
  const { points, m, input, output } = transform;
  const label = `${problem.label} winograd ${m}`;
  const z = points ** 2;
  const inDomain: GemmProblem = {
    ...problem,
    label,
    m: conv.rows,
    n: conv.channels,
    k: w.tiles,
    kVaries: true,
    z,
    store: {
      row: (row, point) => `(${point} * sizes.m + ${row}) * sizes.n`,
      column: (column) => column,
      inFours: conv.channels % 4 === 0,
    },
    outShape: [z, conv.rows, conv.channels],
  };
  const product = { ...winogradProduct(inDomain, products, device), flops: gemmFlops(problem) };
  const [pixels, gradients, sums] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const [rows, columns] = [true, false].map((asRows) => ({ products, asRows })) as [
    ProductOperand,
    ProductOperand,
  ];
  const common = { tiling: w, terms: 'tile' } as const;
  const x = transformTiles(
    `${label} pixels`,
    {
      ...common,
      source: { ...pixelsOf(conv), element: ofX },
      before: [conv.y.before, conv.x.before],
      matrix: input,
      into: columns,
    },
    device,
  );
  const dy = transformTiles(
    `${label} dy`,
    {
      ...common,
      source: { ...resultsOf(conv), element: ofDy },
      before: [0, 0],
      matrix: transposed(output),
      into: rows,
    },
    device,
  );
  return {
    steps: [
      { kernel: x, operands: [0, pixels] },
      { kernel: dy, operands: [1, gradients] },
      { kernel: product, operands: [gradients, pixels, sums] },
      { kernel: backToKernels(`${label} results`, w, device), operands: [sums, 'out'] },
    ],
    scratch: [
      textureWords(operandTexture(columns)),
      textureWords(operandTexture(rows)),
      z * conv.rows * conv.channels,
    ],
  };
}

/** G^T of the products [point][output channel][input channel] G, into [output channel][input channel][3][3]. */
function backToKernels(label: string, { conv, transform }: WinogradGrad, device: DeviceFacts): Kernel {
  const { points, weight } = transform;
  const size = conv.rows * conv.channels;
  const matrix = transposed(weight);
  return perElement(
    {
      label,
      bindings: [read('sums', points * points * size), write('out', size * 9)],
      total: size,
      layout: 'sums [point][kernel], out [kernel][3][3]: an invocation has one kernel.',
      body: wgsl`
        ${alongRows(matrix, code(`let first = i + r * ${points * size}u;`), (c) => `sums[first + ${c * size}u]`, device.software)}
        ${range(3).map((c) => alongColumn(matrix, `${c}`, (k, value) => `out[i * 9u + ${k * 3 + c}u] = ${value};`))}`,
    },
    device,
  );
}
