/**
 * Places each intermediate value. Greedy: in some order, mostly the largest first, each at the lowest free offset of
 * the arena that grows least; other orders are tried while the sum is far from the least that any placement needs.
 *
 * WebGPU lets one dispatch read a buffer and write it, on disjoint ranges, only where both bindings are declared
 * `read_write`, and no two such bindings may overlap, so that what it reads twice must lie elsewhere. Results in arenas apart from their operands keep operands declared `read`, and in most plans cost
 * nothing. Where they cost too much (the residual blocks of scoring: two operands and a result need three arenas, while
 * an early, wide layer has made one of them larger than the block could use) operands and results share: the fewer and
 * larger ones first, until the sum is near that bound.
 */

/** Something that needs memory from its first dispatch to its last, both included. */
export interface MemoryRequest {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /** Requests that a dispatch reads while it writes this one, or the other way round. */
  readonly conflicts: ReadonlySet<MemoryRequest>;
  /** Those of them that must not share an arena: one dispatch reads one of the two through several bindings. */
  readonly apart: ReadonlySet<MemoryRequest>;
}

interface Placement {
  readonly arena: number;
  readonly offset: number;
}

export interface MemoryPlan {
  readonly placements: ReadonlyMap<MemoryRequest, Placement>;
  readonly arenaBytes: readonly number[];
  readonly lowerBound: number;
}

/** Share of the lower bound that a plan may take beyond it before operands and results share arenas. */
const SLACK = 0.05;
/** Minimum saving that justifies sharing an arena, as a share of the lower bound; tried in turn. */
const SAVINGS = [Number.POSITIVE_INFINITY, 0.1, 0.03, 0.01, 0.003, 0];

/** @param maxArenaBytes no arena grows beyond it, unless a single request does. */
export function planMemory(
  requests: readonly MemoryRequest[],
  maxArenaBytes = Number.POSITIVE_INFINITY,
): MemoryPlan {
  const lowerBound = peakLive(requests);
  const orders = ORDERS.map((order) => [...requests].sort((a, b) => order(a, b) || a.first - b.first));
  let best: Placed | undefined;
  const nearEnough = (order: readonly MemoryRequest[], saving: number): boolean => {
    const placed = placeAll(order, maxArenaBytes, saving * lowerBound);
    if (!best || total(placed) < total(best)) best = placed;
    return total(best) <= (1 + SLACK) * lowerBound;
  };
  SAVINGS.some((saving) => orders.some((order) => nearEnough(order, saving)));
  const { placements, arenas } = best!;
  return { placements, arenaBytes: arenas.map(({ bytes }) => bytes), lowerBound };
}

type Order = (a: MemoryRequest, b: MemoryRequest) => number;
const lifeOf = ({ first, last }: MemoryRequest): number => last - first + 1;
const bySize: Order = (a, b) => b.bytes - a.bytes;
const byArea: Order = (a, b) => b.bytes * lifeOf(b) - a.bytes * lifeOf(a);
const byLife: Order = (a, b) => lifeOf(b) - lifeOf(a) || bySize(a, b);
const byFirst: Order = (a, b) => a.first - b.first || bySize(a, b);
const byLast: Order = (a, b) => b.last - a.last || bySize(a, b);
/** Orders in which the greedy placement takes requests; the first one is usually good enough. */
const ORDERS: readonly Order[] = [bySize, byArea, byLife, byFirst, byLast];

interface Arena {
  bytes: number;
  readonly held: { request: MemoryRequest; offset: number }[];
}

interface Placed {
  readonly placements: ReadonlyMap<MemoryRequest, Placement>;
  readonly arenas: readonly Arena[];
}

const total = ({ arenas }: Placed): number => arenas.reduce((sum, { bytes }) => sum + bytes, 0);

/** Lets conflicting requests share an arena if that saves more than `worth` bytes. */
function placeAll(order: readonly MemoryRequest[], maxArenaBytes: number, worth: number): Placed {
  const placements = new Map<MemoryRequest, Placement>();
  const arenas: Arena[] = [];
  for (const request of order) {
    let best = { arena: arenas.length, offset: 0, cost: request.bytes };
    for (const [index, arena] of arenas.entries()) {
      if (arena.held.some((other) => request.apart.has(other.request))) continue;
      const offset = lowestGap(request, arena.held);
      if (offset + request.bytes > maxArenaBytes) continue;
      const conflicting = arena.held.some((other) => request.conflicts.has(other.request));
      const cost = Math.max(0, offset + request.bytes - arena.bytes) + (conflicting ? worth : 0);
      // At equal cost an existing arena wins: every arena is a buffer.
      if (cost < best.cost || (cost === best.cost && best.arena === arenas.length)) {
        best = { arena: index, offset, cost };
      }
    }
    if (best.arena === arenas.length) arenas.push({ bytes: 0, held: [] });
    const arena = arenas[best.arena]!;
    arena.held.push({ request, offset: best.offset });
    arena.bytes = Math.max(arena.bytes, best.offset + request.bytes);
    placements.set(request, { arena: best.arena, offset: best.offset });
  }
  return { placements, arenas };
}

/** The lowest offset that is free for the whole life of the request. */
function lowestGap(request: MemoryRequest, held: Arena['held']): number {
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
