import { GpuError, OutOfMemoryError } from '../errors.ts';
import { bufferBytes } from '../gpu/buffers.ts';
import { popErrorScope, scoped } from '../gpu/guard.ts';
import { notEnough } from '../gpu/memoryRoom.ts';
import { bytesText } from '../plan/limits.ts';
import type { Plan } from '../plan/plan.ts';
import { type SizeBlocks, sizeBlocks } from '../plan/sizeBlocks.ts';
import { type Gpu, idle } from './gpu.ts';
import { type PlanUse, planBytes } from './planBytes.ts';
import type { StateStore } from './state.ts';
import { makeTextures, type PlanTextures } from './textures.ts';

/** The device memory of a plan: a buffer per slot; those of state slots belong to the store. */
export interface PlanBuffers {
  readonly slots: readonly GPUBuffer[];
  readonly textures: PlanTextures;
  /** Where each kernel's sizes lie, and the buffer that holds them; undefined where no kernel reads any. */
  readonly sizes?: { readonly buffer: GPUBuffer; readonly blocks: SizeBlocks };
  /** Bytes of the plan, including uploads and read-backs (`planBytes`). */
  readonly bytes: number;
  /** Everything made here, for the caller to destroy. */
  readonly owned: (GPUBuffer | GPUTexture)[];
}

/** @throws OutOfMemoryError with what was asked and what could be had; everything made before is then freed. */
export async function allocate(gpu: Gpu, plan: Plan, state: StateStore, use: PlanUse): Promise<PlanBuffers> {
  const asked = planBytes(plan, use);
  await requireRoom(gpu, plan, asked);
  const owned: (GPUBuffer | GPUTexture)[] = [];
  try {
    const slots = await scoped(gpu.device, plan.label, () => makeSlots(gpu, plan, state, { owned, asked }));
    let had = 0;
    const textures = await scoped(gpu.device, plan.label, () => {
      had = sizeOf(owned);
      return makeTextures(gpu, plan, slots, owned);
    }).catch((cause: unknown) => {
      if (!(cause instanceof GpuError) || cause.code !== 'E_OUT_OF_MEMORY') throw cause;
      throw outOfMemory(plan, 'its images', { asked, available: had }, cause);
    });
    const blocks = sizeBlocks(plan);
    if (blocks.data.length === 0) return { slots, textures, bytes: asked, owned };
    const buffer = await scoped(gpu.device, plan.label, () => makeSizes(gpu, plan, blocks));
    owned.push(buffer);
    return { slots, textures, sizes: { buffer, blocks }, bytes: asked, owned };
  } catch (error) {
    for (const each of owned) gpu.buffers.destroy(each);
    throw error;
  }
}

/** @throws OutOfMemoryError before anything is allocated, if the device uses the host's memory and too little is free. */
async function requireRoom(gpu: Gpu, plan: Plan, bytes: number): Promise<void> {
  const compiled = kernelBytes(gpu, [plan]);
  const left = (): number =>
    Math.max(0, (gpu.buffers.room.available() ?? Number.POSITIVE_INFINITY) - compiled);
  if (bytes <= left()) return;
  // Destroyed buffers are free only once the device is done with them.
  await idle(gpu);
  const room = left();
  if (bytes > room) throw notEnough(plan.label, bytes, room);
}

/**
 * What the process grows by for a kernel that a software adapter compiles: 172 of a training step took 200 MiB, on Mesa
 * 25, from its cache or not. The system kills a process that has no room for them.
 */
const KERNEL_BYTES = 1_258_291;

/**
 * Host memory that the plans' kernels take which are not compiled yet; a GPU's driver is not asked for any.
 * @param beside a plan whose kernels are counted already.
 */
export function kernelBytes({ facts, pipelines }: Gpu, plans: readonly Plan[], beside?: Plan): number {
  if (!facts.software) return 0;
  const textsOf = ({ dispatches }: Plan): string[] => dispatches.map(({ kernel }) => kernel.wgsl);
  const counted = new Set(beside && textsOf(beside));
  const texts = new Set(plans.flatMap(textsOf));
  return KERNEL_BYTES * [...texts].filter((text) => !counted.has(text) && !pipelines.has(text)).length;
}

/** One error scope per buffer shows which allocation failed. */
async function makeSlots(
  gpu: Gpu,
  plan: Plan,
  state: StateStore,
  { owned, asked }: { owned: (GPUBuffer | GPUTexture)[]; asked: number },
): Promise<GPUBuffer[]> {
  const pending: { bytes: number; label: string; error: Promise<GPUError | null> }[] = [];
  const slots = plan.slots.map((slot, i) => {
    if (slot.kind === 'state') return state.buffer(slot.name);
    const label = `${plan.label} ${slot.kind} ${'name' in slot ? slot.name : i}`;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    gpu.device.pushErrorScope('out-of-memory');
    try {
      const buffer = gpu.buffers.create(label, slot.bytes, usage);
      owned.push(buffer);
      return buffer;
    } finally {
      pending.push({ bytes: bufferBytes(slot.bytes), label, error: popErrorScope(gpu.device, label) });
    }
  });
  let available = 0;
  for (const { bytes, label, error } of pending) {
    const failure = await error;
    if (failure) throw outOfMemory(plan, label, { asked, available }, failure);
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

const outOfMemory = (
  plan: Plan,
  at: string,
  { asked, available }: { asked: number; available: number },
  cause: unknown,
): OutOfMemoryError =>
  new OutOfMemoryError(
    `${plan.label}: out of memory at ${at}: needs ${bytesText(asked)}, of which ${bytesText(available)} could be had`,
    { asked, available },
    { fix: 'use a smaller batch or size', where: plan.label, cause },
  );
