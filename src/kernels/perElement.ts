import { type Binding, GROUP_INDEX, type Kernel, linearGrid, makeKernel } from './kernel.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

/** One invocation per index `i` below `total`, running `body`: the frame of every kernel without a loop plan. */
export function perElement(spec: {
  label: string;
  bindings: readonly Binding[];
  total: number;
  flops?: number;
  /** The layout comment. */
  layout: string;
  body: Wgsl;
}): Kernel {
  const { label, bindings, total, flops = 0, layout, body } = spec;
  return makeKernel({
    label,
    bindings,
    grid: linearGrid(Math.ceil(total / 64)),
    flops,
    wgsl: wgsl`
      // ${code(layout)}
      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let i = (${code(GROUP_INDEX)}) * 64u + lane;
        if (i >= ${total}u) { return; }
        ${body}
      }`,
  });
}
