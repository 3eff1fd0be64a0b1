import { range } from '../../shape.ts';
import { type DeviceFacts, type Kernel, makeKernel, read, readWrite, write } from '../kernel.ts';
import type { Lowering } from '../lowering.ts';
import { perElement } from '../perElement.ts';
import { code, wgsl } from '../wgsl.ts';

/** Vectors of four rows that a lane walks through side by side, and lanes where the subgroup size is unknown. */
const CPU_VECTORS = 4;
const CPU_LANES = 8;

interface Split {
  readonly lanes: number;
  readonly vectors: number;
  /** Vectors of four rows in all: a whole number of turns of all lanes. */
  readonly padded: number;
}

function splitOf(rows: number, device: DeviceFacts): Split {
  const lanes = device.software
    ? device.subgroupSize || CPU_LANES
    : Math.min(256, device.maxWorkgroupInvocations);
  const vectors = device.software ? CPU_VECTORS : 1;
  const turn = lanes * vectors;
  return { lanes, vectors, padded: Math.ceil(rows / (4 * turn)) * turn };
}

/** x, distances -> [2, k], in one workgroup: what it picks next depends on what it picked before. */
export const farthestRows: Lowering<{ readonly k: number }> = ({ label, inputs, attrs: { k } }, device) => {
  const [rows, columns] = inputs[0]!.shape as [number, number];
  const split = splitOf(rows, device);
  const words = 4 * split.padded;
  return {
    steps: [
      { kernel: packColumns(label, rows, columns, words, device), operands: [0, { scratch: 0 }] },
      { kernel: packDistances(label, rows, words, device), operands: [1, { scratch: 1 }] },
      {
        kernel: picks(label, rows, columns, k, split),
        operands: [{ scratch: 0 }, { scratch: 1 }, 'out'],
      },
    ],
    scratch: [columns * words, words],
  };
};

/** x [M, C] -> [C][padded M]. */
const packColumns = (
  label: string,
  rows: number,
  columns: number,
  words: number,
  device: DeviceFacts,
): Kernel =>
  perElement(
    {
      label: `${label} columns`,
      bindings: [read('x', rows * columns), write('out', columns * words)],
      total: columns * words,
      layout: 'x [M, C], out [C][padded M].',
      body: wgsl`
      let row = i % ${words}u;
      out[i] = select(0.0, x[min(row, ${rows - 1}u) * ${columns}u + i / ${words}u], row < ${rows}u);`,
    },
    device,
  );

/** Rows of padding have a distance below any. */
const packDistances = (label: string, rows: number, words: number, device: DeviceFacts): Kernel =>
  perElement(
    {
      label: `${label} distances`,
      bindings: [read('distances', rows), write('out', words)],
      total: words,
      layout: 'distances [M], out [padded M].',
      body: wgsl`out[i] = select(-1.0, distances[min(i, ${rows - 1}u)], i < ${rows}u);`,
    },
    device,
  );

function picks(
  label: string,
  rows: number,
  columns: number,
  k: number,
  { lanes, vectors, padded }: Split,
): Kernel {
  const own = range(vectors);
  const place = (v: number): string => `first + lane + ${v * lanes}u`;
  return makeKernel({
    label,
    bindings: [
      { ...read('x', columns * padded * 4), vector: true },
      { ...readWrite('distances', padded * 4), vector: true },
      write('out', 2 * k),
    ],
    grid: [1, 1, 1],
    flops: 3 * k * rows * columns,
    wgsl: wgsl`
      // x [C][padded M / 4] of four rows, distances [padded M / 4] likewise, out [2][k]. A lane has the same vectors in
      // every turn, so that nobody else reads its distances.
      var<workgroup> tops: array<f32, ${lanes}>;  // each lane's largest distance
      var<workgroup> places: array<u32, ${lanes}>;  // and whose it is
      var<workgroup> point: array<f32, ${columns}>;
      @compute @workgroup_size(${lanes})
      fn main(@builtin(local_invocation_index) lane: u32) {
        for (var pick = 0u; pick < ${k}u; pick++) {
          var top = -1.0;
          var place = 0u;
          for (var first = 0u; first < ${padded}u; first += ${lanes * vectors}u) {
            ${own.map((v) => code(`var left${v} = distances[${place(v)}];`))}
            if (pick > 0u) {
              ${own.map((v) => code(`var sum${v} = vec4f();`))}
              for (var c = 0u; c < ${columns}u; c++) {
                let p = point[c];
                ${own.map((v) => code(`{ let d = x[c * ${padded}u + ${place(v)}] - p;  sum${v} += d * d; }`))}
              }
              ${own.map((v) =>
                code(`left${v} = min(left${v}, sqrt(sum${v}));
distances[${place(v)}] = left${v};`),
              )}
            }
            // In ascending order of rows, so that the first of equals stays.
            ${own.flatMap((v) =>
              [...'xyzw'].map((part, i) =>
                code(
                  `if (left${v}.${part} > top) { top = left${v}.${part};  place = 4u * (${place(v)}) + ${i}u; }`,
                ),
              ),
            )}
          }
          tops[lane] = top;
          places[lane] = place;
          workgroupBarrier();
          for (var step = ${lanes}u / 2u; step > 0u; step /= 2u) {
            if (lane < step) {
              let other = lane + step;
              if (tops[other] > tops[lane] || (tops[other] == tops[lane] && places[other] < places[lane])) {
                tops[lane] = tops[other];
                places[lane] = places[other];
              }
            }
            workgroupBarrier();
          }
          let picked = places[0];
          if (lane == 0u) {
            out[pick] = tops[0];
            out[${k}u + pick] = f32(picked);
          }
          for (var c = lane; c < ${columns}u; c += ${lanes}u) { point[c] = x[c * ${padded}u + picked / 4u][picked % 4u]; }
          workgroupBarrier();
        }
      }`,
  });
}
