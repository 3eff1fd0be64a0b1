import {
  type DeviceFacts,
  type Element,
  GROUP_INDEX,
  linearGrid,
  makeKernel,
  read,
  write,
} from './kernel.ts';
import type { Lowering } from './lowering.ts';
import { single } from './lowering.ts';
import { orderOf } from './order.ts';
import { perElement } from './perElement.ts';
import { selectKernels } from './select.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

const keyOf = (element: Element): ((value: string) => Wgsl) => {
  const { of, functions } = orderOf(element);
  return (value) => code(of(value), ...functions);
};

const lanesOf = (device: DeviceFacts): number =>
  device.software ? Math.max(4, device.subgroupSize) : Math.min(256, device.maxWorkgroupInvocations);

/**
 * Exact radix select over one row of x, a byte at a time: count the candidates by their next byte, walk down from the
 * top until k are passed, keep the bucket. Integer atomics commute, so the result is the same every time.
 * Reads `sizes.length` and `sizes.k`; leaves `length`, `threshold`, the ordered bits of the k-th largest, and `left`, how many that equal it are among the k.
 */
const radixSelect = (lanes: number, key: (value: string) => Wgsl): Wgsl => wgsl`
  let length = sizes.length;
  var threshold = 0u;
  var left = sizes.k;
  for (var level = 0u; level < 4u; level++) {
    let shift = 24u - 8u * level;
    for (var bin = lane; bin < 256u; bin += ${lanes}u) { atomicStore(&counts[bin], 0u); }
    workgroupBarrier();
    for (var i = lane; i < length; i += ${lanes}u) {
      let bits = ${key('x[row * length + i]')};
      // On the first level every element is a candidate; a shift by 32 is not defined.
      let candidate = level == 0u || (bits >> (shift + 8u)) == threshold;
      if (candidate) { atomicAdd(&counts[(bits >> shift) & 255u], 1u); }
    }
    workgroupBarrier();
    if (lane == 0u) {
      var passed = 0u;
      var byte = 255u;
      loop {
        let here = atomicLoad(&counts[byte]);
        if (passed + here >= left || byte == 0u) { break; }
        passed += here;
        byte -= 1u;
      }
      chosen = vec2u(byte, left - passed);
    }
    let found = workgroupUniformLoad(&chosen);
    threshold = (threshold << 8u) | found.x;
    left = found.y;
  }`;

/** Workgroup memory of `radixSelect`. */
const COUNTS = wgsl`
  var<workgroup> counts: array<atomic<u32>, 256>;
  var<workgroup> chosen: vec2u;  // byte, how many are left to pass inside it`;

const kthLargest: Lowering<{ readonly k: number }> = ({ label, inputs, attrs: { k } }, device) => {
  const [rows, length] = inputs[0]!.shape as [number, number];
  const lanes = lanesOf(device);
  const key = keyOf(inputs[0]!.element);
  return single(
    makeKernel({
      label,
      bindings: [read('x', rows * length, inputs[0]!.element), write('out', rows)],
      sizes: { rows, length, k },
      grid: linearGrid(rows),
      flops: rows * length * 4,
      wgsl: wgsl`
        // x [rows, length], out [rows]. One workgroup of ${lanes} per row, four passes over it.
        ${COUNTS}
        @compute @workgroup_size(${lanes})
        fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
          let row = ${code(GROUP_INDEX)};
          if (row >= sizes.rows) { return; }
          ${radixSelect(lanes, key)}
          let bits = select(~threshold, threshold & 0x7fffffffu, (threshold & 0x80000000u) != 0u);
          if (lane == 0u) { out[row] = bitcast<f32>(bits); }
        }`,
    }),
  );
};

/** First select the k elements, in order of index; then rank each among them. */
const topKIndices: Lowering<{ readonly k: number }> = ({ label, inputs, attrs: { k } }, device) => {
  const [rows, length] = inputs[0]!.shape as [number, number];
  const { element } = inputs[0]!;
  const lanes = lanesOf(device);
  const share = Math.ceil(length / lanes);
  const key = keyOf(element);
  const choose = makeKernel({
    label: `${label} choose`,
    bindings: [read('x', rows * length, element), write('picked', rows * k, 'u32')],
    sizes: { rows, length, k, share },
    grid: linearGrid(rows),
    flops: rows * length * 6,
    wgsl: wgsl`
      // x [rows, length], picked [rows, k]: places of what exceeds the threshold, then of what equals it.
      // One workgroup of ${lanes} per row; after the select each lane takes neighbours.
      ${COUNTS}
      var<workgroup> above: array<u32, ${lanes}>;
      var<workgroup> equal: array<u32, ${lanes}>;
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let row = ${code(GROUP_INDEX)};
        if (row >= sizes.rows) { return; }
        ${radixSelect(lanes, key)}
        let first = min(lane * sizes.share, length);
        let end = min(first + sizes.share, length);
        var mine = vec2u(0u);
        for (var i = first; i < end; i++) {
          let bits = ${key('x[row * length + i]')};
          mine += vec2u(u32(bits > threshold), u32(bits == threshold));
        }
        above[lane] = mine.x;
        equal[lane] = mine.y;
        workgroupBarrier();
        var before = vec2u(0u);
        for (var other = 0u; other < lane; other++) { before += vec2u(above[other], equal[other]); }
        for (var i = first; i < end; i++) {
          let bits = ${key('x[row * length + i]')};
          if (bits > threshold) {
            picked[row * sizes.k + before.x] = i;
            before.x++;
          } else if (bits == threshold) {
            if (before.y < left) { picked[(row + 1u) * sizes.k - left + before.y] = i; }
            before.y++;
          }
        }
      }`,
  });
  const rank = perElement(
    {
      label: `${label} rank`,
      bindings: [
        read('x', rows * length, element),
        read('picked', rows * k, 'u32'),
        write('out', rows * k, 'i32'),
      ],
      total: rows * k,
      flops: rows * k * k,
      sizes: { length, k },
      layout:
        'x [rows, length], picked and out [rows, k]: each goes behind all that are larger, or equal and earlier.',
      body: wgsl`
      let k = sizes.k;
      let row = i / k;
      let first = row * sizes.length;
      let place = picked[i];
      let bits = ${key('x[first + place]')};
      var rank = 0u;
      for (var j = row * k; j < (row + 1u) * k; j++) {
        let other = picked[j];
        let others = ${key('x[first + other]')};
        rank += u32(others > bits || (others == bits && other < place));
      }
      out[row * k + rank] = i32(place);`,
    },
    device,
  );
  return {
    steps: [
      { kernel: choose, operands: [0, { scratch: 0 }] },
      { kernel: rank, operands: [0, { scratch: 0 }, 'out'] },
    ],
    scratch: [rows * k],
  };
};

export const topKKernels = { kthLargest, topKIndices, oneHot: selectKernels.oneHot };
