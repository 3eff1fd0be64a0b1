import type { Plan, PlannedTensor } from '../graph/plan.ts';
import type { Gpu } from './gpu.ts';
import { type NumberArray, type StateStore } from './state.ts';
/** A plan on a device: buffers, pipelines and bind groups made once; a run is uploads and submits. */
export interface Executable {
    readonly plan: Plan;
    /** Uploads the inputs and enqueues every dispatch. Returns before the device has finished. */
    run(inputs?: Readonly<Record<string, NumberArray>>): void;
    /** The outputs of the last run (or those named), in one read-back. */
    read(names?: readonly string[]): Promise<Map<string, NumberArray>>;
    /** Where inputs and outputs lie, for copies that stay on the device. */
    readonly inputs: ReadonlyMap<string, BoundTensor>;
    readonly outputs: ReadonlyMap<string, BoundTensor>;
    destroy(): void;
}
export interface BoundTensor {
    readonly buffer: GPUBuffer;
    readonly tensor: PlannedTensor;
}
/**
 * Makes `plan` runnable. `state` holds the buffers of its state slots.
 * @throws LimitError where a tensor exceeds what the adapter binds; GpuError where memory runs out.
 */
export declare function compilePlan(gpu: Gpu, plan: Plan, state: StateStore): Promise<Executable>;
