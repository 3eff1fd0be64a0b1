import { ConfigError, DtypeError, ShapeError, WeightsError } from '../errors.ts';
import type { BufferCopy } from '../gpu/submit.ts';
import { slabOffsets } from '../graph/ops/slab.ts';
import type { UpdateRule } from '../graph/ops/update.ts';
import { input, state } from '../graph/value.ts';
import type { StateDict } from '../nn/init.ts';
import { buildPlan } from '../plan/buildPlan.ts';
import { product, type Shape, shapesEqual, shapeText } from '../shape.ts';
import type { Executable } from './executable.ts';
import { type Executables, requireTensor } from './executables.ts';
import type { Gpu } from './gpu.ts';
import { readBuffer } from './readBuffer.ts';
import type { StateStore } from './state.ts';
import type { StoredLeaf } from './tensor.ts';

/** Updates parameters in place. */
export interface Optimiser<P> {
  /** Steps enqueued so far. */
  readonly steps: number;
  /**
   * One update from gradients in the structure of the parameters, as `valueAndGrad` gives them.
   * @param lr learning rate of this step, for a schedule; default: the rule's own.
   * @throws ShapeError listing everything in which gradients and parameters differ.
   */
  step(grads: P, lr?: number): Promise<void>;
  /**
   * What it keeps beside the parameters, in the host's memory: `step` [1], and the moments of each parameter by its path. With
   * the parameters it is all that a run needs to go on to the same bytes.
   */
  state(): Promise<StateDict>;
  /** Goes on from what `state` gave. @throws WeightsError listing everything that is missing or does not fit. */
  restore(state: StateDict): Promise<void>;
  /** Frees its moments; the parameters stay. Otherwise they are freed some time after garbage collection. */
  dispose(): Promise<void>;
}

/** Names of a plan's inputs. */
const GRADIENT = 'gradient';
const SETTINGS = 'settings';

/**
 * A group of parameters that one dispatch updates. They lie side by side in a slab while it does; the tensors keep
 * buffers of their own, so that compiled functions which captured them see the new numbers. That costs copies of all
 * parameters and gradients on the device, which a training step compiled whole (`optimiserStep`) does without.
 */
export class GroupOptimiser {
  readonly #gpu: Gpu;
  readonly #tensors: StateStore;
  readonly #executables: Executables;
  readonly #rule: UpdateRule;
  readonly #params: readonly StoredLeaf[];
  readonly #label: string;
  readonly #offsets: readonly number[];
  readonly #length: number;
  #made: Promise<Executable> | undefined;
  #steps = 0;

  /** @throws DtypeError where a parameter is not f32; ConfigError where there are none, or one twice. */
  constructor(
    gpu: Gpu,
    { tensors, executables }: { tensors: StateStore; executables: Executables },
    rule: UpdateRule,
    params: readonly StoredLeaf[],
    label: string,
  ) {
    if (params.length === 0) throw new ConfigError('optimiser: params expects tensors, got none');
    for (const { path, name, dtype } of params) {
      if (dtype !== 'f32') throw new DtypeError(`optimiser: ${path} expects f32, got ${dtype}`);
      const twin = params.find((other) => other.name === name && other.path !== path);
      if (twin) throw new ConfigError(`optimiser: ${path} and ${twin.path} are the same tensor`);
    }
    this.#gpu = gpu;
    this.#tensors = tensors;
    this.#executables = executables;
    this.#rule = rule;
    this.#params = params;
    this.#label = label;
    const { offsets, length } = slabOffsets(params.map(({ shape }) => product(shape)));
    this.#offsets = offsets;
    this.#length = length;
  }

