import { LimitError, ShapeError, WgadError } from '../errors.ts';
import { packHalves } from '../float16.ts';
import { ANYONE, type PipelineLease } from '../gpu/pipelines.ts';
import { type BufferCopy, type Copies, chunkDispatches, submit } from '../gpu/submit.ts';
import type { UploadRing } from '../gpu/uploadRing.ts';
import type { GPUBuffer, GPUTexture } from '../gpu/webgpuTypes.ts';
import { type Access, layoutOf } from '../kernels/kernel.ts';
import { excessesOf, excessText } from '../plan/limits.ts';
import { type Plan, type PlannedDispatch, type PlannedTensor, type Range, wordBytes } from '../plan/plan.ts';
import { product, shapeText } from '../shape.ts';
import { type Gpu, limitsOf } from './gpu.ts';
import { type ReadBack, readBack, uploadRings } from './hostExchange.ts';
import { allocate, type PlanBuffers } from './planBuffers.ts';
import type { PlanUse } from './planBytes.ts';
import { mapped } from './readBuffer.ts';
import { type NumberArray, numbersFrom, type StateStore } from './state.ts';
import type { PlanDispatch, Upload } from './submitter.ts';

/** A plan on a device: buffers, pipelines and bind groups made once; a run is uploads and submits. */
export interface Executable {
  readonly plan: Plan;
  /** Device memory beside the state. */
  readonly bytes: number;
  /**
   * Uploads the inputs (f16 ones from f32 numbers) and enqueues every dispatch, with copies before and after them all.
   * Returns before the device has finished.
   */
  run(inputs?: Readonly<Record<string, NumberArray>>, copies?: Copies): void;
  /** The outputs of the last run (or those named), in one read-back. */
  read(names?: readonly string[]): Promise<Map<string, NumberArray>>;
  /** Where inputs and outputs lie, for copies that stay on the device. */
  readonly inputs: ReadonlyMap<string, BoundTensor>;
  readonly outputs: ReadonlyMap<string, BoundTensor>;
  /**
   * Frees its memory; runs already enqueued still finish. @param keeper for whom otherwise unused kernels are kept
   * (`PipelineLease`); default: for anyone.
   */
  destroy(keeper?: object | null): void;
}

interface BoundTensor {
  readonly buffer: GPUBuffer;
  readonly tensor: PlannedTensor;
}

/** Milliseconds of work per submit that keep drivers' watchdogs quiet and Ctrl-C prompt. */
const SUBMIT_MS = 200;

/**
 * Makes `plan` runnable. `state` holds the buffers of its state slots.
 * @throws LimitError where a value exceeds what the adapter binds; OutOfMemoryError where memory runs out.
 */
export async function compilePlan(
  gpu: Gpu,
  plan: Plan,
  state: StateStore,
  use: PlanUse = {},
): Promise<Executable> {
  checkLimits(gpu, plan);
  const { slots, bytes, owned, kernels, dispatches, rings, ...made } = await make(gpu, plan, state, use);
  let { staging } = made;
  const budget = SUBMIT_MS / 1000;
  const prelude = chunkDispatches(dispatches.slice(0, plan.prelude), budget);
  const chunks = chunkDispatches(dispatches.slice(plan.prelude), budget);
  const read = stateNames(plan, plan.prelude, (access) => access === 'read');
  const written = stateNames(plan, plan.dispatches.length, (access) => access !== 'read');
  // Undefined at first: a prelude that reads no state must run once too.
  let seen: string | undefined;
  return {
    plan,
    bytes,
    inputs: bound(plan.inputs, slots),
    outputs: bound(plan.outputs, slots),
    run(inputs = {}, copies = {}) {
      gpu.guard.check();
      const uploads = uploadsOf(plan, slots, rings, inputs);
      const now = read.map((name) => state.version(name)).join();
      const due = prelude.length > 0 && seen !== now ? [...prelude, ...chunks] : chunks;
      gpu.submitter.run(plan.label, uploads, due, copies);
      seen = now;
      written.forEach(state.touch);
    },
    async read(names = [...plan.outputs.keys()]) {
      staging ??= readBack(gpu, plan, owned);
      const { buffer: to } = staging;
      const copies: BufferCopy[] = [];
      const places = names.map((name) => {
        const place = staging?.places.get(name);
        const tensor = plan.outputs.get(name);
        if (place === undefined || !tensor) {
          throw new WgadError(
            'E_CONFIG',
            `${plan.label} has no output ${name}; it has ${[...plan.outputs.keys()]}`,
          );
        }
        copies.push(copyOf(tensor.range, slots, to, place));
        return { name, place, tensor };
      });
      const waiting = gpu.submitter.settled();
      // Without a profiler the copy is enqueued before this call returns, and so before any later run.
      if (waiting) await gpu.guard.wait(waiting);
      submit(gpu.device, `${plan.label} read`, [], { after: copies });
      const results = await mapped(
        gpu,
        to,
        (bytes) =>
          new Map(
            places.map(({ name, place, tensor }) => [
              name,
              numbersFrom(bytes.slice(place, place + tensor.range.bytes), tensor.dtype),
            ]),
          ),
      );
      to.unmap();
      return results;
    },
    destroy(keeper = ANYONE) {
      const free = (): void => release(gpu, { owned, kernels }, keeper);
      const waiting = gpu.submitter.settled();
      // A profiler runs enqueued work later and needs the memory until then.
      if (waiting) waiting.then(free, free);
      else free();
    },
  };
}

/** A plan's objects on the device. */
interface Made {
  readonly slots: readonly GPUBuffer[];
  readonly bytes: number;
  readonly owned: (GPUBuffer | GPUTexture)[];
  /** By the kernel's text. */
  readonly kernels: ReadonlyMap<string, PipelineLease>;
  readonly dispatches: readonly PlanDispatch[];
  readonly rings: ReadonlyMap<string, UploadRing>;
  readonly staging: ReadBack | undefined;
}

