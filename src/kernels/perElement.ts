import {
  type Binding,
  type DeviceFacts,
  GROUP_INDEX,
  type Kernel,
  linearGrid,
  makeKernel,
  type Sizes,
} from './kernel.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

/** Lanes of a workgroup on a GPU. */
const GPU_LANES = 64;

/**
 * On a CPU adapter: lanes if the subgroup size is unknown, most elements per lane, workgroups that keep all cores busy.
 */
const CPU_LANES = 8;
const MOST_EACH = 256;
const ENOUGH_GROUPS = 64;

/**
 * `body` for each index `i` below `total`: the frame of every kernel without a loop plan. To skip an index, `continue`.
 * On a GPU an index is an invocation. On a CPU adapter a workgroup is one subgroup that walks a run of neighbours: a
 * workgroup of 64 costs some 400 ns there before it does anything, which is more than most bodies take.
 */
export function perElement(
  spec: {
    label: string;
    bindings: readonly Binding[];
    total: number;
    /** Values that the body reads as `sizes.name`; `sizes.total` is always available. */
    sizes?: Sizes;
    flops?: number;
    /** The layout comment. */
    layout: string;
    body: Wgsl;
  },
  device: Pick<DeviceFacts, 'software' | 'subgroupSize'>,
): Kernel {
  const { label, bindings, total, sizes, flops = 0, layout, body } = spec;
  const lanes = device.software ? device.subgroupSize || CPU_LANES : GPU_LANES;
  const share = Math.floor(total / (lanes * ENOUGH_GROUPS));
  const each = device.software ? Math.max(1, Math.min(share, MOST_EACH)) : 1;
  const run = device.software ? code('sizes.run') : code(`${lanes}u`);
  return makeKernel({
    label,
    bindings,
    sizes: { ...sizes, total, run: lanes * each },
    grid: linearGrid(Math.ceil(total / (lanes * each))),
    flops,
    wgsl: wgsl`
      // ${code(layout)}
      @compute @workgroup_size(${lanes})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let first = (${code(GROUP_INDEX)}) * ${run};
        let end = min(first + ${run}, sizes.total);
        for (var i = first + lane; i < end; i += ${lanes}u) {
          ${body}
        }
      }`,
  });
}
