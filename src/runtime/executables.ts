import { ConfigError, type WgadError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { compilePlan, type Executable } from './executable.ts';
import type { Gpu } from './gpu.ts';
import type { PlanUse } from './planBytes.ts';
import type { StateStore } from './state.ts';

/** An engine's tensors are on the device already. */
export const ON_DEVICE: PlanUse = { onDevice: true };

/** All executables of one engine. One that is still being compiled when the engine is disposed of is freed once it is done. */
export class Executables {
  readonly #gpu: Gpu;
  readonly #tensors: StateStore;
  readonly #made = new Set<Executable>();
  #disposed: WgadError | undefined;

  constructor(gpu: Gpu, tensors: StateStore) {
    this.#gpu = gpu;
    this.#tensors = tensors;
  }

  get count(): number {
    return this.#made.size;
  }

  /** Device memory of all of them, in bytes. */
  get bytes(): number {
    return [...this.#made].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes of the arenas of all of them. */
  get pooled(): number {
    return [...this.#made].reduce((sum, { plan }) => sum + plan.memory.arenas, 0);
  }

  /** @throws ConfigError once the engine was disposed of. */
  requireOpen(): void {
    if (this.#disposed) throw this.#disposed;
  }

  /** @throws ConfigError where the engine is or meanwhile was disposed of, or a tensor that the plan reads. */
  async compile(plan: Plan): Promise<Executable> {
    this.requireOpen();
    this.requireTensors(plan);
    let executable: Executable;
    try {
      executable = await compilePlan(this.#gpu, plan, this.#tensors, ON_DEVICE);
    } catch (error) {
      // If the engine or a tensor was disposed of meanwhile, report that instead of the device's error.
      this.requireOpen();
      this.requireTensors(plan);
      throw error;
    }
    if (this.#disposed) {
      executable.destroy();
      throw this.#disposed;
    }
    this.#made.add(executable);
    return executable;
  }

  /** @throws ConfigError where a tensor that `plan` reads in place was disposed of. */
  requireTensors({ label, slots }: Plan): void {
    for (const slot of slots) if (slot.kind === 'state') requireTensor(this.#tensors, slot.name, label);
  }

  /** Frees one of them. @param keeper for whom otherwise unused kernels are kept; null: drop them. */
  drop(executable: Executable, keeper: object | null): void {
    executable.destroy(keeper);
    this.#made.delete(executable);
  }

  /** Frees all; later calls throw `error`. */
  dispose(error: WgadError): void {
    this.#disposed ??= error;
    for (const executable of this.#made) this.drop(executable, null);
  }
}

/** Also catches tensors of other engines: names are unique in a process. */
export function requireTensor(tensors: StateStore, name: string, where: string): void {
  if (tensors.has(name)) return;
  throw new ConfigError(`${where}: ${name} was disposed of, or belongs to another engine`);
}
