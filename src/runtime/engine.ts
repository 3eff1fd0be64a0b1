import { ConfigError, DtypeError, gotText, ShapeError } from '../errors.ts';
import { type AdapterDescription, OPEN_OPTIONS, type OpenOptions } from '../gpu/open.ts';
import { requireFunction } from '../graph/arguments.ts';
import { buildPlan } from '../graph/buildPlan.ts';
import type { UpdateRule } from '../graph/ops/update.ts';
import { type Dtype, input, requireNumbers, state, type Value } from '../graph/value.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { product, requireShape, type Shape, shapeText } from '../shape.ts';
import type { Executable } from './executable.ts';
import { Executables, requireTensor } from './executables.ts';
import { type Gpu, openDevice } from './gpu.ts';
import { GroupOptimiser } from './optimiser.ts';
import { readBuffer } from './readBuffer.ts';
import { type StateStore, stateStore } from './state.ts';
import { isResult, isTensor, nameOf, storedLeaves, type Tensor } from './tensor.ts';
import { flattenTree, mapTree, type Tree } from './tree.ts';

/** Updates parameters in place. */
export interface Optimiser<P> {
  /** Steps enqueued so far. */
  readonly steps: number;
  /**
   * One update from gradients in the structure of the parameters, as `valueAndGrad` gives them.
   * @param lr of this step, for a schedule; default the rule's own.
   * @throws ShapeError listing everything in which gradients and parameters differ.
   */
  step(grads: P, lr?: number): Promise<void>;
  /** Frees its moments; the parameters stay. */
  dispose(): Promise<void>;
}

/** How a compiled function is planned. */
export interface CompileOptions {
  /** What errors and profiles call it; default the function's own name. */
  label?: string;
  /** Default true; false keeps one dispatch per op, to compare against. */
  fuse?: boolean;
}

const COMPILE_OPTIONS: OptionNames<CompileOptions> = { label: true, fuse: true };

/** Counts through all engines of the process, so that none takes another's tensor for its own. */
let namesGiven = 0;

/**
 * Opens a device and runs functions of values on it. After `dispose` every call on it, its tensors, compiled functions
 * and optimisers throws ConfigError, but for `memory` and what frees.
 */
export class Engine {
  readonly gpu: Gpu;
  readonly #tensors: StateStore;
  readonly #executables: Executables;

