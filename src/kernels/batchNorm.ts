import { product, type Shape } from '../shape.ts';
import {
  type Binding,
  type DeviceFacts,
  GROUP_INDEX,
  type Kernel,
  linearGrid,
  makeKernel,
  read,
  write,
} from './kernel.ts';
import { type Lowering, type OpRequest, single, type TensorSpec } from './lowering.ts';
import { laneCount, RUN } from './reduce.ts';
import { code, floatLiteral, type Wgsl, wgsl } from './wgsl.ts';

/** Elements per lane and loop iteration: the loop itself costs as much as a few loads. */
const UNROLLED = 4;

/** How one workgroup walks one channel. */
interface Walk {
  readonly batch: number;
  readonly channels: number;
  /** Of a plane, in vectors where it is walked so. */
  readonly positions: number;
  readonly lanes: number;
  /** Four numbers are one element: not on CPU adapters, which load number by number. */
  readonly inFours: boolean;
}

const walkOf = ({ shape }: { shape: Shape }, device: DeviceFacts): Walk => {
  const [batch, channels, ...space] = shape as [number, number, ...number[]];
  const inFours = !device.software && product(space) % 4 === 0;
  const positions = product(space) / (inFours ? 4 : 1);
  return { batch, channels, positions, lanes: laneCount(device), inFours };
};

/** Numbers of a channel. */
const countOf = ({ batch, positions, inFours }: Walk): number => batch * positions * (inFours ? 4 : 1);

const readWalked = (name: string, { shape, element }: TensorSpec, { inFours }: Walk): Binding => ({
  ...read(name, product(shape), element),
  ...(inFours && { vector: true }),
});

/** WGSL, f32 or four of them: element `i`. */
const loaded = (name: string, { inFours }: Walk): string => `${inFours ? 'vec4f' : 'f32'}(${name}[i])`;

/**
 * Adds up `sums` over channel c, lane by lane. `add` says for each sum what element `i` adds to it. If a plane has
 * fewer elements than lanes, the lanes walk all planes as one row.
 */
function summed(
  { batch, channels, positions, lanes, inFours }: Walk,
  sums: readonly string[],
  add: readonly string[],
): Wgsl {
  const planes = positions >= lanes ? batch : 1;
  const length = (batch / planes) * positions;
  const at = (r: string): string =>
    planes === batch
      ? `plane + ${r}`
      : `(${r} / ${positions}u) * ${channels * positions}u + c * ${positions}u + ${r} % ${positions}u`;
  const together = length % (UNROLLED * lanes) === 0 ? UNROLLED : 1;
  const turn = Array.from({ length: together }, (_, k) => {
    const place = k === 0 ? 'r' : `(r + ${k * lanes}u)`;
    const added = sums.map((name, j) => `${name}_part += ${add[j]};`).join(' ');
    return code(`{ let i = ${at(place)}; ${added} }`);
  });
  const each = (text: (name: string) => string): Wgsl[] => sums.map((name) => code(text(name)));
  return wgsl`
    ${each((name) => `var ${name} = 0.0;`)}
    for (var n = 0u; n < ${planes}u; n++) {
      let plane = (n * ${channels}u + c) * ${positions}u;
      for (var start = lane; start < ${length}u; start += ${RUN * lanes}u) {
        ${each((name) => `var ${name}_part = ${inFours ? 'vec4f()' : '0.0'};`)}
        for (var r = start; r < min(start - lane + ${RUN * lanes}u, ${length}u); r += ${together * lanes}u) {
          ${turn}
        }
        ${each((name) => `${name} += ${inFours ? `dot(${name}_part, vec4f(1.0))` : `${name}_part`};`)}
      }
    }
    ${each((name) => `${name} = joined(${name}, lane);`)}`;
}

