import { type BufferMaker, bufferMaker } from '../gpu/buffers.ts';
import { type DeviceGuard, guardDevice } from '../gpu/guard.ts';
import { type HostMemory, hostMemory } from '../gpu/hostMemory.ts';
import { memoryRoom, UNKNOWN_ROOM } from '../gpu/memoryRoom.ts';
import { type AdapterDescription, type OpenOptions, openGpu } from '../gpu/open.ts';
import { type PipelineCache, pipelineCache } from '../gpu/pipelines.ts';
import type { GPUDevice } from '../gpu/webgpuTypes.ts';
import type { DeviceFacts, GpuFamily } from '../kernels/kernel.ts';
import type { PlanLimits } from '../plan/limits.ts';
import type { DeviceParking } from './parkedDevice.ts';
import { PRECISE_TIMESTAMPS, type Profiler } from './profiler.ts';
import { directSubmitter, type Submitter } from './submitter.ts';

/** An open device and everything made on it once. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** The adapter's limits; the device's are `device.limits`. */
  readonly adapterLimits: Readonly<Record<string, number>>;
  readonly facts: DeviceFacts;
  readonly guard: DeviceGuard;
  /** The machine's memory, which holds all buffers and textures of a software adapter. */
  readonly host: HostMemory;
  readonly buffers: BufferMaker;
  readonly pipelines: PipelineCache;
  readonly submitter: Submitter;
  readonly onCompile?: CompileWatcher;
  close(): void;
}

/** Told of a plan's kernels while they compile: 0 of them first, then each time one is done. */
export type CompileWatcher = (plan: string, done: number, of: number) => void;

export interface DeviceOptions extends OpenOptions {
  /** Times whatever runs on the device. */
  readonly profiler?: Profiler;
  /** For progress: the first compilation of a large plan takes a minute on a software adapter. */
  readonly onCompile?: CompileWatcher;
  /** Default: what the system reports. */
  readonly host?: HostMemory;
  /** Where the device comes from if one is parked there, and goes to when it is closed sound and idle; none with a profiler or flags of its own. */
  readonly parking?: DeviceParking;
}

/** The adapter as results and reports name it. */
export const adapterName = ({ adapter }: Pick<Gpu, 'adapter'>): string =>
  adapter.name + (adapter.software ? ' (software)' : '');

/** Size limits of this device. */
export const limitsOf = ({ facts, device }: Gpu): PlanLimits => ({
  maxBindingBytes: facts.maxBindingBytes,
  maxBufferBytes: device.limits.maxBufferSize,
});

/** Waits until everything that was run is done. */
export async function idle({ submitter, guard, device }: Gpu): Promise<void> {
  await submitter.settled();
  await guard.wait(device.queue.onSubmittedWorkDone());
}

/** Opens a device, or takes the caller's. @throws GpuError E_NO_ADAPTER. */
export async function openDevice(options: DeviceOptions = {}): Promise<Gpu> {
  const { profiler, onCompile, nativeFlags = [], host = hostMemory() } = options;
  const parking = profiler || options.nativeFlags || options.device ? undefined : options.parking;
  const key = JSON.stringify([options.adapter ?? '', options.subgroupMatrix ?? false]);
  const parked = await parking?.take(key);
  const open =
    parked?.open ??
    (await openGpu(profiler ? { ...options, nativeFlags: [...nativeFlags, PRECISE_TIMESTAMPS] } : options));
  const { device, adapter } = open;
  const guard = guardDevice(device);
  const pipelines = parked?.pipelines ?? pipelineCache(device);
  const buffers = bufferMaker(device, (live) => (adapter.software ? memoryRoom(host, live) : UNKNOWN_ROOM));
  // The device may be another session's by the second call.
  let closed = false;
  return {
    device,
    adapter,
    adapterLimits: open.adapterLimits,
    guard,
    facts: {
      software: adapter.software,
      subgroupSize: open.subgroupSize,
      f16: device.features.has('shader-f16'),
      ...(open.subgroupMatrix && { subgroupMatrix: open.subgroupMatrix }),
      maxStorageBuffers: device.limits.maxStorageBuffersPerShaderStage,
      maxWorkgroupInvocations: device.limits.maxComputeInvocationsPerWorkgroup,
      workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      maxBindingBytes: device.limits.maxStorageBufferBindingSize,
      maxImageSide: open.readsTextures ? device.limits.maxTextureDimension2D : 0,
      maxImageLayers: open.readsTextures ? device.limits.maxTextureArrayLayers : 0,
      ...familyOf(adapter),
    },
    host,
    buffers,
    pipelines,
    submitter: profiler?.submitter(device) ?? directSubmitter(device),
    ...(onCompile && { onCompile }),
    close() {
      if (closed) return;
      closed = true;
      const sound = guard.isSound();
      guard.release();
      const compiled = pipelines.compiled();
      if (parking && sound && !compiled) {
        buffers.destroyAll();
        pipelines.endLeases();
        parking.put(key, { open, pipelines });
        return;
      }
      // Destroying blocks this thread until compilations end, and no signal would be handled meanwhile.
      const destroy = (): void => open.close();
      if (compiled) compiled.then(destroy, destroy);
      else destroy();
    },
  };
}

/** By WebGPU's names of vendors and architectures; none where they say nothing, or it is a CPU. */
function familyOf({ software, vendor, architecture }: AdapterDescription): { readonly family?: GpuFamily } {
  if (software) return {};
  if (vendor === 'nvidia' || vendor === 'apple' || vendor === 'intel') return { family: vendor };
  if (/^rdna-[12]/.test(architecture)) return { family: 'rdna2' };
  if (architecture.startsWith('rdna')) return { family: 'rdna3' };
  return /^(gcn|cdna)/.test(architecture) ? { family: 'gcn' } : {};
}
