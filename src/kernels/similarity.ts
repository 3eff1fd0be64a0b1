import { product } from '../shape.ts';
import { GROUP_INDEX, linearGrid, makeKernel, read, write } from './kernel.ts';
import type { Lowered, Lowering } from './lowering.ts';
import { single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, wgsl } from './wgsl.ts';

/** Norms in a cosine are at least this (methods.md, "cosine similarity"). */
export const NORM_FLOOR = 1e-8;

const cosineMap: Lowering = ({ label, inputs, out }, device) => {
  const [n, c, ...space] = inputs[0]!.shape as [number, number, ...number[]];
  const positions = product(space);
  const total = product(out.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          read('a', n * c * positions, inputs[0]!.element),
          read('b', n * c * positions, inputs[1]!.element),
          write('out', total),
        ],
        total,
        flops: 6 * n * c * positions,
        layout: 'a, b [N, C, P], out [N, P], P innermost: neighbouring lanes read neighbouring words.',
        body: wgsl`
        let base = (i / ${positions}u) * ${c * positions}u + i % ${positions}u;
        var ab = 0.0;
        var aa = 0.0;
        var bb = 0.0;
        for (var channel = 0u; channel < ${c}u; channel++) {
          let x = f32(a[base + channel * ${positions}u]);
          let y = f32(b[base + channel * ${positions}u]);
          ab += x * y;
          aa += x * x;
          bb += y * y;
        }
        out[i] = 1.0 - ab / (max(sqrt(aa), ${NORM_FLOOR}) * max(sqrt(bb), ${NORM_FLOOR}));`,
      },
      device,
    ),
  );
};

/** a, b [N, L] -> [N, 3]. Rows are cut into parts of a fixed size. */
const rowDots: Lowering = ({ label, inputs, out }, device): Lowered => {
  const [rows, length] = inputs[0]!.shape as [number, number];
  const lanes = device.software ? Math.max(1, device.subgroupSize) : 64;
  const parts = Math.max(1, Math.min(Math.ceil(length / (lanes * 32)), 256));
  return {
    steps: [
      {
        kernel: partialDots(label, rows, length, lanes, parts),
        operands: [0, 1, { scratch: 0 }],
      },
      {
        kernel: perElement(
          {
            label: `${label} total`,
            bindings: [read('parts', rows * parts * lanes * 3), write('out', product(out.shape))],
            total: rows * 3,
            flops: rows * parts * lanes * 3,
            layout: 'parts [N, 3, parts and lanes], out [N, 3]: each sum in order, in runs of 64.',
            body: wgsl`
            var total = 0.0;
            for (var start = 0u; start < ${parts * lanes}u; start += 64u) {
              var run = 0.0;
              for (var j = start; j < min(start + 64u, ${parts * lanes}u); j++) { run += parts[i * ${parts * lanes}u + j]; }
              total += run;
            }
            out[i] = total;`,
          },
          device,
        ),
        operands: [{ scratch: 0 }, 'out'],
      },
    ],
    scratch: [rows * parts * lanes * 3],
  };
};

function partialDots(label: string, rows: number, length: number, lanes: number, parts: number) {
  const share = Math.ceil(length / parts);
  return makeKernel({
    label: `${label} parts`,
    bindings: [read('a', rows * length), read('b', rows * length), write('out', rows * parts * lanes * 3)],
    grid: linearGrid(rows * parts),
    flops: 6 * rows * length,
    wgsl: wgsl`
      // Workgroup (row, part): each lane takes every ${lanes}th element of ${share} and stores its three sums.
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let group = ${code(GROUP_INDEX)};
        if (group >= ${rows * parts}u) { return; }
        let row = group / ${parts}u;
        let first = (group % ${parts}u) * ${share}u;
        let last = min(first + ${share}u, ${length}u);
        var ab = 0.0;
        var aa = 0.0;
        var bb = 0.0;
        for (var j = first + lane; j < last; j += ${lanes}u) {
          let x = a[row * ${length}u + j];
          let y = b[row * ${length}u + j];
          ab += x * y;
          aa += x * x;
          bb += y * y;
        }
        let place = row * ${3 * parts * lanes}u + (group % ${parts}u) * ${lanes}u + lane;
        out[place] = ab;
        out[place + ${parts * lanes}u] = aa;
        out[place + ${2 * parts * lanes}u] = bb;
      }`,
  });
}

export const similarityKernels = { cosineMap, rowDots };
