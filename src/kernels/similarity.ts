import { product } from '../shape.ts';
import { loaded } from './element.ts';
import { GROUP_INDEX, linearGrid, makeKernel, read, write } from './kernel.ts';
import type { Lowered, Lowering, OpRequest } from './lowering.ts';
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

/**
 * a, b [N, L] -> [N, 3]. Rows are cut into parts of a fixed size. On GPUs a workgroup adds up what its lanes have, so that one
 * lane has few numbers left to add; on CPU adapters a barrier is dearer than these.
 */
const rowDots: Lowering = ({ label, inputs, out }, device): Lowered => {
  const [a, b] = inputs as Pair;
  const [rows, length] = a.shape as [number, number];
  const { software } = device;
  const lanes = software ? Math.max(1, device.subgroupSize) : GPU_LANES;
  const parts = Math.max(1, Math.min(Math.ceil(length / (lanes * 32)), software ? 256 : 64));
  const sums = software ? parts * lanes : parts;
  const partial = software ? lanePartials : groupPartials;
  return {
    steps: [
      {
        kernel: partial(label, [a, b], lanes, parts),
        operands: [0, 1, { scratch: 0 }],
      },
      {
        kernel: perElement(
          {
            label: `${label} total`,
            bindings: [read('parts', rows * sums * 3), write('out', product(out.shape))],
            total: rows * 3,
            flops: rows * sums * 3,
            layout: 'parts [N, 3, parts and lanes], out [N, 3]: each sum in order, in runs of 64.',
            body: wgsl`
            var total = 0.0;
            for (var start = 0u; start < ${sums}u; start += 64u) {
              var run = 0.0;
              for (var j = start; j < min(start + 64u, ${sums}u); j++) { run += parts[i * ${sums}u + j]; }
              total += run;
            }
            out[i] = total;`,
          },
          device,
        ),
        operands: [{ scratch: 0 }, 'out'],
      },
    ],
    scratch: [rows * sums * 3],
  };
};

/** Invocations of a workgroup on a GPU; a power of two. */
const GPU_LANES = 256;

/** Two operands of one shape. */
type Pair = readonly [OpRequest['inputs'][number], OpRequest['inputs'][number]];

const rowsOf = (...[a, b]: Pair) => [
  read('a', product(a.shape), a.element),
  read('b', product(b.shape), b.element),
];

function lanePartials(label: string, [a, b]: Pair, lanes: number, parts: number) {
  const [rows, length] = a.shape as [number, number];
  const share = Math.ceil(length / parts);
  return makeKernel({
    label: `${label} parts`,
    bindings: [...rowsOf(a, b), write('out', rows * parts * lanes * 3)],
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
          let x = ${code(loaded(a.element, `a[row * ${length}u + j]`))};
          let y = ${code(loaded(b.element, `b[row * ${length}u + j]`))};
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

/** One workgroup's sums over every `lanes`th element of its part, added up pairwise. */
function groupPartials(label: string, [a, b]: Pair, lanes: number, parts: number) {
  const [rows, length] = a.shape as [number, number];
  const share = Math.ceil(length / parts);
  return makeKernel({
    label: `${label} parts`,
    bindings: [...rowsOf(a, b), write('out', rows * parts * 3)],
    grid: linearGrid(rows * parts),
    flops: 6 * rows * length,
    wgsl: wgsl`
      // Workgroup (row, part): each lane takes every ${lanes}th element of ${share}; out [rows, 3, parts].
      var<workgroup> sums: array<vec3f, ${lanes}>;
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let group = ${code(GROUP_INDEX)};
        if (group >= ${rows * parts}u) { return; }
        let row = group / ${parts}u;
        let first = (group % ${parts}u) * ${share}u;
        let last = min(first + ${share}u, ${length}u);
        // ab, aa, bb.
        var sum = vec3f();
        for (var j = first + lane; j < last; j += ${lanes}u) {
          let x = ${code(loaded(a.element, `a[row * ${length}u + j]`))};
          let y = ${code(loaded(b.element, `b[row * ${length}u + j]`))};
          sum += vec3f(x, x, y) * vec3f(y, x, y);
        }
        sums[lane] = sum;
        for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
          workgroupBarrier();
          if (lane < half) { sums[lane] += sums[lane + half]; }
        }
        if (lane == 0u) {
          let place = row * ${3 * parts}u + group % ${parts}u;
          out[place] = sums[0].x;
          out[place + ${parts}u] = sums[0].y;
          out[place + ${2 * parts}u] = sums[0].z;
        }
      }`,
  });
}

export const similarityKernels = { cosineMap, rowDots };
