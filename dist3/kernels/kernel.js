import { wgslText } from './wgsl.js';
export const ELEMENT_BYTES = { f32: 4, f16: 2, i32: 4, u32: 4 };
/** WebGPU's guaranteed limits and nothing optional: plans built with these run everywhere. */
export const BASELINE_DEVICE = {
    software: false,
    subgroupSize: 0,
    f16: false,
    maxStorageBuffers: 8,
    maxWorkgroupInvocations: 256,
    workgroupBytes: 16_384,
    maxBindingBytes: 134_217_728,
};
export const MAX_GROUPS_PER_AXIS = 65_535;
export const read = (name, length, element = 'f32') => ({
    name,
    access: 'read',
    element,
    length,
});
export const write = (name, length, element = 'f32') => ({
    name,
    access: 'write',
    element,
    length,
});
export const readWrite = (name, length, element = 'f32') => ({
    name,
    access: 'readWrite',
    element,
    length,
});
/** A one-dimensional grid of `groups` workgroups, folded over x and y; see `GROUP_INDEX`. */
export function linearGrid(groups) {
    const x = Math.max(1, Math.min(groups, MAX_GROUPS_PER_AXIS));
    return [x, Math.max(1, Math.ceil(groups / x)), 1];
}
/**
 * WGSL expression for the linear workgroup index of a `linearGrid`, given `wid: vec3u` (workgroup_id) and
 * `grid: vec3u` (num_workgroups). A folded grid may have spare workgroups at its end: compare and return.
 */
export const GROUP_INDEX = 'wid.y * grid.x + wid.x';
/** Completes a shader's text: directives, the binding block written from `bindings`, functions, body. */
export function makeKernel(spec) {
    const { label, bindings, grid, flops } = spec;
    const enables = new Set(spec.enables ?? []);
    if (bindings.some((b) => b.element === 'f16'))
        enables.add('f16');
    const head = [...enables].sort().map((name) => `enable ${name};\n`);
    const block = bindings.map((b, i) => `@group(0) @binding(${i}) var<storage, ${b.access === 'read' ? 'read' : 'read_write'}> ${b.name}: array<${b.element}>;\n`);
    return {
        label,
        wgsl: `${head.join('')}${block.join('')}${wgslText(spec.wgsl, label)}`,
        bindings,
        grid,
        flops,
        bytes: bindings.reduce((sum, b) => sum + b.length * ELEMENT_BYTES[b.element], 0),
    };
}
//# sourceMappingURL=kernel.js.map