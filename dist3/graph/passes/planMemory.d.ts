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
export declare function planMemory(requests: readonly MemoryRequest[]): MemoryPlan;
