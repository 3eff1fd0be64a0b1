/// <reference lib="esnext.disposable" preserve="true" />

import { requireFilled, requireFunction } from '../arguments.ts';
import { ConfigError, DtypeError, gotText } from '../errors.ts';
import type { HostMemory } from '../gpu/hostMemory.ts';
import { type AdapterDescription, OPEN_OPTIONS, type OpenOptions } from '../gpu/open.ts';
import type { GPUBuffer } from '../gpu/webgpuTypes.ts';
import { type OwnKernel, type OwnKernelCall, ownKernel } from '../graph/ops/ownKernel.ts';
import type { UpdateRule } from '../graph/ops/update.ts';
import { flattenTree, type Tree } from '../graph/tree.ts';
import { type Dtype, requireDtype, state, type Value } from '../graph/value.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import type { StateDict } from '../nn/init.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { product, requireShape, type Shape } from '../shape.ts';
import { type CheckGradientsOptions, checkGradients, type GradientCheck } from './checkGradients.ts';
import {
  type Compiled,
  type CompileOptions,
  compileFunction,
  type FunctionMaker,
} from './compiledFunction.ts';
import { Executables, requireTensor } from './executables.ts';
import { type Gpu, openDevice } from './gpu.ts';
import { GroupOptimiser, type Optimiser } from './optimiser.ts';
import { PlanCache } from './planCache.ts';
import { readBuffer } from './readBuffer.ts';
import { type StateStore, stateStore } from './state.ts';
import type { Structure, StructureFunction } from './structure.ts';
import { HOST_TENSOR, type HostTensor, isTensor, storedLeaves, type Tensor } from './tensor.ts';

/** How an engine is opened, and what it may keep. */
export interface EngineOptions extends OpenOptions {
  /**
   * Bytes of device memory that the plans of compiled functions may take together. Those used longest ago are freed
   * beyond it, and made again where their shape comes back; the plan used last stays, however large it is. Default: a
   * quarter of what the machine or its control group has available (of its total memory if only that is known; else 1
   * GiB). If memory runs out earlier, all plans not in use are freed.
   */
  planBytes?: number;
}

const ENGINE_OPTIONS: OptionNames<EngineOptions> = { ...OPEN_OPTIONS, planBytes: true };
const COMPILE_OPTIONS: OptionNames<CompileOptions> = { label: true, fuse: true, maxPlans: true };

/** Frees tensors that nothing refers to any more. */
const forgotten = new FinalizationRegistry<{ tensors: StateStore; name: string }>(({ tensors, name }) =>
  tensors.delete(name),
);

/** Frees the state of garbage-collected optimisers. */
const collected = new FinalizationRegistry<GroupOptimiser>((group) => void group.dispose());

/** Shared by all engines of the process, so that no engine mistakes another's tensor for its own. */
let namesGiven = 0;

/**
 * Opens a device and runs functions of values on it. After `dispose` every call on it, its tensors, compiled functions
 * and optimisers throws ConfigError, but for `memory` and what frees.
 */
export class Engine {
  readonly gpu: Gpu;
  readonly #tensors: StateStore;
  readonly #executables: Executables;
  readonly #maker: FunctionMaker;

  private constructor(gpu: Gpu, planBytes: number) {
    this.gpu = gpu;
    this.#tensors = stateStore(gpu.device, gpu.buffers);
    this.#executables = new Executables(gpu, this.#tensors);
    this.#maker = {
      gpu,
      tensors: this.#tensors,
      executables: this.#executables,
      plans: new PlanCache(gpu, this.#executables, planBytes),
      result: (words, shape, dtype) => {
        const name = nextName('tensor');
        this.#tensors.reserve(name, words);
        return this.#wrap(name, shape, dtype);
      },
    };
  }

  /**
   * @param options `adapter`: part of a name or an index; `device`: bring your own (never destroyed here).
   * @throws GpuError E_NO_ADAPTER with what to do on this system.
   */
  static async create(options: EngineOptions = {}, ...extra: never[]): Promise<Engine> {
    refuseExtra('Engine.create', extra);
    requireOptions('Engine.create', options, ENGINE_OPTIONS);
    const { planBytes, ...open } = options;
    if (planBytes !== undefined && !(typeof planBytes === 'number' && planBytes >= 0)) {
      throw new ConfigError(
        `Engine.create: planBytes expects bytes of at least 0, got ${gotText(planBytes)}`,
      );
    }
    const gpu = await openDevice(open);
    return new Engine(gpu, planBytes ?? usualPlanBytes(gpu.host));
  }

