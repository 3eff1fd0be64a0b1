import { product, range } from '../../shape.ts';
import { indexKernels } from '../indexing.ts';
import { type DeviceFacts, type Element, type Kernel, read, write } from '../kernel.ts';
import { type LoweredStep, type Lowering, type OperandRef, single } from '../lowering.ts';
import { perElement } from '../perElement.ts';
import { code, wgsl } from '../wgsl.ts';
import { farthestRows } from './farthest.ts';
import {
  bankWords,
  buildLaneSearch,
  laneParts,
  lanesFit,
  packBank,
  packQueries,
  queryWords,
} from './laneSearch.ts';
import type { Measure, Search } from './search.ts';
import { buildTileSearch, tileParts } from './tileSearch.ts';

/**
 * Candidates that a search keeps beyond k: its values round (1e-6 of the squared lengths), so that of rows that
 * nearly tie the wrong ones could be left out. Distances summed from differences then settle the order.
 */
const SPARE = 3;

/**
 * x, banks -> [2, M, k]. Per bank: half its rows' squared lengths (if products order them), a search that leaves
 * candidates, their exact distances; then the k smallest of all candidates.
 */
const nearestRows: Lowering<{ readonly k: number; readonly by: Measure }> = (
  { label, inputs, out, attrs: { k, by } },
  device,
) => {
  const [x, ...banks] = inputs;
  const [m, columns] = x!.shape as [number, number];
  const lanes = lanesFit({ m, columns, by }, Math.max(...banks.map(({ shape }) => shape[0]!)), device);
  const searches = plan({ label, m, columns, by, query: x!.element, k }, banks, lanes, device);
  const { candidates } = searches[0]!;
  const [FOUND, EXACT, PACKED] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const scratch = [candidates * m, candidates * m, ...(lanes ? [queryWords(m, columns, device)] : [])];
  const steps: LoweredStep[] = [];
  if (lanes) steps.push({ kernel: packQueries(searches[0]!, device), operands: [0, PACKED] });
  for (const [i, s] of searches.entries()) {
    const queries = lanes ? PACKED : 0;
    let operands: OperandRef[];
    if (by === 'products') {
      const norms = { scratch: scratch.push(s.rows) - 1 };
      steps.push({ kernel: halfNorms(s, device), operands: [i + 1, norms] });
      operands = [queries, i + 1, norms, FOUND];
    } else if (lanes) {
      const packed = { scratch: scratch.push(bankWords(s, device)) - 1 };
      steps.push({ kernel: packBank(s, device), operands: [i + 1, packed] });
      operands = [queries, packed, FOUND];
    } else {
      operands = [queries, i + 1, FOUND];
    }
    steps.push(
      { kernel: lanes ? buildLaneSearch(s, device) : buildTileSearch(s), operands },
      { kernel: exactDistances(s, device), operands: [0, i + 1, FOUND, EXACT] },
    );
  }
  steps.push({
    kernel: smallest(label, m, candidates, k, product(out.shape), device),
    operands: [FOUND, EXACT, 'out'],
  });
  return { steps, scratch };
};

function plan(
  common: Pick<Search, 'label' | 'm' | 'columns' | 'by' | 'query'> & { readonly k: number },
  banks: readonly { readonly shape: readonly number[]; readonly element: Element }[],
  lanes: boolean,
  device: DeviceFacts,
): Search[] {
  const { k, ...shared } = common;
  let candidates = 0;
  let firstRow = 0;
  const searches = banks.map(({ shape, element }) => {
    const rows = shape[0]!;
    const kept = Math.min(common.by === 'products' ? k + SPARE : k, rows);
    const wanted = lanes ? laneParts(common.m, rows, common.columns, device) : tileParts(common.m, rows);
    const parts = Math.max(1, Math.min(wanted, Math.floor(rows / kept)));
    const own = { ...shared, rows, kept, parts, bank: element, firstCandidate: candidates, firstRow };
    candidates += parts * kept;
    firstRow += rows;
    return own;
  });
  return searches.map((own) => ({ ...own, candidates }));
}