  private constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.#tensors = stateStore(gpu.device, gpu.buffers);
    this.#executables = new Executables(gpu, this.#tensors);
  }

  /**
   * @param options `adapter`: part of a name or an index; `device`: bring your own (never destroyed here).
   * @throws GpuError E_NO_ADAPTER with what to do on this system.
   */
  static async create(options: OpenOptions = {}, ...extra: never[]): Promise<Engine> {
    refuseExtra('Engine.create', extra);
    requireOptions('Engine.create', options, OPEN_OPTIONS);
    return new Engine(await openDevice(options));
  }

  get adapter(): AdapterDescription {
    return this.gpu.adapter;
  }

  get facts(): DeviceFacts {
    return this.gpu.facts;
  }

  /**
   * A device tensor from row-major numbers. dtype follows the array: Int32Array is i32, Uint32Array u32, all else f32.
   * @throws ShapeError where `shape` is none or holds another count; LimitError where no buffer of the adapter does.
   */
  tensor(data: ArrayLike<number>, shape: Shape, ...extra: never[]): Tensor {
    refuseExtra('tensor', extra);
    this.#executables.requireOpen();
    requireShape('tensor', shape);
    requireNumbers('tensor', data);
    if (data.length !== product(shape)) {
      throw new ShapeError(
        `tensor: shape ${shapeText(shape)} expects ${product(shape)} numbers, got ${data.length}`,
      );
    }
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
  load(
    tensors: Iterable<readonly [string, { shape: Shape; data: Float32Array }]>,
    ...extra: never[]
  ): Record<string, Tensor> {
    refuseExtra('load', extra);
    this.#executables.requireOpen();
    if (typeof tensors?.[Symbol.iterator] !== 'function') {
      throw new DtypeError(
        `load: tensors expects a Map or pairs of names and tensors, got ${gotText(tensors)}`,
      );
    }
    return Object.fromEntries(
      [...tensors].map(([name, { data, shape }]) => [name, this.tensor(data, shape)]),
    );
  }

  /**
   * `fn` traced once per set of argument shapes, planned, and replayed at every call.
   * @param fn a function of values; device tensors it captures are used in place.
   * @throws (each call) what tracing throws; LimitError and OutOfMemoryError where the plan is too large.
   */
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options: CompileOptions = {},
    ...extra: never[]
  ): (...args: OnDevice<A>) => Promise<OnDevice<R>> {
    this.#executables.requireOpen();
    refuseExtra('compile', extra);
    requireFunction('compile', 'fn', fn);
    requireOptions('compile', options, COMPILE_OPTIONS);
    const traced = new Map<string, Promise<Traced>>();
    return async (...args) => {
      this.#executables.requireOpen();
      const tree = args as unknown as Tree<Tensor>;
      const leaves = flattenTree<Tensor>(tree, isTensor);
      const key = leaves.map(([path, tensor]) => `${path}:${tensor.shape}:${tensor.dtype}`).join(';');
      const known = traced.get(key);
      const made = known ?? this.#trace(fn as unknown as TreeFunction, tree, options);
      if (!known) {
        traced.set(key, made);
        // What failed is tried again at the next call.
        made.catch(() => traced.delete(key));
      }
      return this.#call(await made, leaves) as unknown as OnDevice<R>;
    };
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
      throw new ConfigError(`optimiser: rule expects adamw() or sgd(), got ${gotText(rule)}`);
    }
    const label = nextName('optimiser');
    const stores = { tensors: this.#tensors, executables: this.#executables };
    const group = new GroupOptimiser(this.gpu, stores, rule, storedLeaves(params), label);
    return {
      get steps() {
        return group.steps;
      },
      async step(grads, lr, ...more: never[]) {
        refuseExtra('optimiser step', more);
        await group.step(storedLeaves(grads), lr);
      },
      async dispose(...more: never[]) {
        refuseExtra('optimiser dispose', more);
        await group.dispose();
      },
    };
  }

  /** Frees every tensor of a result, or of any structure of them. Those that are freed already stay so. */
  free(results: Tree<Tensor>, ...extra: never[]): void {
    refuseExtra('free', extra);
    this.#executables.requireOpen();
    for (const [, tensor] of flattenTree<Tensor>(results, isTensor)) tensor.dispose();
  }

  /**
   * Bytes: in use now (results count until they are freed), the most so far, and of those in use the arenas in which the intermediate values of compiled
   * functions take turns; `buffers` and `pipelines` count. Constant over repeated calls of one function.
   */
  memory(...extra: never[]): {
    live: number;
    peak: number;
    pooled: number;
    buffers: number;
    pipelines: number;
  } {
    refuseExtra('memory', extra);
    const { pooled } = this.#executables;
    return { ...this.gpu.buffers.counters, pooled, pipelines: this.gpu.pipelines.size };
  }

  /** Frees everything made here; a device that the caller brought stays open. Twice is harmless. */
  dispose(): void {
    const error = new ConfigError(
      'engine was disposed of: it, its tensors, compiled functions and optimisers can no longer be used',
      { fix: 'dispose of it after their last use' },
    );
    // What still waits for the device hears the reason before the device goes away under it.
    this.gpu.guard.release(error);
    this.#executables.dispose(error);
    this.#tensors.clear();
    this.gpu.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #trace(fn: TreeFunction, args: Tree<Tensor>, options: CompileOptions): Promise<Traced> {
    const label = options.label ?? (fn.name || 'function');
    const values = mapTree<Tensor, Value>(args, isTensor, (tensor, path) =>
      input(path, tensor.shape, tensor.dtype),
    ) as readonly Tree<Value>[];
    const result = fn(...values);
    const outputs = new Map(flattenTree<Value>(result, isResult));
    if (outputs.size === 0) throw new ConfigError(`${label}: expects to return at least one value`);
    const plan = buildPlan({ outputs, effects: [] }, this.facts, {
      label,
      fuse: options.fuse,
      maxBufferBytes: this.gpu.device.limits.maxBufferSize,
    });
    return { executable: await this.#executables.compile(plan), result };
  }

  #call({ executable, result }: Traced, leaves: readonly [string, Tensor][]): Tree<Tensor> {
    const { plan } = executable;
    this.#executables.requireOpen();
    this.#executables.requireTensors(plan);
    const encoder = this.gpu.device.createCommandEncoder({ label: `${plan.label} arguments` });
    for (const [path, tensor] of leaves) {
      requireTensor(this.#tensors, nameOf(tensor.value), `${plan.label}: argument ${path}`);
      const target = executable.inputs.get(path);
      if (!target) continue; // not read
      const source = this.#tensors.buffer(nameOf(tensor.value));
      encoder.copyBufferToBuffer(source, 0, target.buffer, 0, Math.ceil(target.tensor.range.bytes / 4) * 4);
    }
    this.gpu.device.queue.submit([encoder.finish()]);
    executable.run();
    return mapTree<Value, Tensor>(result, isResult, (value, path) => this.#keep(executable, value, path));
  }

  /** A result of a run as a tensor of its own, which later runs do not overwrite. */
  #keep(executable: Executable, value: Value, path: string): Tensor {
    const { buffer, tensor } = executable.outputs.get(path)!;
    const name = nextName('tensor');
    const bytes = Math.ceil(tensor.range.bytes / 4);
    this.#tensors.reserve(name, bytes);
    const encoder = this.gpu.device.createCommandEncoder({ label: `${executable.plan.label} results` });
    encoder.copyBufferToBuffer(buffer, tensor.range.offset, this.#tensors.buffer(name), 0, bytes * 4);
    this.gpu.device.queue.submit([encoder.finish()]);
    return this.#wrap(name, value.shape, value.dtype);
  }

  #wrap(name: string, shape: Shape, dtype: Dtype): Tensor {
    return {
      value: state(name, shape, dtype),
      shape,
      dtype,
      data: async (...extra: never[]) => {
        refuseExtra('data', extra);
        this.#executables.requireOpen();
        requireTensor(this.#tensors, name, 'data');
        return readBuffer(this.gpu, this.#tensors.buffer(name), product(shape), dtype);
      },
      dispose: () => this.#tensors.delete(name),
    };
  }
}

function nextName(kind: 'tensor' | 'optimiser'): string {
  namesGiven += 1;
  return `${kind} ${namesGiven}`;
}

interface Traced {
  readonly executable: Executable;
  readonly result: Tree<Value>;
}

type TreeFunction = (...args: readonly Tree<Value>[]) => Tree<Value>;

/** The same structure with device tensors for values. */
export type OnDevice<T> = T extends Value ? Tensor : { [K in keyof T]: OnDevice<T[K]> };
