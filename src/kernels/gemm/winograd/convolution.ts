/** Into Winograd's domain and back, for packed operands (`textures/`): point by point, four channels a texel. */
import { range } from '../../../shape.ts';
import { loaded } from '../../element.ts';
import {
  type DeviceFacts,
  type Element,
  type Kernel,
  read,
  textureWords,
  UNKNOWN_ZERO,
  write,
} from '../../kernel.ts';
import { perElement } from '../../perElement.ts';
import { code, wgsl } from '../../wgsl.ts';
import {
  AT_COLUMN,
  extraAt,
  type GemmProblem,
  perChannel,
  resultBindings,
  storeStatements,
} from '../problem.ts';
import type { Correlation } from '../textures/correlation.ts';
import type { WeightLayout } from '../textures/weightTexture.ts';
import type { WinogradTransform } from './matrices.ts';
import {
  operandElements,
  operandTexture,
  type ProductOperand,
  pixelsOf,
  productsOf,
  type Tiling,
  tilingOf,
  transformTiles,
} from './tiles.ts';
import { alongColumn, alongRows } from './transforms.ts';

/** A convolution in the transformed domain. */
export interface WinogradConv extends Tiling {
  readonly conv: Correlation;
  readonly transform: WinogradTransform;
  /** Tiles are the products' rows and output channels their columns: where there are few tiles, this wastes less. */
  readonly transposed: boolean;
  /** The products over channels, one per pair of points. */
  readonly products: Correlation;
}

export function winogradConv(
  conv: Correlation,
  transform: WinogradTransform,
  transposed: boolean,
): WinogradConv {
  const tiling = tilingOf(conv, transform.m);
  const [rows, columns] = transposed ? [tiling.tiles, conv.rows] : [conv.rows, tiling.tiles];
  return {
    conv,
    transform,
    transposed,
    ...tiling,
    products: productsOf(transform, rows, columns, conv.channels),
  };
}

/** The transformed pixels: columns or, transposed, rows. */
export const tileOperand = ({ transposed, products }: WinogradConv): ProductOperand => ({
  products,
  asRows: transposed,
});

/** The transformed weights: rows or, transposed, columns. */
export const kernelOperand = ({ transposed, products }: WinogradConv): ProductOperand => ({
  products,
  asRows: !transposed,
});

/** B^T d B of every tile of x [N, C, H, W], into `tileOperand`. */
export const transformPixels = (
  label: string,
  w: WinogradConv,
  device: DeviceFacts,
  element: Element = 'f32',
): Kernel =>
  transformTiles(
    `${label} winograd ${w.transform.m} pixels`,
    {
      source: { ...pixelsOf(w.conv), element },
      tiling: w,
      before: [w.conv.y.before, w.conv.x.before],
      matrix: w.transform.input,
      terms: 'channel',
      into: tileOperand(w),
    },
    device,
  );

/** G g G^T of every kernel, into `kernelOperand`. `once`: compile time matters more than run time. */
export function transformWeights(
  label: string,
  w: WinogradConv,
  layout: WeightLayout,
  once: boolean,
  device: DeviceFacts,
  element: Element = 'f32',
): Kernel {
  const { conv: p } = w;
  const { points, m, weight } = w.transform;
  // A GPU would keep arrays indexed by a loop in memory instead of registers.
  const looped = once && device.software;
  const into = kernelOperand(w);
  const texture = operandTexture(into);
  const { total, begin, sizes } = operandElements(into, 'channel');
  const used = p.channels % 4 === 0 ? '' : `term < ${p.channels}u`;
  const { y, x, kernelWidth } = layout;
  const load = (c: number): string => {
    const value = loaded(element, `w[first + ${x.first + c * x.step}u]`);
    return used ? `select(0.0, ${value}, ${used})` : value;
  };
  const row = code(`let first = corner + u32(${y.first} + i32(r) * ${y.step}) * ${kernelWidth}u;`);
  const store =
    (c: string) =>
    (k: number, value: string): string =>
      `out[to + (${k * points}u + ${c}) * ${texture.width * texture.height * 4}u] = ${value};`;
  return perElement(
    {
      label: `${label} winograd ${m} weights`,
      bindings: [read('w', layout.length, element), write('out', textureWords(texture))],
      total,
      sizes,
      layout: `out [point][block of rows][channel quad][row][4]: an invocation has all ${points} x ${points} points of one kernel.`,
      body: wgsl`
      ${begin}
      let corner = index * ${layout.row}u + term * ${layout.channel}u;
      ${alongRows(weight, row, load, looped)}
      ${
        looped
          ? wgsl`
        for (var c = ${code(UNKNOWN_ZERO)}; c < outer; c++) {
          ${alongColumn(weight, 'c', store('c'))}
        }`
          : range(points).map((c) => alongColumn(weight, `${c}`, store(`${c}u`)))
      }`,
    },
    device,
  );
}

/** A^T of the products [point][row][tile] A, through the epilogue of `problem`. */
export function transformResults(problem: GemmProblem, w: WinogradConv, device: DeviceFacts): Kernel {
  const { conv: p, down, across, tiles } = w;
  const { points, m, output } = w.transform;
  const size = p.rows * tiles;
  const [height, width] = [p.y.out, p.x.out];
  const load = (c: number): string => `sums[first + ${c}u * size]`;
  // One store's text in a loop over rows instead of one per row, for the compiler's sake too.
  const columns = range(m).map((c) =>
    alongColumn(output, `${c}`, (k, value) => `results[${k}][${c}] = ${value};`),
  );
  const ofRow = new Map(perChannel(problem).map((at) => [at, `row${at}`]));
  const rowLoads = [...ofRow].map(([at, name]) => code(`let ${name} = ${extraAt(problem, at, 'row')};`));
  // The position is at hand: no need to take it apart again.
  const placed: GemmProblem = { ...problem, store: AT_COLUMN };
  const stores = range(m).map((c) => {
    const store = storeStatements(
      placed,
      { m: 'row', z: '0u', column: `(to + ${c}u)` },
      `result${c}`,
      `${c}`,
      ofRow,
    );
    const body = `let result${c} = results[r].${'xyzw'[c]!};\n${store.text}`;
    return code(
      width % m === 0 ? `{\n${body}\n}` : `if (left + ${c}u < ${width}u) {\n${body}\n}`,
      ...store.functions,
    );
  });
  return perElement(
    {
      label: `${problem.label} winograd ${m} results`,
      bindings: [read('sums', points * points * size), ...resultBindings(problem)],
      total: size,
      sizes: { tiles },
      layout: `sums [point][row][tile]: an invocation has one tile of ${m} x ${m} results.`,
      body: wgsl`
      let size = sizes.total;
      let row = i / sizes.tiles;
      let tile = i - row * sizes.tiles;
      let image = tile / ${down * across}u;
      let top = tile / ${across}u % ${down}u * ${m}u;
      let left = tile % ${across}u * ${m}u;
      ${rowLoads}
      ${alongRows(output, code(`let first = i + r * ${points}u * size;`), load, device.software)}
      var results: array<${code(`vec${m}f`)}, ${m}>;
      ${columns}
      for (var r = ${code(device.software && m > 2 ? UNKNOWN_ZERO : '0u')}; r < ${code(height % m === 0 ? `${m}u` : `min(${m}u, ${height}u - top)`)}; r++) {
        let to = ((image * ${p.rows}u + row) * ${height}u + top + r) * ${width}u + left;
        ${stores}
      }`,
    },
    device,
  );
}
