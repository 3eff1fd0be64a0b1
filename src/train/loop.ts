import { NotFiniteError } from '../errors.ts';
import type { Executable } from '../runtime/executable.ts';
import { type Gpu, idle } from '../runtime/gpu.ts';
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

/** Steps between two readings of the loss, which wait for the device. */
const REPORT_STEPS = 10;

/**
 * Runs training steps. Stops cleanly at an abort: the step in flight is finished, the state saved.
 * @returns the number of steps done. @throws NotFiniteError naming the step; what was saved last is kept.
 */
export async function trainLoop(options: LoopOptions): Promise<number> {
  const { gpu, executable, start, iterations, inputsAt, signal, onReport, save, saveEvery = 30 } = options;
  let saved = performance.now();
  let next = start < iterations ? inputsAt(start) : undefined;
  let before: Promise<void> | undefined;
  for (let step = start; step < iterations; step++) {
    const inputs = await next!;
    executable.run(inputs);
    // The next batch is decoded while the device works on this one.
    next = step + 1 < iterations ? inputsAt(step + 1) : undefined;
    const last = step + 1 === iterations;
    if (step % REPORT_STEPS === 0 || last || signal?.aborted) {
      const loss = (await executable.read(['loss'])).get('loss')![0]!;
      if (!Number.isFinite(loss)) {
        await next?.catch(() => {});
        throw new NotFiniteError(`the loss is ${loss} at step ${step}`, {
          where: executable.plan.label,
          fix: 'use a smaller --lr; the last checkpoint is intact',
        });
      }
      onReport?.({ step: step + 1, of: iterations, loss });
      before = undefined;
    } else {
      // One step ahead: the device begins this step while the next is encoded, and never waits for it.
      await before;
      before = idle(gpu);
      before.catch(() => {});
    }
    const due = performance.now() - saved > saveEvery * 1000;
    if (save && (due || signal?.aborted || last)) {
      await save(step + 1);
      saved = performance.now();
    }
    if (signal?.aborted && !last) {
      await next?.catch(() => {});
      return step + 1;
    }
  }
  return iterations;
}