  /** Steps enqueued so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Enqueues one update; waits for its compilation alone. @param lr of this step; default the rule's own.
   * @throws ShapeError listing everything in which gradients and parameters differ; ConfigError where one of them, or
   * the engine, was disposed of.
   */
  async step(gradients: readonly StoredLeaf[], lr?: number): Promise<void> {
    this.#executables.requireOpen();
    const sources = this.#matched(gradients);
    const executable = await (this.#made ??= this.#compile());
    this.#executables.requireOpen();
    const settings = this.#rule.settingsAt(this.#steps, lr);
    for (const { name, path } of [...this.#params, ...sources]) {
      requireTensor(this.#tensors, name, `${this.#label}: ${path}`);
    }
    const slab = this.#tensors.buffer(this.#slab);
    const gathered = executable.inputs.get(GRADIENT)!.buffer;
    const before: BufferCopy[] = [];
    const after: BufferCopy[] = [];
    this.#params.forEach(({ name, shape }, i) => {
      const [at, bytes] = [4 * this.#offsets[i]!, 4 * product(shape)];
      const own = this.#tensors.buffer(name);
      const gradient = this.#tensors.buffer(sources[i]!.name);
      before.push({ from: own, fromOffset: 0, to: slab, toOffset: at, bytes });
      before.push({ from: gradient, fromOffset: 0, to: gathered, toOffset: at, bytes });
      after.push({ from: slab, fromOffset: at, to: own, toOffset: 0, bytes });
    });
    executable.run({ [SETTINGS]: settings }, { before, after });
    for (const { name } of this.#params) this.#tensors.touch(name);
    this.#steps += 1;
  }

  /** `step`, and each parameter's part of every slab of moments, called after the slab's last word. */
  async state(): Promise<StateDict> {
    this.#executables.requireOpen();
    const found: StateDict = new Map([['step', { shape: [1], data: Float32Array.of(this.#steps) }]]);
    const begun = this.#made !== undefined;
    for (const slab of this.#moments) {
      const numbers = begun
        ? ((await readBuffer(this.#gpu, this.#tensors.buffer(slab), this.#length)) as Float32Array)
        : new Float32Array(this.#length);
      for (const [name, { shape }, from] of this.#partsOf(slab)) {
        found.set(name, { shape, data: numbers.slice(from, from + product(shape)) });
      }
    }
    return found;
  }

  async restore(state: StateDict): Promise<void> {
    this.#executables.requireOpen();
    const wanted = new Map<string, Shape>([['step', [1]]]);
    for (const slab of this.#moments) {
      for (const [name, { shape }] of this.#partsOf(slab)) wanted.set(name, shape);
    }
    const wrong = [...wanted].flatMap(([name, shape]) => {
      const got = state.get(name);
      if (!got) return [`missing ${name} ${shapeText(shape)}`];
      const fits = shapesEqual(got.shape, shape) && got.data.length === product(shape);
      return fits ? [] : [`${name} expects ${shapeText(shape)}, got ${shapeText(got.shape)}`];
    });
    wrong.push(...[...state.keys()].flatMap((name) => (wanted.has(name) ? [] : [`unexpected ${name}`])));
    const step = state.get('step')?.data[0];
    if (wrong.length === 0 && !(Number.isSafeInteger(step) && step! >= 0)) {
      wrong.push(`step expects a whole number of at least 0, got ${step}`);
    }
    if (wrong.length > 0) throw new WeightsError(`optimiser: state does not fit: ${wrong.join('; ')}`);
    await (this.#made ??= this.#compile());
    this.#executables.requireOpen();
    for (const slab of this.#moments) {
      for (const [name, , from] of this.#partsOf(slab)) {
        this.#tensors.write(slab, from, Float32Array.from(state.get(name)!.data));
      }
    }
    this.#steps = step!;
  }

  /** Frees its moments; the parameters stay. Calling it twice is harmless. */
  async dispose(): Promise<void> {
    // If compilation failed there is nothing to free.
    const executable = await this.#made?.catch(() => undefined);
    if (executable) this.#executables.drop(executable, null);
    for (const name of this.#slabs) this.#tensors.delete(name);
    this.#made = undefined;
    this.#steps = 0;
  }

  get #slab(): string {
    return `${this.#label} parameters`;
  }

  get #moments(): string[] {
    return this.#rule.moments(this.#slab);
  }

  /** What a slab of moments holds of each parameter: its name in a state, the parameter, and where it begins. */
  #partsOf(slab: string): [name: string, param: StoredLeaf, from: number][] {
    const moment = slab.slice(this.#slab.length + 1);
    return this.#params.map((param, i) => [`${moment}.${param.path}`, param, this.#offsets[i]!]);
  }

  get #slabs(): string[] {
    return [this.#slab, ...this.#moments];
  }

  /** If it fails, the next step tries again. */
  async #compile(): Promise<Executable> {
    try {
      return await this.#compiled();
    } catch (error) {
      this.#made = undefined;
      throw error;
    }
  }

  async #compiled(): Promise<Executable> {
    // New buffers are zero, as moments must be.
    for (const name of this.#slabs) this.#tensors.reserve(name, this.#length);
    const settings = input(SETTINGS, [this.#rule.settingsAt(0).length]);
    const slab = state(this.#slab, [this.#length]);
    const update = this.#rule.update(slab, input(GRADIENT, [this.#length]), settings);
    const plan = buildPlan({ outputs: new Map(), effects: [update] }, this.#gpu.facts, {
      label: this.#label,
      maxBufferBytes: this.#gpu.device.limits.maxBufferSize,
    });
    return this.#executables.compile(plan);
  }

  /** The gradients in the order of the parameters. */
  #matched(gradients: readonly StoredLeaf[]): StoredLeaf[] {
    const found = new Map(gradients.map((gradient) => [gradient.path, gradient]));
    const wrong = this.#params.flatMap(({ path, shape }) => {
      const got = found.get(path);
      if (!got) return [`missing ${path} ${shapeText(shape)}`];
      return shapesEqual(got.shape, shape) && got.dtype === 'f32'
        ? []
        : [`${path} expects f32 ${shapeText(shape)}, got ${got.dtype} ${shapeText(got.shape)}`];
    });
    const known = new Set(this.#params.map(({ path }) => path));
    wrong.push(...gradients.flatMap(({ path }) => (known.has(path) ? [] : [`unexpected ${path}`])));
    if (wrong.length > 0) throw new ShapeError(`optimiser: grads do not fit params: ${wrong.join('; ')}`);
    return this.#params.map(({ path }) => found.get(path)!);
  }
}
