import { DtypeError } from '../errors.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import type { Plan, Slot } from './plan.ts';
import { sizeBlocks } from './sizeBlocks.ts';

/** What an adapter lets a plan have, in bytes. */
export interface PlanLimits {
  /** Of one binding of one dispatch. */
  readonly maxBindingBytes: number;
  /** Of one buffer. */
  readonly maxBufferBytes: number;
}

/** Something of a plan that is larger than allowed. */
export interface Excess {
  /** The layer and op, and which of its operands; or the buffer. */
  readonly what: string;
  readonly of: 'binding' | 'buffer';
  readonly bytes: number;
  readonly allowed: number;
}

/** Everything that exceeds a limit, the largest first. */
export function excessesOf(plan: Plan, limits: PlanLimits): Excess[] {
  const found = new Map<string, Excess>();
  for (const { kernel, ranges } of plan.dispatches) {
    for (const [i, { slot, bytes }] of ranges.entries()) {
      if (bytes <= limits.maxBindingBytes) continue;
      const from = nameOf(plan.slots[slot]!);
      const what = `${kernel.label}: ${kernel.bindings[i]!.name}${from === '' ? '' : ` (${from})`}`;
      found.set(what, { what, of: 'binding', bytes, allowed: limits.maxBindingBytes });
    }
  }
  for (const [i, slot] of plan.slots.entries()) {
    if (slot.kind === 'state' || slot.bytes <= limits.maxBufferBytes) continue;
    const what = nameOf(slot) || `${slot.kind} ${i}`;
    found.set(what, { what, of: 'buffer', bytes: slot.bytes, allowed: limits.maxBufferBytes });
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}

const nameOf = (slot: Slot): string => ('name' in slot ? `${slot.kind} ${slot.name}` : '');

/** The worst of them in words, and how many more there are. */
export function excessText(excesses: readonly Excess[]): string {
  const { what, of, bytes, allowed } = excesses[0]!;
  const more = excesses.length > 1 ? ` (${excesses.length - 1} more values are too large)` : '';
  return `${what} needs a ${of} of ${bytesText(bytes)}, this adapter allows ${bytesText(allowed)}${more}`;
}

/** What a plan takes on the device beside its state: buffers, kernels' sizes, images that bindings read, and the read-back. */
export function planBytes(plan: Plan): number {
  let bytes = sizeBlocks(plan).data.byteLength;
  for (const slot of plan.slots) if (slot.kind !== 'state') bytes += slot.bytes;
  for (const { range } of plan.outputs.values()) bytes += range.bytes;
  const images = new Map<string, number>();
  for (const { kernel } of plan.dispatches) {
    for (const [i, { image }] of kernel.bindings.entries()) {
      if (!image) continue;
      const { width, height, layers } = image;
      images.set(`${width}x${height}x${layers} ${i}`, 16 * width * height * layers);
    }
  }
  return [...images.values()].reduce((sum, each) => sum + each, bytes);
}

export const bytesText = (bytes: number): string => `${bytes} bytes (${(bytes / 2 ** 20).toFixed(1)} MiB)`;

/** @throws DtypeError unless the adapter stores f16. */
export function requireHalf({ f16 }: DeviceFacts, where: string): void {
  if (f16) return;
  throw new DtypeError(`${where} stores f16, which needs WebGPU's shader-f16; this adapter lacks it`, {
    fix: 'use --precision f32, or another adapter (`wgad doctor` lists what each has)',
  });
}
