import { OutOfMemoryError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Executable } from './executable.ts';
import { type Executables, ON_DEVICE } from './executables.ts';
import { type Gpu, idle } from './gpu.ts';
import { planBytes } from './planBytes.ts';

/** A plan of a compiled function. It can be made again, so it is freed when memory is needed. */
export class CachedPlan<T> {
  /** Set by the first call. */
  made!: Promise<T>;
  executable: Executable | undefined;
  /** Calls begun but not enqueued yet; it is not freed before they are. */
  calls = 0;
  /** Once it serves no further call: for whom its kernels are kept (`PipelineLease`). */
  keeper: object | null | undefined;
  /** Told when the plan is retired; kernels are kept for it if the plan may be needed again. */
  readonly owner: { forget(plan: CachedPlan<T>): void };

  constructor(owner: { forget(plan: CachedPlan<T>): void }) {
    this.owner = owner;
  }
}

/**
 * The plans of all compiled functions of one engine. The least recently used are freed where all take more than
 * `budget` bytes.
 */
export class PlanCache {
  readonly #gpu: Gpu;
  readonly #executables: Executables;
  readonly #budget: number;
  /** Most recently used last. */
  readonly #plans = new Set<CachedPlan<unknown>>();

  constructor(gpu: Gpu, executables: Executables, budget: number) {
    this.#gpu = gpu;
    this.#executables = executables;
    this.#budget = budget;
  }

  /** A call of it begins. */
  begin(plan: CachedPlan<unknown>): void {
    plan.calls += 1;
    this.#plans.delete(plan);
    this.#plans.add(plan);
  }

  /** The call is enqueued, or has failed. */
  end(plan: CachedPlan<unknown>): void {
    plan.calls -= 1;
    if (plan.keeper !== undefined && plan.calls === 0) this.#free(plan);
    this.#makeRoom(0);
  }

  /** Makes a plan runnable. Frees others first to stay within the budget, and all unused ones if memory ran out. */
  async compile(plan: Plan): Promise<Executable> {
    this.#makeRoom(planBytes(plan, ON_DEVICE));
    try {
      return await this.#executables.compile(plan);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || !this.#makeRoom(Number.POSITIVE_INFINITY)) throw error;
      // Destroyed buffers are free only once the device is done with them.
      await idle(this.#gpu);
      return this.#executables.compile(plan);
    }
  }

  /** Frees a plan once the calls already begun are done. @param keeper for whom its kernels are kept; null: drop them. */
  retire(plan: CachedPlan<unknown>, keeper: object | null): void {
    if (plan.keeper !== undefined) return;
    plan.keeper = keeper;
    this.#plans.delete(plan);
    plan.owner.forget(plan);
    if (plan.calls === 0) this.#free(plan);
  }

  /** Forgets the kernels that were kept for `keeper`. */
  forget(keeper: object): void {
    this.#gpu.pipelines.forget(keeper);
  }

  #free({ executable, keeper = null }: CachedPlan<unknown>): void {
    if (executable) this.#executables.drop(executable, keeper);
  }

  /** @returns whether anything was freed. The plan used last always stays, or every call would have to make it again. */
  #makeRoom(wanted: number): boolean {
    let bytes = wanted;
    let last: CachedPlan<unknown> | undefined;
    for (const plan of this.#plans) {
      bytes += plan.executable?.bytes ?? 0;
      last = plan;
    }
    let freed = false;
    for (const plan of this.#plans) {
      if (bytes <= this.#budget) break;
      if (plan === last || plan.calls > 0) continue;
      bytes -= plan.executable?.bytes ?? 0;
      this.retire(plan, plan.owner);
      freed = true;
    }
    return freed;
  }
}
