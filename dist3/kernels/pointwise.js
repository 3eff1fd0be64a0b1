import { product } from '../shape.js';
import { broadcastIndex } from './broadcast.js';
import { GROUP_INDEX, linearGrid, makeKernel, read, write } from './kernel.js';
import { single } from './lowering.js';
import { programFlops, programLabel, programText } from './program.js';
import { code, wgsl } from './wgsl.js';
/** Invocations of a workgroup, and elements each computes: enough work per group to hide its start. */
const LANES = 64;
const PER_LANE_SOFTWARE = 16;
/** Any program over broadcast inputs. attrs: program. */
const pointwise = ({ label, inputs, out, attrs }, device) => {
    const { program } = attrs;
    const total = product(out.shape);
    const perLane = device.software && total >= 1 << 14 ? PER_LANE_SOFTWARE : 1;
    const groups = Math.ceil(total / (LANES * perLane));
    const operands = inputs.map((spec, i) => `f32(x${i}[${broadcastIndex('i', out.shape, spec.shape)}])`);
    const named = operands.map((text, i) => code(`let v${i} = ${text};`));
    const { statements, result } = programText(program, operands.map((_, i) => `v${i}`));
    const kernel = makeKernel({
        label: `${label} ${programLabel(program)}`,
        bindings: [
            ...inputs.map((spec, i) => read(`x${i}`, product(spec.shape), spec.element)),
            write('out', total, out.element),
        ],
        grid: linearGrid(groups),
        flops: total * programFlops(program),
        wgsl: wgsl `
      // out[i] from one element of each input; each group owns ${LANES * perLane} neighbours, lanes innermost.
      const TOTAL = ${total}u;
      @compute @workgroup_size(${LANES})
      fn main(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
        let first = (${code(GROUP_INDEX)}) * ${LANES * perLane}u + lane;
        // The bound depends on the group, so that no compiler unrolls the loop: that costs seconds on CPU adapters.
        let last = min(first + ${LANES * perLane}u - lane, TOTAL);
        for (var i = first; i < last; i += ${LANES}u) {
          ${named}
          ${statements}
          out[i] = ${code(out.element)}(${code(result)});
        }
      }`,
    });
    return single(kernel);
};
export const pointwiseKernels = { pointwise };
//# sourceMappingURL=pointwise.js.map