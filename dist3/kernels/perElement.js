import { GROUP_INDEX, linearGrid, makeKernel } from './kernel.js';
import { code, wgsl } from './wgsl.js';
/** One invocation per index `i` below `total`, running `body`: the frame of every kernel without a loop plan. */
export function perElement(spec) {
    const { label, bindings, total, flops = 0, layout, body } = spec;
    return makeKernel({
        label,
        bindings,
        grid: linearGrid(Math.ceil(total / 64)),
        flops,
        wgsl: wgsl `
      // ${code(layout)}
      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let i = (${code(GROUP_INDEX)}) * 64u + lane;
        if (i >= ${total}u) { return; }
        ${body}
      }`,
    });
}
//# sourceMappingURL=perElement.js.map