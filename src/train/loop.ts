import { NotFiniteError } from '../errors.ts';
import { LEAST_LOSS_SCALE, LOSS_SCALE } from '../nn/lossScale.ts';
import type { Executable } from '../runtime/executable.ts';
import { type Gpu, idle } from '../runtime/gpu.ts';
import type { NumberArray } from '../runtime/state.ts';

/** Progress of the loop, for a progress bar or a log. */
export interface StepReport {
  readonly step: number;
  readonly of: number;
  /** Loss of this step; read back every few steps only. */
  readonly loss?: number;
  /** With it, where the loss is scaled: what the next step's is multiplied by. */
  readonly lossScale?: number;
}

export interface LoopOptions {
  readonly gpu: Gpu;
  /** A plan with an output `loss`, and `LOSS_SCALE` where it is scaled. */
  readonly executable: Executable;
  /** First step to do: above 0 when resuming. */
  readonly start: number;
  readonly iterations: number;
  readonly inputsAt: (step: number) => Promise<Readonly<Record<string, NumberArray>>>;
  readonly signal?: AbortSignal;
  readonly onReport?: (report: StepReport) => void;
  /** Saves everything, if all of it is finite; called with the number of steps done. */
  readonly save?: (done: number) => Promise<void>;
  /** Seconds between saves; default 30. */
  readonly saveEvery?: number;
}

/** Steps between two readings of the loss, which wait for the device. */
const REPORT_STEPS = 10;

/**
 * Runs training steps. Stops cleanly at an abort: the step in flight is finished, its successor's inputs are given up where
 * they are rejected with what aborted, the state is saved. A step's loss is checked before its state is saved.
 * @returns the number of steps done. @throws NotFiniteError naming the step; the last save is kept.
 */
export async function trainLoop(options: LoopOptions): Promise<number> {
  const { gpu, executable, start, iterations, inputsAt, signal, onReport, save, saveEvery = 30 } = options;
  let saved = performance.now();
  let next: ReturnType<typeof inputsAt> | undefined;
  const prepare = (step: number): void => {
    next = step < iterations ? inputsAt(step) : undefined;
    // Its error is thrown where it is awaited; until then, do not report it as an unhandled rejection.
    next?.catch(() => {});
  };
  let before: Promise<void> | undefined;
  const lossAt = async (step: number): Promise<Pick<StepReport, 'loss' | 'lossScale'>> => {
    const read = await executable.read();
    const [loss, lossScale] = [read.get('loss')![0]!, read.get(LOSS_SCALE)?.[0]];
    const where = executable.plan.label;
    if (!Number.isFinite(loss)) {
      throw new NotFiniteError(`the loss is ${loss} at step ${step}`, { where });
    }
    if (lossScale !== undefined && lossScale <= LEAST_LOSS_SCALE) {
      throw new NotFiniteError(
        `the gradients overflow f16 at step ${step}, even with the loss times ${LEAST_LOSS_SCALE}`,
        { where },
      );
    }
    return { loss, ...(lossScale !== undefined && { lossScale }) };
  };
  /** Its inputs were given up: the steps before it are kept. */
  const stopBefore = async (step: number): Promise<number> => {
    if (step === start) return step;
    const seen = await lossAt(step - 1);
    onReport?.({ step, of: iterations, ...seen });
    await save?.(step);
    return step;
  };
  prepare(start);
  try {
    for (let step = start; step < iterations; step++) {
      const inputs = await orStopped(next!, signal);
      if (inputs === STOPPED) return await stopBefore(step);
      executable.run(inputs);
      // The next batch is decoded while the device works on this one.
      prepare(step + 1);
      const last = step + 1 === iterations;
      // Asked once: a signal that comes later in this step stops the next one, after it was saved.
      const stopping = signal?.aborted ?? false;
      const due = performance.now() - saved > saveEvery * 1000;
      const saving = save !== undefined && (due || stopping || last);
      if (step % REPORT_STEPS === 0 || last || saving || stopping) {
        const seen = await lossAt(step);
        onReport?.({ step: step + 1, of: iterations, ...seen });
        before = undefined;
      } else {
        // One step ahead: the device begins this step while the next is encoded, and never waits for it.
        await before;
        before = idle(gpu);
        before.catch(() => {});
      }
      if (saving) {
        await save(step + 1);
        saved = performance.now();
      }
      if (stopping && !last) return step + 1;
    }
    return iterations;
  } finally {
    // Wait for the prefetched batch: the caller may close its source.
    await next?.catch(() => {});
  }
}

const STOPPED = Symbol('stopped');

/** Awaits `inputs`; `STOPPED` if they failed because `signal` was aborted. */
const orStopped = <T>(inputs: Promise<T>, signal: AbortSignal | undefined): Promise<T | typeof STOPPED> =>
  inputs.catch((error: unknown) => {
    if (signal?.aborted && error === signal.reason) return STOPPED;
    throw error;
  });
