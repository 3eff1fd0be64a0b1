import { DtypeError, ShapeError, WgadError } from '../errors.ts';
import type { AdapterDescription, OpenOptions } from '../gpu/open.ts';
import { buildPlan } from '../graph/buildPlan.ts';
import type { UpdateRule } from '../graph/ops/update.ts';
import { type Dtype, input, state, type Value } from '../graph/value.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import { product, type Shape, shapeText } from '../shape.ts';
import { compilePlan, type Executable } from './executable.ts';
import { type Gpu, openDevice } from './gpu.ts';
import { GroupOptimiser, type StoredLeaf } from './optimiser.ts';
import { readBuffer } from './readBuffer.ts';
import { type NumberArray, type StateStore, stateStore } from './state.ts';
import { flattenTree, mapTree, type Tree } from './tree.ts';

/** A tensor on the device. Ops take it wherever they take a value. */
export interface Tensor {
  readonly value: Value;
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** Its numbers, row-major: waits for the device. */
  data(): Promise<NumberArray>;
  /** Frees its memory now instead of with the engine. */
  dispose(): void;
}

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

/** Opens a device and runs functions of values on it. */
export class Engine {
  readonly gpu: Gpu;
  readonly #tensors: StateStore;
  readonly #executables = new Set<Executable>();
  #made = 0;

