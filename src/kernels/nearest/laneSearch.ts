/**
 * For CPU adapters that read textures (see docs/kernels/gemm.md for what a load costs there). A workgroup is one
 * subgroup; each lane has up to four queries of its own and their lists in registers, so nothing is handed over. Queries
 * are packed into a texture, four columns a texel. A lane loads a row of the bank, which is handed round. For products
 * the bank, a memory of many rows, is read where it lies: a packed copy would take as much memory again, twice (buffer
 * and texture). For differences, where it is a few points, it is packed too: loads from a texture are three times as fast.
 */
import { range } from '../../shape.ts';
import {
  type Binding,
  type DeviceFacts,
  type Element,
  GROUP_INDEX,
  type Kernel,
  linearGrid,
  makeKernel,
  read,
  readTexture,
  TEXTURE_ALIGN,
  type TextureShape,
  textureWords,
  UNKNOWN_ZERO,
  write,
} from '../kernel.ts';
import { perElement } from '../perElement.ts';
import { code, wgsl } from '../wgsl.ts';
import {
  emptyList,
  insertion,
  type Measure,
  orFarthest,
  partStart,
  type Search,
  searchFlops,
  storeList,
} from './search.ts';

/** Subgroups that keep the cores busy, and the fewest rows worth a subgroup. */
const ENOUGH_GROUPS = 16;
const FEWEST_ROWS = 64;

/** Rows of the bank that a subgroup takes at a time. */
const BLOCK = 16;

/** Rows packed into a texture in tiles, four columns a texel. */
interface Packed {
  /** Rows of a tile, texels from one of its quads to the next where it has the texture to itself. */
  readonly width: number;
  readonly pitch: number;
  readonly tiles: number;
  readonly quads: number;
  /** Tiles side by side. */
  readonly across: number;
  readonly texture: TextureShape;
}

const ceilTo = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Queries of one lane. */
function eachOf(m: number, { subgroupSize }: DeviceFacts): 1 | 2 | 4 {
  return m > 2 * subgroupSize ? 4 : m > subgroupSize ? 2 : 1;
}

function packedIn(width: number, rows: number, columns: number, device: DeviceFacts): Packed {
  const pitch = ceilTo(width, TEXTURE_ALIGN);
  const tiles = Math.ceil(rows / width);
  const quads = Math.ceil(columns / 4);
  // A tile to a layer lies in one piece of memory; where there are too few layers, several share one.
  const across = Math.ceil(tiles / Math.max(1, device.maxImageLayers));
  const texture = { width: pitch * across, height: quads, layers: Math.ceil(tiles / across) };
  return { width, pitch, tiles, quads, across, texture };
}

const queriesIn = (m: number, columns: number, device: DeviceFacts): Packed =>
  packedIn(eachOf(m, device) * device.subgroupSize, m, columns, device);

const bankIn = ({ rows, columns }: Search, device: DeviceFacts): Packed =>
  packedIn(BLOCK, rows, columns, device);

/** Whether textures can hold the queries, and the largest of the banks where it is packed. */
export function lanesFit(
  { m, columns, by }: Pick<Search, 'm' | 'columns' | 'by'>,
  rows: number,
  device: DeviceFacts,
): boolean {
  if (!device.software || device.subgroupSize < 4 || device.maxImageSide === 0) return false;
  const packed = [queriesIn(m, columns, device)];
  if (by === 'differences') packed.push(packedIn(BLOCK, rows, columns, device));
  return packed.every(
    ({ texture }) =>
      Math.max(texture.width, texture.height) <= device.maxImageSide &&
      4 * textureWords(texture) <= device.maxBindingBytes,
  );
}

export function laneParts(m: number, rows: number, columns: number, device: DeviceFacts): number {
  const wanted = Math.ceil(ENOUGH_GROUPS / queriesIn(m, columns, device).tiles);
  return Math.max(1, Math.min(wanted, Math.floor(rows / FEWEST_ROWS)));
}

export const queryWords = (m: number, columns: number, device: DeviceFacts): number =>
  textureWords(queriesIn(m, columns, device).texture);

export const bankWords = (s: Search, device: DeviceFacts): number => textureWords(bankIn(s, device).texture);

export const packQueries = (s: Search, device: DeviceFacts): Kernel =>
  pack(`${s.label} pack queries`, s.m, s.columns, s.query, queriesIn(s.m, s.columns, device), device);

export const packBank = (s: Search, device: DeviceFacts): Kernel =>
  pack(`${s.label} pack bank`, s.rows, s.columns, s.bank, bankIn(s, device), device);

/** x [M, C] into a texture's memory: [layer][quad][tile across, place][4]. Zeros beyond M and C. */
function pack(
  label: string,
  m: number,
  columns: number,
  element: Element,
  { width, pitch, across, quads, texture }: Packed,
  device: DeviceFacts,
): Kernel {
  const words = [0, 1, 2, 3].map((c) => {
    const value = `f32(x[query * ${columns}u + quad * 4u + ${c}u])`;
    const inside = columns % 4 === 0 ? 'inside' : `inside && quad * 4u + ${c}u < ${columns}u`;
    return code(`out[i * 4u + ${c}u] = select(0.0, ${value}, ${inside});`);
  });
  return perElement(
    {
      label,
      bindings: [read('x', m * columns, element), write('out', textureWords(texture))],
      total: textureWords(texture) / 4,
      layout: 'x [M, C], out [layer][quad][tile across, place][4].',
      body: wgsl`
      let across = i % ${texture.width}u;
      let quad = i / ${texture.width}u % ${quads}u;
      let tile = i / ${texture.width * quads}u * ${across}u + across / ${pitch}u;
      let query = tile * ${width}u + across % ${pitch}u;
      let inside = across % ${pitch}u < ${width}u && query < ${m}u;
      ${words}`,
    },
    device,
  );
}