/** The sum of `value` over the workgroup, in every lane of it. */
function joined({ lanes }: Walk, device: DeviceFacts): { text: Wgsl; enables: 'subgroups'[] } {
  if (lanes === 1)
    return { text: code('fn joined(value: f32, lane: u32) -> f32 { return value; }'), enables: [] };
  if (lanes === device.subgroupSize) {
    return {
      text: code('fn joined(value: f32, lane: u32) -> f32 { return subgroupAdd(value); }'),
      enables: ['subgroups'],
    };
  }
  return {
    text: wgsl`
      var<workgroup> shared_totals: array<f32, ${lanes}>;
      fn joined(value: f32, lane: u32) -> f32 {
        shared_totals[lane] = value;
        for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
          workgroupBarrier();
          if (lane < half) { shared_totals[lane] += shared_totals[lane + half]; }
        }
        workgroupBarrier();
        let total = shared_totals[0];
        workgroupBarrier();
        return total;
      }`,
    enables: [],
  };
}

/** One workgroup a channel; `body` sets `first` and `second` of channel c. */
function perChannel(
  { label, out }: OpRequest,
  walk: Walk,
  device: DeviceFacts,
  {
    bindings,
    flops,
    layout,
    body,
  }: { bindings: Kernel['bindings']; flops: number; layout: string; body: Wgsl },
) {
  const { channels } = walk;
  const { text, enables } = joined(walk, device);
  const length = product(out.shape);
  return single(
    makeKernel({
      label,
      bindings: [...bindings, write('out', length)],
      grid: linearGrid(channels),
      flops,
      enables,
      wgsl: wgsl`
        // ${code(layout)} Workgroup c takes channel c.
        ${text}
        @compute @workgroup_size(${walk.lanes})
        fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
          let c = ${code(GROUP_INDEX)};
          if (c >= ${channels}u) { return; }
          ${body}
          if (lane == 0u) {
            out[c] = first;
            out[c + ${length / 2}u] = second;
          }
        }`,
    }),
  );
}

const batchMoments: Lowering = (request, device) => {
  const [x] = request.inputs as [OpRequest['inputs'][number]];
  const walk = walkOf(x, device);
  const count = countOf(walk);
  return perChannel(request, walk, device, {
    bindings: [readWalked('x', x, walk)],
    flops: 4 * product(x.shape),
    layout: 'x [N, C, P] to its means and unbiased variances, [C] each.',
    body: wgsl`
      ${summed(walk, ['total'], [loaded('x', walk)])}
      let first = total * ${code(floatLiteral(1 / count))};
      ${summed(walk, ['squares'], [`(${loaded('x', walk)} - first) * (${loaded('x', walk)} - first)`])}
      let second = squares * ${code(floatLiteral(1 / Math.max(1, count - 1)))};`,
  });
};

const batchNormWeightGrad: Lowering<{ readonly eps: number }> = (request, device) => {
  const [dout, x, moments] = request.inputs as [
    OpRequest['inputs'][number],
    OpRequest['inputs'][number],
    OpRequest['inputs'][number],
  ];
  const { eps } = request.attrs;
  const walk = walkOf(x, device);
  const count = countOf(walk);
  const length = product(moments.shape);
  return perChannel(request, walk, device, {
    bindings: [readWalked('dout', dout, walk), readWalked('x', x, walk), read('moments', length)],
    flops: 4 * product(x.shape),
    layout: 'dout, x [N, C, P] and moments to the sums of dout xhat and of dout, [C] each.',
    body: wgsl`
      let mean = moments[c];
      let biased = moments[c + ${length / 2}u] * ${code(floatLiteral(Math.max(1, count - 1) / count))};
      ${summed(walk, ['with_x', 'second'], [`${loaded('dout', walk)} * (${loaded('x', walk)} - mean)`, loaded('dout', walk)])}
      let first = with_x * inverseSqrt(biased + ${code(floatLiteral(eps))});`,
  });
};

export const batchNormKernels = { batchMoments, batchNormWeightGrad };
