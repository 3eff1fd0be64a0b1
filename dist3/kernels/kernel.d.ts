import type { Wgsl } from './wgsl.ts';
/** What a buffer's elements are in WGSL. */
export type Element = 'f32' | 'f16' | 'i32' | 'u32';
export declare const ELEMENT_BYTES: Record<Element, number>;
/**
 * How a dispatch uses one buffer range. `write` never reads what was there (tests poison it); `readWrite`
 * updates in place. Both are `read_write` in WGSL, which knows no write-only arrays.
 */
export type Access = 'read' | 'write' | 'readWrite';
/** One storage binding: its index is its place in `Kernel.bindings`. */
export interface Binding {
    readonly name: string;
    readonly access: Access;
    readonly element: Element;
    /** Elements the kernel may touch. */
    readonly length: number;
}
/** A compute kernel as data: ten lines of WebGPU run it by hand. */
export interface Kernel {
    /** For people: profiler rows, buffer labels, error messages. */
    readonly label: string;
    /** The complete shader module; the pipeline cache's only key. Its entry point is `main`. */
    readonly wgsl: string;
    readonly bindings: readonly Binding[];
    /** Workgroups in x, y, z, each at most 65,535. */
    readonly grid: readonly [number, number, number];
    /** Floating-point operations of one dispatch, a multiply-add counting two. */
    readonly flops: number;
    /** Bytes that must move at least once: the sum over the bindings. */
    readonly bytes: number;
}
/** What a variant may know of the adapter. Never a vendor's name. */
export interface DeviceFacts {
    /** A CPU pretends to be a GPU (lavapipe, SwiftShader, WARP): loads are dear, barriers dearer. */
    readonly software: boolean;
    /** Lanes of a subgroup; 0 where subgroups are not available or vary. */
    readonly subgroupSize: number;
    readonly f16: boolean;
    readonly maxStorageBuffers: number;
    readonly maxWorkgroupInvocations: number;
    readonly workgroupBytes: number;
    readonly maxBindingBytes: number;
}
/** WebGPU's guaranteed limits and nothing optional: plans built with these run everywhere. */
export declare const BASELINE_DEVICE: DeviceFacts;
export declare const MAX_GROUPS_PER_AXIS = 65535;
export declare const read: (name: string, length: number, element?: Element) => Binding;
export declare const write: (name: string, length: number, element?: Element) => Binding;
export declare const readWrite: (name: string, length: number, element?: Element) => Binding;
/** A one-dimensional grid of `groups` workgroups, folded over x and y; see `GROUP_INDEX`. */
export declare function linearGrid(groups: number): [number, number, number];
/**
 * WGSL expression for the linear workgroup index of a `linearGrid`, given `wid: vec3u` (workgroup_id) and
 * `grid: vec3u` (num_workgroups). A folded grid may have spare workgroups at its end: compare and return.
 */
export declare const GROUP_INDEX = "wid.y * grid.x + wid.x";
/** Completes a shader's text: directives, the binding block written from `bindings`, functions, body. */
export declare function makeKernel(spec: {
    label: string;
    bindings: readonly Binding[];
    grid: readonly [number, number, number];
    flops: number;
    wgsl: Wgsl;
    /** Language features the body needs beyond f16, which follows from the bindings. */
    enables?: readonly ('f16' | 'subgroups')[];
}): Kernel;
