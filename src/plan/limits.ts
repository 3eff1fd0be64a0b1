import { DtypeError } from '../errors.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import type { Plan, Slot } from './plan.ts';

/** Size limits of an adapter, in bytes. */
export interface PlanLimits {
  /** Largest binding of a dispatch. */
  readonly maxBindingBytes: number;
  /** Largest buffer. */
  readonly maxBufferBytes: number;
}

/** A binding or buffer of a plan that exceeds a limit. */
export interface Excess {
  /** Layer, op and operand, or the buffer. */
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

/** The largest excess as a sentence, and how many more there are. */
export function excessText(excesses: readonly Excess[]): string {
  const { what, of, bytes, allowed } = excesses[0]!;
  const more = excesses.length > 1 ? ` (${excesses.length - 1} more values are too large)` : '';
  return `${what} needs a ${of} of ${bytesText(bytes)}, this adapter allows ${bytesText(allowed)}${more}`;
}

export const bytesText = (bytes: number): string => `${bytes} bytes (${(bytes / 2 ** 20).toFixed(1)} MiB)`;

/** @throws DtypeError unless the adapter stores f16. */
export function requireHalf({ f16 }: DeviceFacts, where: string): void {
  if (f16) return;
  throw new DtypeError(`${where} stores f16, which needs WebGPU's shader-f16; this adapter lacks it`, {
    fix: 'use --precision f32, or another adapter (`wgad doctor` lists what each has)',
  });
}
