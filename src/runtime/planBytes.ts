import { bufferBytes, textureBytes } from '../gpu/buffers.ts';
import { RING_BYTES, ringBytes } from '../gpu/uploadRing.ts';
import type { Plan, PlannedTensor } from '../plan/plan.ts';
import { sizeBlocks } from '../plan/sizeBlocks.ts';

/** How a plan gets its inputs and returns its outputs. */
export interface PlanUse {
  /** Inputs and outputs are copied on the device: nothing is made for uploads and read-backs. Default false. */
  readonly onDevice?: boolean;
}

/** Device memory that `compilePlan` allocates for a plan besides its state, in bytes. */
export function planBytes(plan: Plan, { onDevice = false }: PlanUse = {}): number {
  let bytes = 0;
  for (const slot of plan.slots) if (slot.kind !== 'state') bytes += bufferBytes(slot.bytes);
  for (const { shape } of plan.textures) bytes += textureBytes(shape);
  const sizes = sizeBlocks(plan).data.byteLength;
  if (sizes > 0) bytes += bufferBytes(sizes);
  if (onDevice) return bytes;
  for (const [, { range }] of ringInputs(plan)) bytes += ringBytes(range.bytes);
  return bytes + bufferBytes(readBackPlaces(plan).bytes);
}

/** Inputs that are large enough for an upload ring. */
export const ringInputs = (plan: Plan): [string, PlannedTensor][] =>
  [...plan.inputs].filter(([, { range }]) => range.bytes >= RING_BYTES);

/** Where each output lies in the read-back buffer, and the bytes of all. */
export function readBackPlaces(plan: Plan): { places: Map<string, number>; bytes: number } {
  const places = new Map<string, number>();
  let bytes = 0;
  for (const [name, { range }] of plan.outputs) {
    places.set(name, bytes);
    bytes += Math.ceil(range.bytes / 8) * 8;
  }
  return { places, bytes };
}
