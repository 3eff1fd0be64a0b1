/** Into Winograd's domain and back, for the packed operands of `images.ts`: point by point, four channels a texel. */
import { type DeviceFacts, type ImageShape, imageWords, type Kernel, read, write } from '../kernel.ts';
import { perElement } from '../perElement.ts';
import { code, floatLiteral, type Wgsl, wgsl } from '../wgsl.ts';
import { channelQuads, type ImageAxis, type ImageConv } from './images.ts';
import { blockedWord, pixelImage } from './pixelImages.ts';
import { type GemmProblem, gemmBindings, perChannel, range, storeStatements } from './problem.ts';
import { type WeightLayout, weightImage, weightWord } from './weightImages.ts';
import type { Matrix, WinogradTransform } from './winograd.ts';

/** A convolution in the transformed domain. */
export interface WinogradConv {
  readonly conv: ImageConv;
  readonly transform: WinogradTransform;
  /** Tiles of m x m results: of an image's height and width, and of all images. */
  readonly down: number;
  readonly across: number;
  readonly tiles: number;
  /** Tiles are the products' rows and output channels their columns: where there are few tiles, this wastes less. */
  readonly turned: boolean;
  /** The products over channels, one per pair of points. */
  readonly products: ImageConv;
}

export function winogradConv(conv: ImageConv, transform: WinogradTransform, turned: boolean): WinogradConv {
  const { m, points } = transform;
  const [down, across] = [Math.ceil(conv.y.out / m), Math.ceil(conv.x.out / m)];
  const tiles = conv.images * down * across;
  const axis = (size: number): ImageAxis => ({ size, out: size, stride: 1, taps: 1, step: 1, before: 0 });
  const [rows, columns] = turned ? [tiles, conv.rows] : [conv.rows, tiles];
  const products = {
    products: points ** 2,
    images: 1,
    channels: conv.channels,
    rows,
    y: axis(1),
    x: axis(columns),
  };
  return { conv, transform, down, across, tiles, turned, products };
}

/** Where the transformed pixels lie: as columns or, turned, as rows. */
export const tileImage = ({ turned, products }: WinogradConv): ImageShape =>
  turned ? weightImage(products) : pixelImage(products);

/** Where the transformed weights lie: as rows or, turned, as columns. */
export const kernelImage = ({ turned, products }: WinogradConv): ImageShape =>
  turned ? pixelImage(products) : weightImage(products);

/** B^T d B of every tile of x [N, C, H, W], into `tileImage`. */
export function transformPixels(label: string, w: WinogradConv, device: DeviceFacts): Kernel {
  const { conv: p, down, across, tiles } = w;
  const { points, m, input } = w.transform;
  const image = tileImage(w);
  const channels = channelQuads(p) * 4;
  const filled = p.channels % 4 === 0 ? '' : ` && channel < ${p.channels}u`;
  const columns = range(points).map((c) =>
    code(`let x${c} = left + ${c};  let in_x${c} = u32(x${c}) < ${p.x.size}u${filled};`),
  );
  const load = (c: number): string =>
    `select(0.0, x[u32(plane + y * ${p.x.size} + x${c})], in_y && in_x${c})`;
  return perElement(
    {
      label: `${label} winograd ${m} pixels`,
      bindings: [read('x', p.images * p.channels * p.y.size * p.x.size), write('out', imageWords(image))],
      total: tiles * channels,
      layout: `out [point][block of tiles][channel quad][tile][4]: an invocation has all ${points} x ${points} points of one channel of one tile of ${m} x ${m} results.`,
      body: wgsl`
      let tile = i % ${tiles}u;
      let channel = i / ${tiles}u;
      let top = i32(tile / ${across}u % ${down}u) * ${m} - (${p.y.before});
      let left = i32(tile % ${across}u) * ${m} - (${p.x.before});
      let image = tile / ${down * across}u;
      let plane = i32((image * ${p.channels}u + channel) * ${p.y.size * p.x.size}u);
      ${columns}
      let to = ${word(w.products, w.turned, 'tile')};
      ${alongRows(input, code(`let y = top + i32(r);\nlet in_y = u32(y) < ${p.y.size}u;`), load)}
      ${range(points).map((c) => alongColumn(input, `${c}`, (k, value) => `out[to + ${(k * points + c) * image.width * image.height * 4}u] = ${value};`))}`,
    },
    device,
  );
}

