/**
 * For CPU adapters that read textures (see docs/kernels/gemm.md for what a load costs there). A workgroup is one
 * subgroup; each lane has up to four queries of its own and their lists in registers, so nothing is handed over. Queries
 * are packed into a texture, four columns a texel; the bank is read where it lies, each lane one row and handed round:
 * a packed copy would take as much memory again, twice (buffer and texture).
 */
import { range } from '../../shape.ts';
import {
  type DeviceFacts,
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
  orFarthest,
  partStart,
  type Search,
  searchFlops,
  storeList,
} from './search.ts';

/** Subgroups that keep the cores busy, and the fewest rows worth a subgroup. */
const ENOUGH_GROUPS = 16;
const FEWEST_ROWS = 64;

interface Layout {
  /** Queries of one lane. */
  readonly each: 1 | 2 | 4;
  /** Queries of one subgroup, texels from one of its quads to the next where it has the texture to itself. */
  readonly width: number;
  readonly pitch: number;
  readonly tiles: number;
  readonly quads: number;
  /** Tiles side by side. */
  readonly across: number;
  readonly texture: TextureShape;
}

const ceilTo = (value: number, step: number): number => Math.ceil(value / step) * step;

function layoutOf(m: number, columns: number, device: DeviceFacts): Layout {
  const lanes = device.subgroupSize;
  const each = m > 2 * lanes ? 4 : m > lanes ? 2 : 1;
  const width = each * lanes;
  const pitch = ceilTo(width, TEXTURE_ALIGN);
  const tiles = Math.ceil(m / width);
  const quads = Math.ceil(columns / 4);
  // A tile to a layer lies in one piece of memory; where there are too few layers, several share one.
  const across = Math.ceil(tiles / Math.max(1, device.maxImageLayers));
  const texture = { width: pitch * across, height: quads, layers: Math.ceil(tiles / across) };
  return { each, width, pitch, tiles, quads, across, texture };
}

export function lanesFit(m: number, columns: number, device: DeviceFacts): boolean {
  if (!device.software || device.subgroupSize < 4 || device.maxImageSide === 0) return false;
  const { texture } = layoutOf(m, columns, device);
  return (
    Math.max(texture.width, texture.height) <= device.maxImageSide &&
    4 * textureWords(texture) <= device.maxBindingBytes
  );
}

export function laneParts(m: number, rows: number, columns: number, device: DeviceFacts): number {
  const wanted = Math.ceil(ENOUGH_GROUPS / layoutOf(m, columns, device).tiles);
  return Math.max(1, Math.min(wanted, Math.floor(rows / FEWEST_ROWS)));
}

export const queryWords = (m: number, columns: number, device: DeviceFacts): number =>
  textureWords(layoutOf(m, columns, device).texture);

/** x [M, C] into the texture's memory: [layer][quad][tile across, place][4]. Zeros beyond M and C. */
export function packQueries(s: Search, device: DeviceFacts): Kernel {
  const { width, pitch, across, quads, texture } = layoutOf(s.m, s.columns, device);
  const words = [0, 1, 2, 3].map((c) => {
    const value = `f32(x[query * ${s.columns}u + quad * 4u + ${c}u])`;
    const inside = s.columns % 4 === 0 ? 'inside' : `inside && quad * 4u + ${c}u < ${s.columns}u`;
    return code(`out[i * 4u + ${c}u] = select(0.0, ${value}, ${inside});`);
  });
  return perElement(
    {
      label: `${s.label} pack queries`,
      bindings: [read('x', s.m * s.columns, s.query), write('out', textureWords(texture))],
      total: textureWords(texture) / 4,
      layout: 'x [M, C], out [layer][quad][tile across, place][4].',
      body: wgsl`
      let across = i % ${texture.width}u;
      let quad = i / ${texture.width}u % ${quads}u;
      let tile = i / ${texture.width * quads}u * ${across}u + across / ${pitch}u;
      let query = tile * ${width}u + across % ${pitch}u;
      let inside = across % ${pitch}u < ${width}u && query < ${s.m}u;
      ${words}`,
    },
    device,
  );
}

export function buildLaneSearch(s: Search, device: DeviceFacts): Kernel {
  const { each, width, pitch, tiles, quads, across, texture } = layoutOf(s.m, s.columns, device);
  const lanes = device.subgroupSize;
  const height = 16;
  const own = range(each);
  const block = range(height);
  const sources = range(height / lanes);
  const vector = each === 1 ? 'f32' : `vec${each}f`;
  const starts = sources.map((i) =>
    // Beyond the part's end the last row is read again and ignored.
    code(`let start${i} = min(first_row + lane + ${i * lanes}u, end - 1u) * ${s.columns}u;`),
  );
  const word = (i: number, c: number): string => {
    const value = `f32(bank[start${i} + quad * 4u + ${c}u])`;
    return s.columns % 4 === 0 ? value : `select(0.0, ${value}, quad * 4u + ${c}u < ${s.columns}u)`;
  };
  const loads = [
    ...sources.map((i) => code(`let w${i} = vec4f(${[0, 1, 2, 3].map((c) => word(i, c)).join(', ')});`)),
    ...own.map((c) => code(`let x${c} = textureLoad(queries, vec2u(column + ${c * lanes}u, quad), layer);`)),
  ];
  const products = block.map((r) =>
    code(
      [
        `let a${r} = subgroupBroadcast(w${Math.floor(r / lanes)}, ${r % lanes}u);`,
        ...own.map((c) => `sum${r}_${c} += dot(a${r}, x${c});`),
      ].join('\n'),
    ),
  );
  const kept = block.map((r) =>
    code(`results[${r}] = ${vector}(${own.map((c) => `sum${r}_${c}`).join(', ')});`),
  );
  const insertions = own.map((c) => {
    const value = orFarthest(each === 1 ? 'norm - results[r]' : `norm - results[r].${'xyzw'[c]!}`);
    const list = insertion(s.kept, `${c}`, `value${c}`, `(first_row + r + ${s.firstRow}u)`);
    return code(`let value${c} = ${value};\n${list.text}`);
  });
  return makeKernel({
    label: `${s.label} lanes`,
    bindings: [
      readTexture('queries', texture),
      read('bank', s.rows * s.columns, s.bank),
      read('norms', s.rows),
      write('out', s.candidates * s.m, 'u32'),
    ],
    grid: linearGrid(tiles * s.parts),
    flops: searchFlops(s),
    enables: ['subgroups'],
    wgsl: wgsl`
      // queries as packQueries lays them out, bank [K, C], norms [K] (half the squared length), out [candidate][M].
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

        for (var first_row = ${code(partStart(s, 'part'))}; first_row < end; first_row += ${height}u) {
          ${starts}
          ${block.map((r) => code(own.map((c) => `var sum${r}_${c} = 0.0;`).join('  ')))}
          for (var quad = 0u; quad < ${quads}u; quad++) {
            ${loads}
            ${products}
          }
          var results: array<${code(vector)}, ${height}>;
          ${kept}
          let last = min(${height}u, end - first_row);
          for (var r = ${code(UNKNOWN_ZERO)}; r < last; r++) {
            let norm = norms[first_row + r];
            ${insertions}
          }
        }
        ${own.map((c) => storeList(s, `${c}`, `(tile * ${width}u + lane + ${c * lanes}u)`, 'part'))}
      }`,
  });
}