/** On failure everything made so far is freed. */
async function make(gpu: Gpu, plan: Plan, state: StateStore, use: PlanUse): Promise<Made> {
  const memory = await allocate(gpu, plan, state, use);
  const { slots, bytes, owned } = memory;
  const kernels = new Map<string, PipelineLease>();
  try {
    const dispatches = await compileDispatches(gpu, plan, memory, kernels);
    const staging = use.onDevice ? undefined : readBack(gpu, plan, owned);
    const rings = use.onDevice ? new Map<string, UploadRing>() : await uploadRings(gpu, plan, owned);
    return { slots, bytes, owned, kernels, dispatches, rings, staging };
  } catch (error) {
    release(gpu, { owned, kernels }, null);
    throw error;
  }
}

function release(gpu: Gpu, { owned, kernels }: Pick<Made, 'owned' | 'kernels'>, keeper: object | null): void {
  for (const thing of owned.splice(0)) gpu.buffers.destroy(thing);
  for (const lease of kernels.values()) lease.release(keeper);
}

/** Names of state that the first `count` dispatches bind with an access for which `is` holds. */
function stateNames(plan: Plan, count: number, is: (access: Access) => boolean): string[] {
  const names = plan.dispatches.slice(0, count).flatMap(({ kernel, ranges }) =>
    ranges.flatMap(({ slot }, i) => {
      const bound = plan.slots[slot]!;
      return bound.kind === 'state' && is(kernel.bindings[i]!.access) ? [bound.name] : [];
    }),
  );
  return [...new Set(names)];
}

const bound = (
  tensors: ReadonlyMap<string, PlannedTensor>,
  slots: readonly GPUBuffer[],
): Map<string, BoundTensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, { buffer: slots[tensor.range.slot]!, tensor }]));

/** All pipelines at once and asynchronously: repeated layers share one text and so one compilation, and one of `kernels`. */
async function compileDispatches(
  gpu: Gpu,
  plan: Plan,
  { slots, textures, sizes }: PlanBuffers,
  kernels: Map<string, PipelineLease>,
): Promise<PlanDispatch[]> {
  for (const { kernel } of plan.dispatches) {
    if (kernels.has(kernel.wgsl)) continue;
    kernels.set(kernel.wgsl, gpu.pipelines.lease(kernel.label, kernel.wgsl, layoutOf(kernel), kernel.own));
  }
  const texts = new Set(kernels.keys());
  const of = texts.size;
  gpu.onCompile?.(plan.label, 0, of);
  return gpu.guard.wait(
    Promise.all(
      plan.dispatches.map(async (planned, at): Promise<PlanDispatch> => {
        const { kernel, ranges } = planned;
        const pipeline = await kernels.get(kernel.wgsl)!.pipeline;
        if (texts.delete(kernel.wgsl)) gpu.onCompile?.(plan.label, of - texts.size, of);
        const block = sizes?.blocks.rangeOf(kernel);
        const bindGroup = gpu.device.createBindGroup({
          label: kernel.label,
          layout: pipeline.getBindGroupLayout(0),
          entries: [
            ...ranges.map(({ slot, offset, bytes }, binding) => ({
              binding,
              resource:
                textures.viewOf(at, binding) ?? ({ buffer: slots[slot]!, offset, size: bytes } as const),
            })),
            ...(block ? [{ binding: ranges.length, resource: { buffer: sizes!.buffer, ...block } }] : []),
          ],
        });
        return {
          planned,
          label: kernel.label,
          pipeline,
          bindGroup,
          grid: kernel.grid,
          textures: textures.copiesBefore.get(at),
          cost: secondsOf(gpu, planned),
        };
      }),
    ),
  );
}

/** A rough guess, on the slow side, of how long a dispatch takes: it only decides where submits are cut. */
function secondsOf(gpu: Gpu, { kernel }: PlannedDispatch): number {
  const [flopRate, byteRate, overhead] = gpu.facts.software ? [4e9, 1e9, 2e-5] : [5e11, 5e10, 5e-6];
  return Math.max(kernel.flops / flopRate, kernel.bytes / byteRate) + overhead;
}

function checkLimits(gpu: Gpu, plan: Plan): void {
  const excesses = excessesOf(plan, limitsOf(gpu));
  if (excesses.length === 0) return;
  throw new LimitError(`${plan.label}: ${excessText(excesses)}`, {
    fix: 'use a smaller batch or size',
    where: plan.label,
  });
}

/** @throws ShapeError where an input has another length than the plan's. */
function uploadsOf(
  plan: Plan,
  slots: readonly GPUBuffer[],
  rings: ReadonlyMap<string, UploadRing>,
  inputs: Readonly<Record<string, NumberArray>>,
): Upload[] {
  return Object.entries(inputs).flatMap(([name, data]) => {
    const tensor = plan.inputs.get(name);
    if (!tensor) return []; // an input that the simplified graph no longer reads
    if (data.length !== product(tensor.shape)) {
      throw new ShapeError(
        `${plan.label}: input ${name} expects ${shapeText(tensor.shape)}, got ${data.length} numbers`,
      );
    }
    const words = tensor.dtype === 'f16' ? packHalves(data as Float32Array) : data;
    return [{ to: slots[tensor.range.slot]!, data: words, ring: rings.get(name) }];
  });
}

const copyOf = (range: Range, slots: readonly GPUBuffer[], to: GPUBuffer, toOffset: number): BufferCopy => ({
  from: slots[range.slot]!,
  fromOffset: range.offset,
  to,
  toOffset,
  bytes: wordBytes(range.bytes),
});
