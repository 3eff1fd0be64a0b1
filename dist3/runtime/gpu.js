import { bufferMaker } from '../gpu/buffers.js';
import { guardDevice } from '../gpu/guard.js';
import { openGpu } from '../gpu/open.js';
import { pipelineCache } from '../gpu/pipelines.js';
/** Opens a device, or takes the caller's. @throws GpuError E_NO_ADAPTER. */
export async function openDevice(options = {}) {
    const open = await openGpu(options);
    const { device, adapter } = open;
    const guard = guardDevice(device);
    return {
        device,
        adapter,
        guard,
        facts: {
            software: adapter.software,
            subgroupSize: open.subgroupSize,
            f16: device.features.has('shader-f16'),
            maxStorageBuffers: device.limits.maxStorageBuffersPerShaderStage,
            maxWorkgroupInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
            workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
            maxBindingBytes: device.limits.maxStorageBufferBindingSize,
        },
        buffers: bufferMaker(device),
        pipelines: pipelineCache(device),
        close() {
            guard.release();
            open.close();
        },
    };
}
//# sourceMappingURL=gpu.js.map