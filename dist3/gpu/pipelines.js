import { GpuError } from '../errors.js';
export function pipelineCache(device) {
    const pipelines = new Map();
    const layouts = new Map();
    return {
        get size() {
            return pipelines.size;
        },
        get(label, wgsl, bindings) {
            const known = pipelines.get(wgsl);
            if (known)
                return known;
            const made = compile(device, label, wgsl, layoutFor(device, layouts, bindings));
            pipelines.set(wgsl, made);
            return made;
        },
    };
}
/** Kernels that bind alike share one explicit layout, so that bind groups do not depend on the pipeline. */
function layoutFor(device, layouts, bindings) {
    const key = bindings.map((b) => (b.access === 'read' ? 'r' : 'w')).join('');
    const known = layouts.get(key);
    if (known)
        return known.pipeline;
    const group = device.createBindGroupLayout({
        label: `bindings ${key}`,
        entries: bindings.map((b, binding) => ({
            binding,
            visibility: GPUShaderStage.COMPUTE,
            buffer: { type: b.access === 'read' ? 'read-only-storage' : 'storage' },
        })),
    });
    const pipeline = device.createPipelineLayout({ label: `bindings ${key}`, bindGroupLayouts: [group] });
    layouts.set(key, { group, pipeline });
    return pipeline;
}
async function compile(device, label, wgsl, layout) {
    const module = device.createShaderModule({ label, code: wgsl });
    try {
        return await device.createComputePipelineAsync({
            label,
            layout,
            compute: { module, entryPoint: 'main' },
        });
    }
    catch (cause) {
        const { messages } = await module.getCompilationInfo();
        const said = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join('\n');
        const numbered = wgsl.split('\n').map((line, i) => `${String(i + 1).padStart(4)} ${line}`);
        throw new GpuError('E_GPU', `${label}: the shader does not compile:\n${said}\n${numbered.join('\n')}`, {
            cause,
        });
    }
}
//# sourceMappingURL=pipelines.js.map