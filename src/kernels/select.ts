import { product } from '../shape.ts';
import { GROUP_INDEX, linearGrid, makeKernel, read, touching, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, type WgslFunction, wgsl } from './wgsl.ts';

/** An unsigned integer that orders like the float: all bits of negatives flipped, the sign bit of others. */
const orderedBits: WgslFunction = {
  name: 'ordered_bits',
  source: `
    fn ordered_bits(x: f32) -> u32 {
      let bits = bitcast<u32>(x + 0.0);
      return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
    }`,
};

/**
 * attrs: k. Exact radix select, a byte at a time: count the candidates by their next byte, walk down from the
 * top until k are passed, keep the bucket. Integer atomics commute, so the result is the same every time.
 */
const kthLargest: Lowering = ({ label, inputs, attrs }, device) => {
  const { k } = attrs as { k: number };
  const [rows, length] = inputs[0]!.shape as [number, number];
  const lanes = device.software ? Math.max(4, device.subgroupSize) : 256;
  return single(
    makeKernel({
      label,
      bindings: [read('x', rows * length, inputs[0]!.element), write('out', rows)],
      grid: linearGrid(rows),
      flops: rows * length * 4,
      wgsl: wgsl`
        // x [rows, ${length}], out [rows]. One workgroup of ${lanes} per row, four passes over it.
        var<workgroup> counts: array<atomic<u32>, 256>;
        var<workgroup> chosen: vec2u;  // byte, how many are left to pass inside it
        @compute @workgroup_size(${lanes})
        fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
          let row = ${code(GROUP_INDEX)};
          if (row >= ${rows}u) { return; }
          var prefix = 0u;
          var left = ${k}u;
          for (var level = 0u; level < 4u; level++) {
            let shift = 24u - 8u * level;
            for (var bin = lane; bin < 256u; bin += ${lanes}u) { atomicStore(&counts[bin], 0u); }
            workgroupBarrier();
            for (var i = lane; i < ${length}u; i += ${lanes}u) {
              let bits = ${code('ordered_bits', orderedBits)}(f32(x[row * ${length}u + i]));
              // On the first level every element is a candidate; a shift by 32 is not defined.
              let candidate = level == 0u || (bits >> (shift + 8u)) == prefix;
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
            prefix = (prefix << 8u) | found.x;
            left = found.y;
          }
          let bits = select(~prefix, prefix & 0x7fffffffu, (prefix & 0x80000000u) != 0u);
          if (lane == 0u) { out[row] = bitcast<f32>(bits); }
        }`,
    }),
  );
};

const oneHot: Lowering = ({ label, inputs, out }, device) => {
  const [n, classes] = out.shape as [number, number];
  return single(
    perElement(
      {
        label,
        bindings: [read('labels', product(inputs[0]!.shape), 'i32'), write('out', n * classes)],
        total: n * classes,
        layout: 'labels [N], out [N, classes].',
        body: wgsl`out[i] = select(0.0, 1.0, labels[i / ${classes}u] == i32(i % ${classes}u));`,
      },
      device,
    ),
  );
};

const gather: Lowering = ({ label, inputs, out }, device) => {
  const rows = inputs[0]!.shape[0]!;
  const width = product(inputs[0]!.shape.slice(1));
  const total = product(out.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          touching(total, read('x', rows * width, inputs[0]!.element)),
          read('indices', product(inputs[1]!.shape), 'i32'),
          write('out', total),
        ],
        total,
        layout: `x [${rows}, ${width}], out [N, ${width}].`,
        body: wgsl`
        let row = u32(clamp(indices[i / ${width}u], 0, ${rows - 1}));
        out[i] = f32(x[row * ${width}u + i % ${width}u]);`,
      },
      device,
    ),
  );
};

/** dy [N, ...], indices [N] -> dx [R, ...]: each row adds the cotangents that name it, in order. */
const gatherGrad: Lowering = ({ label, inputs, out }, device) => {
  const rows = out.shape[0]!;
  const width = product(out.shape.slice(1));
  const picks = product(inputs[1]!.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          read('dy', picks * width, inputs[0]!.element),
          read('indices', picks, 'i32'),
          write('out', rows * width),
        ],
        total: rows * width,
        flops: rows * width * picks,
        layout: `dy [${picks}, ${width}], out [${rows}, ${width}].`,
        body: wgsl`
        var sum = 0.0;
        for (var pick = 0u; pick < ${picks}u; pick++) {
          if (clamp(indices[pick], 0, ${rows - 1}) == i32(i / ${width}u)) { sum += f32(dy[pick * ${width}u + i % ${width}u]); }
        }
        out[i] = sum;`,
      },
      device,
    ),
  );
};

export const selectKernels = { kthLargest, oneHot, gather, gatherGrad } satisfies Record<string, Lowering>;