  get adapter(): AdapterDescription {
    return this.gpu.adapter;
  }

  get facts(): DeviceFacts {
    return this.gpu.facts;
  }

  /**
   * A device tensor from row-major numbers. dtype follows the array: Int32Array is i32, Uint32Array u32, all else f32.
   * @throws ShapeError where `shape` is not a shape or holds a different count; LimitError where it exceeds the
   * adapter's buffers.
   */
  tensor(data: ArrayLike<number>, shape: Shape, ...extra: never[]): Tensor {
    refuseExtra('tensor', extra);
    this.#executables.requireOpen();
    requireFilled('tensor', data, shape);
    const numbers =
      data instanceof Int32Array || data instanceof Uint32Array || data instanceof Float32Array
        ? data
        : Float32Array.from(data);
    const dtype = numbers instanceof Int32Array ? 'i32' : numbers instanceof Uint32Array ? 'u32' : 'f32';
    const name = nextName('tensor');
    this.#tensors.set(name, numbers, shape);
    return this.#wrap(name, shape, dtype);
  }

  /** A state dict's tensors on the device, by their names: of a Map as `parseSafetensors` and `initialize` make it, or pairs. */
  load(tensors: Iterable<readonly [string, HostTensor]>, ...extra: never[]): Record<string, Tensor> {
    refuseExtra('load', extra);
    this.#executables.requireOpen();
    if (typeof tensors?.[Symbol.iterator] !== 'function') {
      throw new DtypeError(
        `load: tensors expects a Map or pairs of names and tensors, got ${gotText(tensors)}`,
      );
    }
    return Object.fromEntries(
      [...tensors].map(([name, tensor]) => {
        requireOptions(`load: ${name}`, tensor, HOST_TENSOR);
        return [name, this.tensor(tensor.data, tensor.shape)];
      }),
    );
  }

  /** The opposite of `load`: tensors by name in the host's memory, for `toSafetensors`. */
  async stateDict(tensors: Readonly<Record<string, Tensor>>, ...extra: never[]): Promise<StateDict> {
    refuseExtra('stateDict', extra);
    this.#executables.requireOpen();
    const leaves = storedLeaves(tensors);
    const integers = leaves.find(({ dtype }) => dtype !== 'f32');
    if (integers) throw new DtypeError(`stateDict: ${integers.path} expects f32, got ${integers.dtype}`);
    const found: StateDict = new Map();
    for (const [name, tensor] of Object.entries(tensors)) {
      found.set(name, { shape: tensor.shape, data: (await tensor.data()) as Float32Array });
    }
    return found;
  }

