import { type BufferMaker, bufferMaker } from '../gpu/buffers.ts';
import { type DeviceGuard, guardDevice } from '../gpu/guard.ts';
import { type AdapterDescription, type OpenOptions, openGpu } from '../gpu/open.ts';
import { type PipelineCache, pipelineCache } from '../gpu/pipelines.ts';
import type { PlanLimits } from '../graph/limits.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';

/** An open device and everything made on it once. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** All that the adapter has; the device's own are `device.limits`. */
  readonly adapterLimits: Readonly<Record<string, number>>;
  readonly facts: DeviceFacts;
  readonly guard: DeviceGuard;
  readonly buffers: BufferMaker;
  readonly pipelines: PipelineCache;
  close(): void;
}

/** What plans may have on this device. */
export const limitsOf = ({ facts, device }: Gpu): PlanLimits => ({
  maxBindingBytes: facts.maxBindingBytes,
  maxBufferBytes: device.limits.maxBufferSize,
});

/** Opens a device, or takes the caller's. @throws GpuError E_NO_ADAPTER. */
export async function openDevice(options: OpenOptions = {}): Promise<Gpu> {
  const open = await openGpu(options);
  const { device, adapter } = open;
  const guard = guardDevice(device);
  return {
    device,
    adapter,
    adapterLimits: open.adapterLimits,
    guard,
    facts: {
      software: adapter.software,
      subgroupSize: open.subgroupSize,
      f16: device.features.has('shader-f16'),
      maxStorageBuffers: device.limits.maxStorageBuffersPerShaderStage,
      maxWorkgroupInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
      workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      maxBindingBytes: device.limits.maxStorageBufferBindingSize,
      maxImageSide: open.readsImages ? device.limits.maxTextureDimension2D : 0,
      maxImageLayers: open.readsImages ? device.limits.maxTextureArrayLayers : 0,
    },
    buffers: bufferMaker(device),
    pipelines: pipelineCache(device),
    close() {
      guard.release();
      open.close();
    },
  };
}
