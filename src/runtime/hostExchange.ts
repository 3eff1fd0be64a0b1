/** Buffers of a plan for uploads from the host and read-backs to it. */
import { GpuError } from '../errors.ts';
import { scoped } from '../gpu/guard.ts';
import { type UploadRing, uploadRing } from '../gpu/uploadRing.ts';
import type { Plan } from '../plan/plan.ts';
import type { Gpu } from './gpu.ts';
import { readBackPlaces, ringInputs } from './planBytes.ts';

/** Upload rings for large inputs. Left out if memory runs out: uploads work without them. */
export async function uploadRings(
  gpu: Gpu,
  plan: Plan,
  owned: (GPUBuffer | GPUTexture)[],
): Promise<Map<string, UploadRing>> {
  const rings = new Map<string, UploadRing>();
  for (const [name, { range }] of ringInputs(plan)) {
    const label = `${plan.label} ${name}`;
    const made: GPUBuffer[] = [];
    try {
      const ring = await scoped(gpu.device, label, () =>
        uploadRing(gpu.device, gpu.buffers, { label, bytes: range.bytes, owned: made }),
      );
      rings.set(name, ring);
      owned.push(...made);
    } catch (error) {
      for (const buffer of made) gpu.buffers.destroy(buffer);
      // Creating a buffer mapped throws a RangeError if there is no memory.
      if (error instanceof RangeError || (error instanceof GpuError && error.code === 'E_OUT_OF_MEMORY'))
        break;
      throw error;
    }
  }
  return rings;
}

export interface ReadBack {
  readonly buffer: GPUBuffer;
  readonly places: ReadonlyMap<string, number>;
}

export function readBack(gpu: Gpu, plan: Plan, owned: (GPUBuffer | GPUTexture)[]): ReadBack {
  const { places, bytes } = readBackPlaces(plan);
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const buffer = gpu.buffers.create(`${plan.label} read-back`, bytes, usage);
  owned.push(buffer);
  return { buffer, places };
}