  /**
   * `fn` traced once per set of argument shapes, planned, and replayed at every call. What depends on captured tensors
   * alone is computed at the first call, and again only after one of them was changed: a call of `() => matmul(a, b)`
   * with captured tensors computes nothing but a copy. To measure an op, hand its operands over as arguments.
   * @param fn a function of values; device tensors it captures are used in place.
   * @throws (each call) what tracing throws; LimitError and OutOfMemoryError where the plan is too large.
   */
  compile<A extends readonly Value[], R>(
    fn: (...args: A) => R & Structure<R>,
    options?: CompileOptions,
  ): Compiled<A, R>;
  compile<A extends readonly unknown[], R>(
    fn: StructureFunction<A, R>,
    options?: CompileOptions,
  ): Compiled<A, R>;
  // For ops themselves, which take numbers and tensors too.
  compile<R>(fn: (x: Value) => R & Structure<R>, options?: CompileOptions): Compiled<[x: Value], R>;
  compile<R>(
    fn: (a: Value, b: Value) => R & Structure<R>,
    options?: CompileOptions,
  ): Compiled<[a: Value, b: Value], R>;
  // Repeated last, because the compiler explains why the last overload does not fit.
  compile<A extends readonly unknown[], R>(
    fn: StructureFunction<A, R>,
    options?: CompileOptions,
  ): Compiled<A, R>;
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options: CompileOptions = {},
    ...extra: never[]
  ): Compiled<A, R> {
    this.#executables.requireOpen();
    refuseExtra('compile', extra);
    requireFunction('compile', 'fn', fn);
    requireOptions('compile', options, COMPILE_OPTIONS);
    return compileFunction(this.#maker, fn, options);
  }

  /**
   * Compares the derivatives of `fn` with differences of its values, argument by argument: each along a random direction, from
   * two sides. Results of any shape are summed with random weights. Float32 allows some 3 digits, so choose arguments of
   * ordinary size, away from kinks.
   * @throws ConfigError naming the arguments whose derivatives differ by more than the tolerance.
   */
  async checkGradients(
    fn: (...args: Value[]) => Value,
    args: readonly Tensor[],
    options: CheckGradientsOptions = {},
    ...extra: never[]
  ): Promise<GradientCheck[]> {
    refuseExtra('checkGradients', extra);
    this.#executables.requireOpen();
    return checkGradients(this, fn, args, options);
  }

  /**
   * A WGSL kernel of one's own as an op: in functions of values like any other, in traces, plans, profiles, and with a `vjp`
   * in derivatives (docs/own-kernels.md). Its text is compiled when a function that calls it first runs; what the compiler
   * says names the text's own lines.
   * @throws ConfigError for a definition that cannot be one.
   */
  kernel<const I extends string, const O extends string>(
    definition: OwnKernel<I, O>,
    ...extra: never[]
  ): OwnKernelCall<O> {
    refuseExtra('kernel', extra);
    this.#executables.requireOpen();
    return ownKernel(definition);
  }

  /**
   * A tensor in a buffer of the caller's, from its beginning on: of this engine's device, with the usages STORAGE, COPY_SRC and
   * COPY_DST. It stays the caller's: disposing of the tensor leaves it alone.
   * @throws ConfigError for a buffer that is too small or lacks a usage.
   */
  adopt(buffer: GPUBuffer, shape: Shape, dtype: Exclude<Dtype, 'f16'> = 'f32', ...extra: never[]): Tensor {
    refuseExtra('adopt', extra);
    this.#executables.requireOpen();
    requireShape('adopt', shape);
    requireDtype('adopt', dtype, ['f32', 'i32', 'u32']);
    requireAdoptable(buffer, 4 * product(shape));
    const name = nextName('tensor');
    this.#tensors.adopt(name, buffer, product(shape));
    return this.#wrap(name, shape, dtype);
  }

  /**
   * Updates `params` (a tensor, or arrays and objects of tensors) in place by a rule such as `adamw({ lr: 1e-3 })`, all of
   * them in one dispatch a step. For groups with settings of their own make an optimiser each.
   * @throws DtypeError where a parameter is not f32; ConfigError where there are none, or one twice.
   */
  optimiser<P extends Tree<Tensor>>(rule: UpdateRule, params: P, ...extra: never[]): Optimiser<P> {
    refuseExtra('optimiser', extra);
    this.#executables.requireOpen();
    if (typeof rule?.settingsAt !== 'function') {
      throw new ConfigError(`optimiser: rule expects adamw(), sgd() or the like, got ${gotText(rule)}`);
    }
    const label = nextName('optimiser');
    const stores = { tensors: this.#tensors, executables: this.#executables };
    const group = new GroupOptimiser(this.gpu, stores, rule, storedLeaves(params), label);
    const optimiser: Optimiser<P> = {
      get steps() {
        return group.steps;
      },
      async step(grads, lr, ...more: never[]) {
        refuseExtra('optimiser step', more);
        await group.step(storedLeaves(grads), lr);
      },
      async state(...more: never[]) {
        refuseExtra('optimiser state', more);
        return group.state();
      },
      async restore(state, ...more: never[]) {
        refuseExtra('optimiser restore', more);
        await group.restore(requireState(state));
      },
      async dispose(...more: never[]) {
        refuseExtra('optimiser dispose', more);
        await group.dispose();
      },
    };
    collected.register(optimiser, group);
    return optimiser;
  }

  /** Frees every tensor of a result, or of any structure of them. Those that are freed already stay so. */
  free(results: Tree<Tensor>, ...extra: never[]): void {
    refuseExtra('free', extra);
    this.#executables.requireOpen();
    for (const [, tensor] of flattenTree<Tensor>(results, isTensor)) tensor.dispose();
  }

  /** Memory that it holds on the device now. Constant over repeated calls of one function whose results are freed. */
  memory(...extra: never[]): EngineMemory {
    refuseExtra('memory', extra);
    const { pooled, count, bytes } = this.#executables;
    return {
      ...this.gpu.buffers.counters,
      pooled,
      plans: count,
      planBytes: bytes,
      pipelines: this.gpu.pipelines.size,
    };
  }

  /** Frees everything made here; a device that the caller brought stays open. Calling it twice is harmless. */
  dispose(...extra: never[]): void {
    refuseExtra('dispose', extra);
    const error = new ConfigError(
      'engine was disposed of: it, its tensors, compiled functions and optimisers can no longer be used',
      { fix: 'dispose of it after their last use' },
    );
    // Pending waits are rejected with this reason before the device is closed.
    this.gpu.guard.release(error);
    this.#executables.dispose(error);
    this.#tensors.clear();
    this.gpu.pipelines.clear();
    this.gpu.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #wrap(name: string, shape: Shape, dtype: Dtype): Tensor {
    const tensors = this.#tensors;
    const value = state(name, shape, dtype);
    const dispose = (): void => {
      forgotten.unregister(value);
      this.#tensors.delete(name);
    };
    // Ops read the tensor through its value, which may outlive the tensor's own object.
    forgotten.register(value, { tensors: this.#tensors, name }, value);
    return {
      value,
      shape,
      dtype,
      data: async (...extra: never[]) => {
        refuseExtra('data', extra);
        this.#executables.requireOpen();
        requireTensor(this.#tensors, name, 'data');
        return readBuffer(this.gpu, this.#tensors.buffer(name), product(shape), dtype);
      },
      get buffer() {
        requireTensor(tensors, name, 'buffer');
        return { buffer: tensors.buffer(name), offset: 0, size: 4 * product(shape) };
      },
      changed: (...extra: never[]) => {
        refuseExtra('changed', extra);
        requireTensor(tensors, name, 'changed');
        tensors.touch(name);
      },
      dispose: (...extra: never[]) => {
        refuseExtra('dispose', extra);
        dispose();
      },
      [Symbol.dispose]: dispose,
    };
  }
}

function requireState(state: StateDict): StateDict {
  if (state instanceof Map) return state;
  throw new DtypeError(
    `optimiser: state expects a Map as \`state\` or parseSafetensors gives, got ${gotText(state)}`,
  );
}

function requireAdoptable(buffer: GPUBuffer, bytes: number): void {
  if (typeof buffer?.size !== 'number' || typeof buffer.usage !== 'number') {
    throw new ConfigError(`adopt: buffer expects a GPUBuffer, got ${gotText(buffer)}`);
  }
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const needed = STORAGE | COPY_SRC | COPY_DST;
  if ((buffer.usage & needed) !== needed) {
    throw new ConfigError(
      `adopt: buffer expects the usages STORAGE, COPY_SRC and COPY_DST (${needed}), got ${buffer.usage}`,
    );
  }
  if (buffer.size < Math.max(4, bytes)) {
    throw new ConfigError(`adopt: buffer expects at least ${bytes} bytes, got ${buffer.size}`);
  }
}

function nextName(kind: 'tensor' | 'optimiser'): string {
  namesGiven += 1;
  return `${kind} ${namesGiven}`;
}

/** What `engine.memory()` reports. */
export interface EngineMemory {
  /** Bytes of all buffers and textures; results count until they are freed. */
  readonly live: number;
  /** The most bytes so far. */
  readonly peak: number;
  /** Buffers and textures. */
  readonly buffers: number;
  /** Plans of compiled functions and optimisers. */
  readonly plans: number;
  /** Bytes of these plans; part of `live`. */
  readonly planBytes: number;
  /** Bytes of their arenas, which intermediate values share; part of `planBytes`. */
  readonly pooled: number;
  /** Compiled kernels: those of the plans, and at most 128 that plans used before and may use again. */
  readonly pipelines: number;
}

/** Share of the machine's memory that plans may keep, and the memory assumed where it is unknown. */
const PLAN_SHARE = 1 / 4;
const UNKNOWN_HOST = 4 * 2 ** 30;

const usualPlanBytes = (host: HostMemory): number =>
  PLAN_SHARE * (host.available() ?? host.total() ?? UNKNOWN_HOST);
