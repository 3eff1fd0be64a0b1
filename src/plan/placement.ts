import { type Graph, valuesOf } from '../graph/graph.ts';
import { isOp, type Value, type ValueOf } from '../graph/value.ts';
import { lifetimesOf } from './lifetimes.ts';
import { alignBytes, type Plan, type Range, type Slot } from './plan.ts';
import { planMemory } from './planMemory.ts';
import type { Part, Schedule, Scratch } from './schedule.ts';
import { bytesOf, type Storage } from './storage.ts';

/** Memory of everything in a plan. */
export interface Placement extends Pick<Plan, 'slots' | 'constants' | 'memory'> {
  /** The first `bytes` bytes of a part. */
  rangeOf(part: Part, bytes: number): Range;
}

/** @param maxBufferBytes no arena grows beyond it, unless a single value does; default: no limit. */
export function placementOf(
  graph: Graph,
  { locate }: Storage,
  schedule: Schedule,
  maxBufferBytes: number | undefined,
): Placement {
  const slots: Slot[] = [];
  const fixed = new Map<Value | Scratch, Range>();
  const constants = placeLeaves(graph, slots, fixed);
  // Results get buffers of their own, so that nothing overwrites them before they are read.
  for (const value of graph.outputs.values()) {
    const { root } = locate(value);
    if (fixed.has(root)) continue;
    const bytes = bytesOf(root);
    const slot = slots.push({ kind: 'output', bytes: alignBytes(bytes) }) - 1;
    fixed.set(root, { slot, offset: 0, bytes });
  }
  const requests = lifetimesOf(schedule, fixed);
  const { placements, arenaBytes, lowerBound } = planMemory([...requests.values()], maxBufferBytes);
  const firstArena = slots.length;
  slots.push(...arenaBytes.map((bytes): Slot => ({ kind: 'arena', bytes })));
  return {
    slots,
    constants,
    memory: { arenas: arenaBytes.reduce((sum, bytes) => sum + bytes, 0), lowerBound },
    rangeOf({ root, offset: inside }, bytes) {
      const known = fixed.get(root);
      if (known) return { slot: known.slot, offset: known.offset + inside, bytes };
      const { arena, offset } = placements.get(requests.get(root)!)!;
      return { slot: firstArena + arena, offset: offset + inside, bytes };
    },
  };
}

/** Inputs and states in slots of their own, by name; constants side by side in one. @returns the constants' bytes. */
function placeLeaves(graph: Graph, slots: Slot[], fixed: Map<Value | Scratch, Range>): Uint8Array {
  const constants: { value: ValueOf<'constant'>; offset: number }[] = [];
  let end = 0;
  for (const value of valuesOf(graph)) {
    const bytes = bytesOf(value);
    if (isOp(value, 'constant')) {
      constants.push({ value, offset: end });
      end += alignBytes(bytes);
    } else if (isOp(value, 'input', 'state')) {
      const { name } = value.attrs;
      const known = slots.findIndex((slot) => slot.kind === value.op && slot.name === name);
      const slot = known >= 0 ? known : slots.push({ kind: value.op, name, bytes: alignBytes(bytes) }) - 1;
      fixed.set(value, { slot, offset: 0, bytes });
    }
  }
  const data = new Uint8Array(end);
  if (end === 0) return data;
  const slot = slots.push({ kind: 'constants', bytes: end }) - 1;
  for (const { value, offset } of constants) {
    data.set(new Uint8Array(encode(value).buffer), offset);
    fixed.set(value, { slot, offset, bytes: bytesOf(value) });
  }
  return data;
}

function encode({ attrs: { data }, dtype }: ValueOf<'constant'>): Float32Array | Int32Array | Uint32Array {
  if (dtype === 'i32') return Int32Array.from(data);
  if (dtype === 'u32') return Uint32Array.from(data);
  return Float32Array.from(data);
}
