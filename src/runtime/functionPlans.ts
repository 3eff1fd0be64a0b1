import { ConfigError, type WgadError } from '../errors.ts';
import { ANYONE } from '../gpu/pipelines.ts';
import { CachedPlan, type PlanCache } from './planCache.ts';

/** A plan made runnable; its calls run one after another. */
export interface Runnable {
  readonly executable: NonNullable<CachedPlan<unknown>['executable']>;
}

/**
 * The plans of one compiled function by the shapes of its arguments, at most `most`. It must not refer to the user's
 * function or objects: the finalization registry holds it until the function is garbage-collected.
 */
export class FunctionPlans<T extends Runnable> {
  readonly #cache: PlanCache;
  readonly #label: string;
  readonly #most: number;
  /** Most recently used last. */
  readonly #plans = new Map<string, CachedPlan<T>>();
  #disposed: WgadError | undefined;

  constructor(cache: PlanCache, label: string, most: number) {
    this.#cache = cache;
    this.#label = label;
    this.#most = most;
  }

  /** @throws ConfigError once it was disposed of. */
  requireOpen(): void {
    if (this.#disposed) throw this.#disposed;
  }

  /**
   * Enqueues a call with the plan for `key`, made by `make` if missing; `enqueue` must not wait.
   * @throws ConfigError once it was disposed of; whatever `make` throws; the next call then tries again.
   */
  async call<R>(key: string, make: () => Promise<T>, enqueue: (made: T) => R): Promise<R> {
    this.requireOpen();
    const known = this.#plans.get(key);
    const plan = known ?? new CachedPlan<T>(this);
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    this.#cache.begin(plan);
    this.#trim();
    try {
      if (!known) plan.made = this.#made(plan, make);
      return enqueue(await plan.made);
    } finally {
      this.#cache.end(plan);
      this.#trim();
    }
  }

  /** Frees all, also kernels of shapes that may come again: calls that have begun finish, later ones are refused. */
  dispose(): void {
    this.#disposed ??= new ConfigError(
      `${this.#label}: this compiled function was disposed of and can no longer be called`,
      { fix: 'dispose of it after its last call, or compile it again' },
    );
    this.#retireAll(null);
    this.#cache.forget(this);
  }

  /** The function was garbage-collected. It may have been compiled again, so kernels stay for a while. */
  collected(): void {
    this.#retireAll(ANYONE);
  }

  /** A plan was retired: the next call of its shapes makes one anew. */
  forget(plan: CachedPlan<T>): void {
    for (const [key, each] of this.#plans) if (each === plan) this.#plans.delete(key);
  }

  #retireAll(keeper: object | null): void {
    for (const plan of this.#plans.values()) this.#cache.retire(plan, keeper);
  }

  async #made(plan: CachedPlan<T>, make: () => Promise<T>): Promise<T> {
    try {
      const made = await make();
      plan.executable = made.executable;
      return made;
    } catch (error) {
      this.#cache.retire(plan, null);
      throw error;
    }
  }

  #trim(): void {
    for (const plan of this.#plans.values()) {
      if (this.#plans.size <= this.#most) break;
      if (plan.calls === 0) this.#cache.retire(plan, this);
    }
  }
}