/** bank [K, C] -> [K]. */
const halfNorms = (s: Search, device: DeviceFacts): Kernel =>
  perElement(
    {
      label: `${s.label} norms`,
      bindings: [read('bank', s.rows * s.columns, s.bank), write('out', s.rows)],
      total: s.rows,
      flops: 2 * s.rows * s.columns,
      layout: 'bank [K, C], out [K].',
      body: wgsl`
      var sum = 0.0;
      for (var c = 0u; c < ${s.columns}u; c++) {
        let b = f32(bank[i * ${s.columns}u + c]);
        sum += b * b;
      }
      out[i] = 0.5 * sum;`,
    },
    device,
  );

/** |x - b|^2 of this bank's candidates, summed from differences. */
function exactDistances(s: Search, device: DeviceFacts): Kernel {
  const all = s.candidates * s.m;
  return perElement(
    {
      label: `${s.label} distances`,
      bindings: [
        read('x', s.m * s.columns, s.query),
        read('bank', s.rows * s.columns, s.bank),
        read('found', all, 'u32'),
        write('out', all),
      ],
      total: s.parts * s.kept * s.m,
      flops: 3 * s.parts * s.kept * s.m * s.columns,
      layout: 'x [M, C], bank [K, C], found and out [candidate][M].',
      body: wgsl`
      let at = i + ${s.firstCandidate * s.m}u;
      let own = i % ${s.m}u * ${s.columns}u;
      let other = (found[at] - ${s.firstRow}u) * ${s.columns}u;
      var sum = 0.0;
      for (var c = 0u; c < ${s.columns}u; c++) {
        let d = f32(x[own + c]) - f32(bank[other + c]);
        sum += d * d;
      }
      out[at] = sum;`,
    },
    device,
  );
}

/** The k smallest of each query's candidates by (distance, row), which no order of the candidates changes. */
function smallest(
  label: string,
  m: number,
  candidates: number,
  k: number,
  length: number,
  device: DeviceFacts,
): Kernel {
  const places = range(k);
  const lists = places.map((j) => code(`var d${j} = 0xffffffffu;  var r${j} = 0xffffffffu;`));
  const swaps = places.map((j) =>
    code(`if (d < d${j} || (d == d${j} && r < r${j})) {
  let e = d${j};  d${j} = d;  d = e;
  let s = r${j};  r${j} = r;  r = s;
}`),
  );
  return perElement(
    {
      label: `${label} smallest`,
      bindings: [read('found', candidates * m, 'u32'), read('exact', candidates * m), write('out', length)],
      total: m,
      layout: 'found and exact [candidate][M], out [2][M, k].',
      body: wgsl`
      // Bits of floats that are not negative order as they do; those of no number lie above infinity's.
      ${lists}
      for (var c = 0u; c < ${candidates}u; c++) {
        var d = bitcast<u32>(exact[c * ${m}u + i]);
        var r = found[c * ${m}u + i];
        ${swaps}
      }
      ${places.map((j) => code(`out[i * ${k}u + ${j}u] = bitcast<f32>(d${j});  out[${m * k}u + i * ${k}u + ${j}u] = f32(r${j});`))}`,
    },
    device,
  );
}

/** `first` of its rows. Of those that lie in this bank: sum over j of 2 g_j (x - b_j). */
const nearestRowsGrad: Lowering<{ readonly first: number }> = (
  { label, inputs, out, attrs: { first } },
  device,
) => {
  const [bank, x, found, cotangent] = inputs;
  const [rows, columns] = bank!.shape as [number, number];
  const [, m, k] = found!.shape as [number, number, number];
  const total = product(out.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          read('bank', rows * columns, bank!.element),
          read('x', total, x!.element),
          read('found', 2 * m * k),
          read('dy', 2 * m * k, cotangent!.element),
          write('out', total),
        ],
        total,
        flops: 4 * total * k,
        layout: 'bank [K, C], x and out [M, C], found and dy [2][M, k].',
        body: wgsl`
        let query = i / ${columns}u;
        let own = f32(x[i]);
        var sum = 0.0;
        for (var j = query * ${k}u; j < (query + 1u) * ${k}u; j++) {
          // Rows of banks before this one are huge unsigned numbers: one comparison.
          let row = u32(found[${m * k}u + j]) - ${first}u;
          if (row < ${rows}u) { sum += f32(dy[j]) * (own - f32(bank[row * ${columns}u + i % ${columns}u])); }
        }
        out[i] = 2.0 * sum;`,
      },
      device,
    ),
  );
};

export const nearestKernels = { nearestRows, nearestRowsGrad, farthestRows, ...indexKernels };