  private constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.#tensors = stateStore(gpu.device, gpu.buffers);
  }

  /**
   * @param options `adapter`: part of a name or an index; `device`: bring your own (never destroyed here).
   * @throws GpuError E_NO_ADAPTER with what to do on this system.
   */
  static async create(options: OpenOptions = {}): Promise<Engine> {
    return new Engine(await openDevice(options));
  }

  get adapter(): AdapterDescription {
    return this.gpu.adapter;
  }

  get facts(): DeviceFacts {
    return this.gpu.facts;
  }

  /** A device tensor from row-major numbers. dtype follows the array: Int32Array is i32, Uint32Array u32. */
  tensor(data: ArrayLike<number>, shape: Shape): Tensor {
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
    const name = this.#nextName();
    this.#tensors.set(name, numbers, shape);
    return this.#wrap(name, shape, dtype);
  }

  /** A state dict's tensors on the device, by their names. */
  load(tensors: Iterable<readonly [string, { shape: Shape; data: Float32Array }]>): Record<string, Tensor> {
    return Object.fromEntries(
      [...tensors].map(([name, { data, shape }]) => [name, this.tensor(data, shape)]),
    );
  }

  /**
   * `fn` traced once per set of argument shapes, planned, and replayed at every call.
   * @param fn a function of values; device tensors it captures are used in place.
   */
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options: { label?: string; fuse?: boolean } = {},
  ): (...args: OnDevice<A>) => Promise<OnDevice<R>> {
    const traced = new Map<string, Promise<Traced>>();
    return async (...args) => {
      const tree = args as unknown as Tree<Tensor>;
      const leaves = flattenTree<Tensor>(tree, isTensor);
      const key = leaves.map(([path, tensor]) => `${path}:${tensor.shape}:${tensor.dtype}`).join(';');
      const known = traced.get(key);
      const made = known ?? this.#trace(fn as unknown as TreeFunction, tree, options);
      if (!known) traced.set(key, made);
      return this.#call(await made, leaves) as unknown as OnDevice<R>;
    };
  }

  /**
   * Updates `params` (a tensor, or arrays and objects of tensors) in place by a rule such as `adamw({ lr: 1e-3 })`, all of
   * them in one dispatch a step. For groups with settings of their own make an optimiser each.
   * @throws DtypeError where a parameter is not f32.
   */
  optimiser<P extends Tree<Tensor>>(rule: UpdateRule, params: P): Optimiser<P> {
    this.#made += 1;
    const label = `optimiser ${this.#made}`;
    const group = new GroupOptimiser(this.gpu, this.#tensors, rule, storedLeaves(params), label);
    return {
      get steps() {
        return group.steps;
      },
      step: (grads, lr) => group.step(storedLeaves(grads), lr),
      dispose: () => group.dispose(),
    };
  }

  /** Frees every tensor of a result, or of any structure of them. */
  free(results: Tree<Tensor>): void {
    for (const [, tensor] of flattenTree<Tensor>(results, isTensor)) tensor.dispose();
  }

  /**
   * Bytes: in use now (results count until they are freed), the most so far, and of those in use the arenas in which the intermediate values of compiled
   * functions take turns; `buffers` and `pipelines` count. Constant over repeated calls of one function.
   */
  memory(): { live: number; peak: number; pooled: number; buffers: number; pipelines: number } {
    const arenas = [...this.#executables].map(({ plan }) => plan.memory.arenas);
    const pooled = arenas.reduce((sum, bytes) => sum + bytes, 0);
    return { ...this.gpu.buffers.counters, pooled, pipelines: this.gpu.pipelines.size };
  }

  /** Frees everything made here; a device that the caller brought stays open. */
  dispose(): void {
    for (const executable of this.#executables) executable.destroy();
    this.#tensors.clear();
    this.gpu.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #trace(
    fn: TreeFunction,
    args: Tree<Tensor>,
    options: { label?: string; fuse?: boolean },
  ): Promise<Traced> {
    const label = options.label ?? (fn.name || 'function');
    const values = mapTree<Tensor, Value>(args, isTensor, (tensor, path) =>
      input(path, tensor.shape, tensor.dtype),
    ) as readonly Tree<Value>[];
    const result = fn(...values);
    const outputs = new Map(flattenTree<Value>(result, isValue));
    if (outputs.size === 0) throw new WgadError('E_CONFIG', `${label}: expects to return at least one value`);
    const plan = buildPlan({ outputs, effects: [] }, this.facts, {
      label,
      fuse: options.fuse,
      maxBufferBytes: this.gpu.device.limits.maxBufferSize,
    });
    const executable = await compilePlan(this.gpu, plan, this.#tensors);
    this.#executables.add(executable);
    return { executable, result };
  }

  #call({ executable, result }: Traced, leaves: readonly [string, Tensor][]): Tree<Tensor> {
    const encoder = this.gpu.device.createCommandEncoder({ label: `${executable.plan.label} arguments` });
    for (const [path, tensor] of leaves) {
      const target = executable.inputs.get(path);
      if (!target) continue; // not read
      const source = this.#tensors.buffer(nameOf(tensor.value));
      encoder.copyBufferToBuffer(source, 0, target.buffer, 0, Math.ceil(target.tensor.range.bytes / 4) * 4);
    }
    this.gpu.device.queue.submit([encoder.finish()]);
    executable.run();
    return mapTree<Value, Tensor>(result, isValue, (value, path) => this.#keep(executable, value, path));
  }

  /** A result of a run as a tensor of its own, which later runs do not overwrite. */
  #keep(executable: Executable, value: Value, path: string): Tensor {
    const { buffer, tensor } = executable.outputs.get(path)!;
    const name = this.#nextName();
    const bytes = Math.ceil(tensor.range.bytes / 4);
    this.#tensors.reserve(name, bytes);
    const encoder = this.gpu.device.createCommandEncoder({ label: `${executable.plan.label} results` });
    encoder.copyBufferToBuffer(buffer, tensor.range.offset, this.#tensors.buffer(name), 0, bytes * 4);
    this.gpu.device.queue.submit([encoder.finish()]);
    return this.#wrap(name, value.shape, value.dtype);
  }

  #nextName(): string {
    this.#made += 1;
    return `tensor ${this.#made}`;
  }

  #wrap(name: string, shape: Shape, dtype: Dtype): Tensor {
    return {
      value: state(name, shape, dtype),
      shape,
      dtype,
      data: () => readBuffer(this.gpu, this.#tensors.buffer(name), product(shape), dtype),
      dispose: () => this.#tensors.delete(name),
    };
  }
}

interface Traced {
  readonly executable: Executable;
  readonly result: Tree<Value>;
}

type TreeFunction = (...args: readonly Tree<Value>[]) => Tree<Value>;

/** The same structure with device tensors for values. */
export type OnDevice<T> = T extends Value ? Tensor : { [K in keyof T]: OnDevice<T[K]> };

const storedLeaves = (tree: Tree<Tensor>): StoredLeaf[] =>
  flattenTree<Tensor>(tree, isTensor).map(([path, { value, shape, dtype }]) => ({
    path,
    name: nameOf(value),
    shape,
    dtype,
  }));

const nameOf = (value: Value): string => (value.attrs as { name: string }).name;

const isValue = (node: unknown): node is Value =>
  typeof node === 'object' && node !== null && 'op' in node && 'inputs' in node;

function isTensor(node: unknown): node is Tensor {
  if (typeof node !== 'object' || node === null) {
    throw new DtypeError(
      `a compiled function expects tensors (engine.tensor(data, shape)), got ${typeof node}`,
    );
  }
  return 'value' in node && isValue((node as Tensor).value);
}