export function buildLaneSearch(s: Search, device: DeviceFacts): Kernel {
  const { width, pitch, tiles, quads, across, texture } = queriesIn(s.m, s.columns, device);
  const each = eachOf(s.m, device);
  const lanes = device.subgroupSize;
  const own = range(each);
  const block = range(BLOCK);
  const sources = range(BLOCK / lanes);
  const vector = each === 1 ? 'f32' : `vec${each}f`;
  const bank = s.by === 'products' ? storedBank(s) : packedBank(s, device);
  const starts = sources.map((i) =>
    // Beyond the part's end the last row is read again and ignored.
    code(bank.start(`start${i}`, `min(first_row + lane + ${i * lanes}u, end - 1u)`)),
  );
  const loads = [
    ...sources.map((i) => code(`let w${i} = ${bank.load(`start${i}`)};`)),
    ...own.map((c) => code(`let x${c} = textureLoad(queries, vec2u(column + ${c * lanes}u, quad), layer);`)),
  ];
  const products = block.flatMap((r) => [
    code(`let a${r} = subgroupBroadcast(w${Math.floor(r / lanes)}, ${r % lanes}u);`),
    ...own.map((c) => code(addition(s.by, `sum${r}_${c}`, `a${r}`, `x${c}`))),
  ]);
  const kept = block.map((r) =>
    code(`results[${r}] = ${vector}(${own.map((c) => `sum${r}_${c}`).join(', ')});`),
  );
  const insertions = own.flatMap((c) => {
    const result = each === 1 ? 'results[r]' : `results[r].${'xyzw'[c]!}`;
    const value = orFarthest(s.by === 'products' ? `norm - ${result}` : result);
    const list = insertion(s.kept, `${c}`, `value${c}`, `(first_row + r + ${s.firstRow}u)`);
    return [code(`let value${c} = ${value};`), list];
  });
  return makeKernel({
    label: `${s.label} lanes`,
    bindings: [
      readTexture('queries', texture),
      bank.binding,
      ...(s.by === 'products' ? [read('norms', s.rows)] : []),
      write('out', s.candidates * s.m, 'u32'),
    ],
    grid: linearGrid(tiles * s.parts),
    flops: searchFlops(s),
    enables: ['subgroups'],
    wgsl: wgsl`
      // queries as packQueries lays them out, ${code(bank.layout)}, out [candidate][M].
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
        let group = ${code(GROUP_INDEX)};
        if (group >= ${tiles * s.parts}u) { return; }
        let part = group / ${tiles}u;
        let tile = group % ${tiles}u;
        let layer = tile / ${across}u;
        let column = tile % ${across}u * ${pitch}u + lane;
        let end = ${code(partStart(s, '(part + 1u)'))};
        ${own.map((c) => emptyList(s, `${c}`))}

        for (var first_row = ${code(partStart(s, 'part'))}; first_row < end; first_row += ${BLOCK}u) {
          ${starts}
          ${block.map((r) => code(own.map((c) => `var sum${r}_${c} = 0.0;`).join('  ')))}
          for (var quad = 0u; quad < ${quads}u; quad++) {
            ${loads}
            ${products}
          }
          var results: array<${code(vector)}, ${BLOCK}>;
          ${kept}
          let last = min(${BLOCK}u, end - first_row);
          for (var r = ${code(UNKNOWN_ZERO)}; r < last; r++) {
            ${code(s.by === 'products' ? 'let norm = norms[first_row + r];' : '')}
            ${insertions}
          }
        }
        ${own.map((c) => storeList(s, `${c}`, `(tile * ${width}u + lane + ${c * lanes}u)`, 'part'))}
      }`,
  });
}

/** How a lane reads the bank. */
interface BankReader {
  readonly binding: Binding;
  readonly layout: string;
  /** WGSL: declares where `row`, an expression, begins. */
  start(name: string, row: string): string;
  /** WGSL: four columns, the quad `quad`, of the row that begins at `start`. */
  load(start: string): string;
}

function storedBank({ rows, columns, bank }: Search): BankReader {
  const word = (start: string, c: number): string => {
    const value = `f32(bank[${start} + quad * 4u + ${c}u])`;
    return columns % 4 === 0 ? value : `select(0.0, ${value}, quad * 4u + ${c}u < ${columns}u)`;
  };
  return {
    binding: read('bank', rows * columns, bank),
    layout: 'bank [K, C], norms [K] (half the squared length)',
    start: (name, row) => `let ${name} = ${row} * ${columns}u;`,
    load: (start) => `vec4f(${[0, 1, 2, 3].map((c) => word(start, c)).join(', ')})`,
  };
}

function packedBank(s: Search, device: DeviceFacts): BankReader {
  const { width, pitch, across, texture } = bankIn(s, device);
  return {
    binding: readTexture('bank', texture),
    layout: 'bank as packBank does',
    start: (name, row) => `let ${name}_row = ${row};
let ${name} = vec2u(${name}_row / ${width}u % ${across}u * ${pitch}u + ${name}_row % ${width}u, ${name}_row / ${width * across}u);`,
    load: (start) => `textureLoad(bank, vec2u(${start}.x, quad), ${start}.y)`,
  };
}

/** WGSL: adds four columns' part. Differences are summed one after another, as `exactDistances` sums them. */
function addition(by: Measure, sum: string, a: string, x: string): string {
  if (by === 'products') return `${sum} += dot(${a}, ${x});`;
  const squares = [...'xyzw'].map((c) => `${sum} += d.${c} * d.${c};`);
  return `{ let d = ${a} - ${x};  ${squares.join('  ')} }`;
}
