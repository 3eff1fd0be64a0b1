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
  /** Calls that have begun and are not enqueued yet: it is not freed under them. */
  calls = 0;
  /** Once it serves no further call: for whom its kernels are kept (`PipelineLease`). */
  keeper: object | null | undefined;
  /** Told when the plan is retired; kernels are kept for it if the plan may be needed again. */
  readonly owner: { forget(plan: CachedPlan<T>): void };

  constructor(owner: { forget(plan: CachedPlan<T>): void }) {
    this.owner = owner;
  }
}

/** The plans of all compiled functions of one engine. Those used longest ago go where they take more than `budget` bytes. */
export class PlanCache {
  readonly #gpu: Gpu;
  readonly #executables: Executables;
  readonly #budget: number;
  /** The one used last at the end. */
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

  /** Makes a plan runnable; frees others first where they would be too many, and all that can be where memory ran out. */
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

  /** Frees a plan after the calls of it that have begun. @param keeper for whom its kernels are kept; null: for nobody. */
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

  /** @returns whether anything was freed. The plan used last stays, however large it is, or every call would make it anew. */
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
