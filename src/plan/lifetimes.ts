import type { Value } from '../graph/value.ts';
import { ELEMENT_BYTES } from '../kernels/kernel.ts';
import { alignBytes } from './plan.ts';
import type { MemoryRequest } from './planMemory.ts';
import type { Schedule, Scratch } from './schedule.ts';
import { bytesOf } from './storage.ts';

/** A memory request while its lifetime is being found. */
interface Growing extends MemoryRequest {
  first: number;
  last: number;
  readonly conflicts: Set<MemoryRequest>;
  readonly apart: Set<MemoryRequest>;
}

/**
 * First and last use of each value and scratch array that has no `fixed` memory, and which of them one dispatch reads
 * while it writes the other. Results of the prelude that later dispatches read stay alive to the end: the next run
 * reads them again.
 */
export function lifetimesOf(
  { dispatches, prelude }: Schedule,
  fixed: { has(root: Value | Scratch): boolean },
): ReadonlyMap<Value | Scratch, MemoryRequest> {
  const requests = new Map<Value | Scratch, Growing>();
  dispatches.forEach(({ kernel, operands }, at) => {
    const used = operands.map(({ root }) => {
      if (fixed.has(root)) return undefined;
      const bytes = alignBytes('scratchBytes' in root ? root.scratchBytes : bytesOf(root));
      const request = requests.get(root) ?? {
        bytes,
        first: at,
        last: at,
        conflicts: new Set(),
        apart: new Set(),
      };
      requests.set(root, request);
      request.last = at;
      return request;
    });
    /** Whether two bindings of one value have bytes in common; parts of a slab mostly have none. */
    const overlap = (j: number, k: number): boolean =>
      endOf(j) > operands[k]!.offset && endOf(k) > operands[j]!.offset;
    const endOf = (i: number): number => {
      const { length, element } = kernel.bindings[i]!;
      return operands[i]!.offset + length * ELEMENT_BYTES[element];
    };
    used.forEach((request, i) => {
      if (!request || kernel.bindings[i]!.access === 'read') return;
      used.forEach((other, j) => {
        const { access, texture } = kernel.bindings[j]!;
        // What is read as a texture was copied out of its buffer before.
        if (!other || other === request || access !== 'read' || texture) return;
        request.conflicts.add(other);
        other.conflicts.add(request);
        if (!operands.some((_, k) => k !== j && used[k] === other && overlap(j, k))) return;
        request.apart.add(other);
        other.apart.add(request);
      });
    });
  });
  for (const request of requests.values()) {
    if (request.first < prelude && request.last >= prelude) request.last = dispatches.length;
  }
  return requests;
}