/** G g G^T of every kernel, into `kernelImage`. `once`: a short text to compile counts for more than the time it takes. */
export function transformWeights(
  label: string,
  w: WinogradConv,
  layout: WeightLayout,
  once: boolean,
  device: DeviceFacts,
): Kernel {
  const { conv: p } = w;
  const { points, m, weight } = w.transform;
  const image = kernelImage(w);
  const quads = channelQuads(p);
  const used = p.channels % 4 === 0 ? '' : `channel < ${p.channels}u`;
  const { y, x, kernelWidth } = layout;
  const load = (c: number): string => {
    const value = `w[first + ${x.first + c * x.step}u]`;
    return used ? `select(0.0, ${value}, ${used})` : value;
  };
  const row = code(`let first = corner + u32(${y.first} + i32(r) * ${y.step}) * ${kernelWidth}u;`);
  const store =
    (c: string) =>
    (k: number, value: string): string =>
      `out[to + (${k * points}u + ${c}) * ${image.width * image.height * 4}u] = ${value};`;
  return perElement(
    {
      label: `${label} winograd ${m} weights`,
      bindings: [read('w', layout.length), write('out', imageWords(image))],
      total: Math.ceil(p.rows / 16) * 64 * quads,
      layout: `out [point][block of rows][channel quad][row][4]: an invocation has all ${points} x ${points} points of one kernel.`,
      body: wgsl`
      // In the order of the result: neighbours write side by side.
      let row = i / ${64 * quads}u * 16u + i / 4u % 16u;
      let channel = i / 64u % ${quads}u * 4u + i % 4u;
      if (row >= ${p.rows}u) { continue; }
      let corner = row * ${layout.row}u + channel * ${layout.channel}u;
      let to = ${word(w.products, !w.turned, 'row')};
      ${alongRows(weight, row, load, once)}
      ${
        once
          ? wgsl`
        for (var c = 0u; c < outer; c++) {
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
  const load = (c: number): string => `sums[first + ${c * size}u]`;
  // One store's text in a loop over rows instead of one per row, for the compiler's sake too.
  const columns = range(m).map((c) =>
    alongColumn(output, `${c}`, (k, value) => `results[${k}][${c}] = ${value};`),
  );
  const ofRow = new Map(perChannel(problem).map((at) => [at, `row${at}`]));
  const rowLoads = [...ofRow].map(([at, name]) => code(`let ${name} = extra${at}[row];`));
  // The position is at hand: no need to take it apart again.
  const placed: GemmProblem = { ...problem, store: (_, place) => place };
  const stores = range(m).map((c) => {
    const store = storeStatements(
      placed,
      { m: 'row', n: `(to + ${c}u)`, z: '0u' },
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
      bindings: [
        read('sums', points * points * size),
        ...gemmBindings(
          problem,
          problem.outShape.reduce((product, extent) => product * extent, 1),
        ).slice(2),
      ],
      total: size,
      layout: `sums [point][row][tile]: an invocation has one tile of ${m} x ${m} results.`,
      body: wgsl`
      let tile = i % ${tiles}u;
      let row = i / ${tiles}u;
      let image = tile / ${down * across}u;
      let top = tile / ${across}u % ${down}u * ${m}u;
      let left = tile % ${across}u * ${m}u;
      ${rowLoads}
      ${alongRows(output, code(`let first = i + r * ${points * size}u;`), load)}
      var results: array<${code(`vec${m}f`)}, ${m}>;
      ${columns}
      let rows = ${height % m === 0 ? m : code(`min(${m}u, ${height}u - top)`)};
      for (var r = 0u; r < ${height % m === 0 ? code(`${m}u`) : code('rows')}; r++) {
        let to = ((image * ${p.rows}u + row) * ${height}u + top + r) * ${width}u + left;
        ${stores}
      }`,
    },
    device,
  );
}

/** WGSL: the element of point 0 and `channel` in row or column `index` of the products. */
const word = (products: ImageConv, asRow: boolean, index: string): Wgsl =>
  code(
    asRow
      ? `${weightWord(products, index, 'channel / 4u')} + channel % 4u`
      : `${blockedWord(products, 'channel / 4u', index)} + channel % 4u`,
  );

/**
 * X `matrix`^T into `between`, a row of X at a time; `load(k)` is element k of row `r`. Looped, because a load costs a
 * CPU adapter's compiler some 15 ms, 36 of them half a second; then it declares `outer`, the number of columns.
 */
function alongRows(matrix: Matrix, before: Wgsl, load: (k: number) => string, looped = true): Wgsl {
  const inner = matrix[0]!.length;
  const outer = matrix.length;
  const terms = range(inner).map((k) => `d${k}`);
  const row = wgsl`
    ${before}
    ${terms.map((term, k) => code(`let ${term} = ${load(k)};`))}
    ${transform1d(matrix, terms, 't').map((line) => code(line))}
    ${range(outer).map((k) => code(`between[r][${k}] = t${k};`))}`;
  const declared = code(`var between: array<array<f32, ${outer}>, ${inner}>;`);
  if (!looped)
    return wgsl`
    ${declared}
    ${range(inner).map(
      (r) => wgsl`
      {
        const r = ${code(`${r}u`)};
        ${row}
      }`,
    )}`;
  return wgsl`
    // The grid is flat, so wid.z is 0; the compiler does not know, or it would unroll the loops.
    let inner = ${inner}u + wid.z;
    let outer = ${outer}u + wid.z;
    ${declared}
    for (var r = 0u; r < inner; r++) {
      ${row}
    }`;
}

/** `matrix` times column `c` of `between`; `store(k, value)` takes element k. */
function alongColumn(matrix: Matrix, c: string, store: (k: number, value: string) => string): Wgsl {
  const terms = range(matrix[0]!.length).map((k) => `between[${k}][${c}]`);
  const stores = range(matrix.length).map((k) => store(k, `v${k}`));
  return code(`{\n${[...transform1d(matrix, terms, 'v'), ...stores].join('\n')}\n}`);
}

/** Statements for `matrix` x. Rows of mirrored points, +p and -p, share the sums of their even and odd terms. */
function transform1d(matrix: Matrix, x: readonly string[], prefix: string): string[] {
  const name = (row: number): string => `${prefix}${row}`;
  const lines: string[] = [];
  for (let row = 0; row < matrix.length; row++) {
    const terms = matrix[row]!;
    const next = matrix[row + 1];
    if (next && mirrored(terms, next)) {
      const [even, odd] = [0, 1].map((parity) =>
        sum(
          terms.map((value, k) => (k % 2 === parity ? value : 0)),
          x,
        ),
      );
      const [e, o] = [`${name(row)}_even`, `${name(row)}_odd`];
      lines.push(`let ${e} = ${even};  let ${o} = ${odd};`);
      lines.push(`let ${name(row)} = ${e} + ${o};  let ${name(row + 1)} = ${e} - ${o};`);
      row++;
    } else lines.push(`let ${name(row)} = ${sum(terms, x)};`);
  }
  return lines;
}

const mirrored = (a: readonly number[], b: readonly number[]): boolean =>
  a.some((value, k) => k % 2 === 1 && value !== 0) &&
  a.every((value, k) => b[k] === (k % 2 === 0 ? value : -value));

/** A weighted sum as WGSL. */
function sum(weights: readonly number[], x: readonly string[]): string {
  const terms = weights.flatMap((weight, k) => {
    if (weight === 0) return [];
    if (weight === 1) return [x[k]!];
    return [`${floatLiteral(weight)} * ${x[k]!}`];
  });
  return terms.length === 0 ? '0.0' : terms.join(' + ');
}
