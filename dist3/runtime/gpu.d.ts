import { type BufferMaker } from '../gpu/buffers.ts';
import { type DeviceGuard } from '../gpu/guard.ts';
import { type AdapterDescription, type OpenOptions } from '../gpu/open.ts';
import { type PipelineCache } from '../gpu/pipelines.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
/** An open device and everything made on it once. */
export interface Gpu {
    readonly device: GPUDevice;
    readonly adapter: AdapterDescription;
    readonly facts: DeviceFacts;
    readonly guard: DeviceGuard;
    readonly buffers: BufferMaker;
    readonly pipelines: PipelineCache;
    close(): void;
}
/** Opens a device, or takes the caller's. @throws GpuError E_NO_ADAPTER. */
export declare function openDevice(options?: OpenOptions): Promise<Gpu>;
