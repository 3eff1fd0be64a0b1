import { GpuError, OutOfMemoryError } from '../errors.ts';
import { scoped } from '../gpu/guard.ts';
import { bytesText, planBytes } from '../graph/limits.ts';
import type { Plan } from '../graph/plan.ts';
import { type SizeBlocks, sizeBlocks } from '../graph/sizeBlocks.ts';
import type { Gpu } from './gpu.ts';
import { type PlacedImages, placeImages } from './images.ts';
import type { StateStore } from './state.ts';

/** The device memory of a plan: a buffer per slot, those of state slots being the store's own. */
export interface PlanBuffers {
  readonly slots: readonly GPUBuffer[];
  readonly images: PlacedImages;
  /** Where each kernel's sizes lie, and the buffer that holds them; undefined where no kernel reads any. */
  readonly sizes?: { readonly buffer: GPUBuffer; readonly blocks: SizeBlocks };
  /** What was made here and is the caller's to destroy. */
  readonly owned: (GPUBuffer | GPUTexture)[];
}

/** @throws OutOfMemoryError with what was asked and what could be had; everything made before is then freed. */
export async function allocate(gpu: Gpu, plan: Plan, state: StateStore): Promise<PlanBuffers> {
  const owned: (GPUBuffer | GPUTexture)[] = [];
  try {
    const slots = await scoped(gpu.device, plan.label, () => makeSlots(gpu, plan, state, owned));
    const images = await scoped(gpu.device, plan.label, () => placeImages(gpu, plan, slots)).catch(
      (cause: unknown) => {
        if (!(cause instanceof GpuError) || cause.code !== 'E_OUT_OF_MEMORY') throw cause;
        throw outOfMemory(plan, 'its images', sizeOf(owned), cause);
      },
    );
    owned.push(...images.textures);
    const blocks = sizeBlocks(plan);
    if (blocks.data.length === 0) return { slots, images, owned };
    const buffer = await scoped(gpu.device, plan.label, () => makeSizes(gpu, plan, blocks));
    owned.push(buffer);
    return { slots, images, sizes: { buffer, blocks }, owned };
  } catch (error) {
    for (const each of owned) gpu.buffers.destroy(each);
    throw error;
  }
}

/** An error scope for each buffer tells which was one too many. */
async function makeSlots(
  gpu: Gpu,
  plan: Plan,
  state: StateStore,
  owned: (GPUBuffer | GPUTexture)[],
): Promise<GPUBuffer[]> {
  const pending: { bytes: number; label: string; error: Promise<GPUError | null> }[] = [];
  const slots = plan.slots.map((slot, i) => {
    if (slot.kind === 'state') return state.buffer(slot.name);
    const label = `${plan.label} ${slot.kind} ${'name' in slot ? slot.name : i}`;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    gpu.device.pushErrorScope('out-of-memory');
    const buffer = gpu.buffers.create(label, slot.bytes, usage);
    pending.push({ bytes: buffer.size, label, error: gpu.device.popErrorScope() });
    owned.push(buffer);
    return buffer;
  });
  let available = 0;
  for (const { bytes, label, error } of pending) {
    const failure = await error;
    if (failure) throw outOfMemory(plan, label, available, failure);
    available += bytes;
  }
  for (const [i, slot] of plan.slots.entries()) {
    if (slot.kind === 'constants') {
      gpu.device.queue.writeBuffer(slots[i]!, 0, plan.constants as BufferSource);
    }
  }
  return slots;
}

function makeSizes(gpu: Gpu, { label }: Plan, { data }: SizeBlocks): GPUBuffer {
  const buffer = gpu.buffers.create(
    `${label} sizes`,
    data.byteLength,
    GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  );
  gpu.device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

const sizeOf = (made: readonly (GPUBuffer | GPUTexture)[]): number =>
  made.reduce((sum, each) => sum + ('size' in each ? each.size : 0), 0);

const outOfMemory = (plan: Plan, at: string, available: number, cause: unknown): OutOfMemoryError =>
  new OutOfMemoryError(
    `${plan.label}: out of memory at ${at}: needs ${bytesText(planBytes(plan))}, of which ${bytesText(available)} could be had`,
    { asked: planBytes(plan), available },
    { fix: 'use a smaller batch or size', where: plan.label, cause },
  );
