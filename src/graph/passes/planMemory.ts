/**
 * Where each intermediate value lies. Greedy by size: the largest first, each at the lowest free offset of the
 * arena that grows least.
 *
 * WebGPU does not let one dispatch read a buffer and write it, even on disjoint ranges. So a result never
 * shares an arena with an operand of its dispatch (`conflicts`): a colouring that costs a few arenas and keeps
 * inputs declared `read`. One arena with everything read_write would be the alternative.
 */

/** Something that needs memory from its first dispatch to its last, both included. */
export interface MemoryRequest {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** Requests that must not share an arena with this one. */
  readonly conflicts: ReadonlySet<MemoryRequest>;
}

export interface Placement {
  readonly arena: number;
  readonly offset: number;
}

export interface MemoryPlan {
  readonly placements: ReadonlyMap<MemoryRequest, Placement>;
  readonly arenaBytes: readonly number[];
  readonly lowerBound: number;
}

/** @param maxArenaBytes no arena grows beyond it, unless a single request does. */
export function planMemory(
  requests: readonly MemoryRequest[],
  maxArenaBytes = Number.POSITIVE_INFINITY,
): MemoryPlan {
  const placements = new Map<MemoryRequest, Placement>();
  const arenas: { bytes: number; held: { request: MemoryRequest; offset: number }[] }[] = [];
  const order = [...requests].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const request of order) {
    let best = { arena: arenas.length, offset: 0, growth: request.bytes };
    arenas.forEach((arena, index) => {
      if (arena.held.some((other) => request.conflicts.has(other.request))) return;
      const offset = lowestGap(request, arena.held);
      if (offset + request.bytes > maxArenaBytes) return;
      const growth = Math.max(0, offset + request.bytes - arena.bytes);
      if (growth < best.growth) best = { arena: index, offset, growth };
    });
    if (best.arena === arenas.length) arenas.push({ bytes: 0, held: [] });
    const arena = arenas[best.arena]!;
    arena.held.push({ request, offset: best.offset });
    arena.bytes = Math.max(arena.bytes, best.offset + request.bytes);
    placements.set(request, { arena: best.arena, offset: best.offset });
  }
  return { placements, arenaBytes: arenas.map((arena) => arena.bytes), lowerBound: peakLive(requests) };
}

function lowestGap(
  request: MemoryRequest,
  held: readonly { request: MemoryRequest; offset: number }[],
): number {
  const alive = held
    .filter(({ request: other }) => other.first <= request.last && request.first <= other.last)
    .sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const { request: other, offset: start } of alive) {
    if (offset + request.bytes <= start) break;
    offset = Math.max(offset, start + other.bytes);
  }
  return offset;
}

function peakLive(requests: readonly MemoryRequest[]): number {
  const changes = new Map<number, number>();
  const change = (at: number, bytes: number): void => void changes.set(at, (changes.get(at) ?? 0) + bytes);
  for (const { first, last, bytes } of requests) {
    change(first, bytes);
    change(last + 1, -bytes);
  }
  let live = 0;
  let peak = 0;
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    live += changes.get(at)!;
    peak = Math.max(peak, live);
  }
  return peak;
}
