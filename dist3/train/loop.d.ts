import type { Executable } from '../runtime/executable.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { NumberArray } from '../runtime/state.ts';
/** What the loop tells whoever watches: a progress bar, a log. */
export interface StepReport {
    readonly step: number;
    readonly of: number;
    /** Of this step, where there is one; read every few steps only. */
    readonly loss?: number;
}
export interface LoopOptions {
    readonly gpu: Gpu;
    /** A plan with an output `loss`. */
    readonly executable: Executable;
    /** First step to do: above 0 when resuming. */
    readonly start: number;
    readonly iterations: number;
    readonly inputsAt: (step: number) => Promise<Readonly<Record<string, NumberArray>>>;
    readonly signal?: AbortSignal;
    readonly onReport?: (report: StepReport) => void;
    /** Saves everything; called with the number of steps done. */
    readonly save?: (done: number) => Promise<void>;
    /** Seconds between saves; default 30. */
    readonly saveEvery?: number;
}
/**
 * Runs training steps. Stops cleanly at an abort: the step in flight is finished, the state saved.
 * @returns the number of steps done. @throws NotFiniteError naming the step; what was saved last is kept.
 */
export declare function trainLoop(options: LoopOptions): Promise<number>;
