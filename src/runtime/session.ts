import { NotFiniteError } from '../errors.ts';
import { MOST_F16, packHalves } from '../float16.ts';
import type { Graph } from '../graph/graph.ts';
import { refuseNonFiniteSlab } from '../nn/finiteTensors.ts';
import { refuseMisfits, shapesOf } from '../nn/fit.ts';
import type { StateDict } from '../nn/init.ts';
import { momentNames, type OptimiserConfig } from '../nn/optimiser.ts';
import { type SlabLayout, unpackSlab } from '../nn/slab.ts';
import type { NetworkLayout } from '../nn/trainable.ts';
import { buildPlan } from '../plan/buildPlan.ts';
import type { Plan } from '../plan/plan.ts';
import { product, type Shape } from '../shape.ts';
import { compilePlan, type Executable } from './executable.ts';
import { type CompileWatcher, type Gpu, openDevice } from './gpu.ts';
import type { DeviceParking } from './parkedDevice.ts';
import type { Profiler } from './profiler.ts';
import { readBuffer } from './readBuffer.ts';
import { type StateStore, stateStore } from './state.ts';
import { directSubmitter } from './submitter.ts';
import type { Tuned } from './tuned.ts';

/** `Float32Array<ArrayBuffer>`, which has no parameter before TypeScript 5.7. */
type Floats = ReturnType<typeof Float32Array.of>;

/** Source of a network's tensors, read one at a time. */
export interface TensorReader {
  /** For errors. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, { readonly shape: Shape }>;
  /**
   * A tensor's numbers, in `into` where it is long enough and the source allows.
   * @throws WeightsError; NotFiniteError naming the tensor that holds NaN or infinity.
   */
  read(name: string, into?: Floats): Promise<Float32Array>;
}

/** A device with the state of one model on it: networks are loaded, plans compiled, weights read back. */
export interface Session {
  readonly gpu: Gpu;
  readonly state: StateStore;
  /** Tuned choices for its plans; undefined: the rule. */
  readonly tuned: Tuned | undefined;
  /** `rule`: as if nothing had been tuned. */
  compile(label: string, graph: Graph, options?: { rule?: boolean }): Promise<Executable>;
  /** Puts a network's tensors on the device. @throws WeightsError listing all that are missing, mis-shaped, unexpected. */
  load(layout: NetworkLayout, tensors: StateDict, where?: string): void;
  /** As `load`, from a file and tensor by tensor: none is in memory beside another. @throws also NotFiniteError. */
  loadFrom(layout: NetworkLayout, source: TensorReader): Promise<void>;
  /** Zeroes the optimiser's slabs for a network. */
  startOptimiser(layout: NetworkLayout, optimiser: OptimiserConfig): void;
  /** A network's tensors as they are on the device now. @throws NotFiniteError naming one that is not finite. */
  save(layout: NetworkLayout): Promise<StateDict>;
  /** The raw slabs by name, for a checkpoint. @throws NotFiniteError: values that are not finite are never saved. */
  readSlabs(names: readonly string[]): Promise<Map<string, Float32Array>>;
  close(): void;
}

/** Most bytes written before a submit: until then they take extra staging memory. */
const UPLOAD_BYTES = 16 * 2 ** 20;

/** On which device a job runs, and whether it is watched. */
export interface GpuRequest {
  /** Part of the adapter's name, or its index. Default: high performance first. */
  readonly adapter?: string;
  readonly profiler?: Profiler;
  readonly onCompile?: CompileWatcher;
  /** See `DeviceOptions`. */
  readonly parking?: DeviceParking;
  /** Use Dawn's experimental subgroup matrices for products of f16; default false. */
  readonly subgroupMatrix?: boolean;
  /** Looks up the device's tuning table once it is open; default: the rule chooses all kernels. */
  readonly tuning?: (gpu: Gpu) => Promise<Tuned | undefined>;
}

export async function openSession(request: GpuRequest = {}): Promise<Session> {
  const gpu = await openDevice(request);
  try {
    return sessionOn(gpu, await request.tuning?.(gpu));
  } catch (error) {
    gpu.close();
    throw error;
  }
}

/** A session of its own on an open device that bypasses its profiler. Never close it: another owns the device. */
export const unwatched = ({ gpu, tuned }: { readonly gpu: Gpu; readonly tuned?: Tuned }): Session =>
  sessionOn({ ...gpu, submitter: directSubmitter(gpu.device) }, tuned);

/** A graph's plan on a device. */
export const planOn = ({ facts, device }: Gpu, label: string, graph: Graph, tuned?: Tuned): Plan =>
  buildPlan(graph, facts, {
    label,
    maxBufferBytes: device.limits.maxBufferSize,
    tuned: tuned?.choose,
  });

/** A session on an open device, which it closes. */
export function sessionOn(gpu: Gpu, tuned?: Tuned): Session {
  const state = stateStore(gpu.device, gpu.buffers);
  const set = (name: string, data: Float32Array): void => state.set(name, data, [data.length]);
  /** State counts words. */
  const reserve = (slab: SlabLayout): void => {
    const { name, dtype, length } = slab;
    layouts.set(name, slab);
    state.reserve(name, dtype === 'f16' ? length / 2 : length);
  };
  const write = (slab: SlabLayout, name: string, offset: number, data: Float32Array, where: string): void => {
    if (slab.dtype === 'f16') {
      refuseBeyondHalf(where, name, data);
      state.write(slab.name, offset / 2, packHalves(data));
    } else state.write(slab.name, offset, data);
  };
  // Layout of each slab, including an optimiser's moments, so that errors can name the tensor.
  const layouts = new Map<string, SlabLayout>();
  const read = async (name: string): Promise<Float32Array> => {
    const data = await readBuffer(gpu, state.buffer(name), state.length(name));
    refuseNonFiniteSlab(name, layouts.get(name), data as Float32Array);
    return data as Float32Array;
  };
  return {
    gpu,
    state,
    tuned,
    compile: (label, graph, { rule = false } = {}) =>
      compilePlan(gpu, planOn(gpu, label, graph, rule ? undefined : tuned), state),
    load(layout, tensors, where = 'weights') {
      refuseOthers(layout, tensors, where);
      for (const slab of slabsOf(layout)) {
        reserve(slab);
        for (const [name, offset] of slab.offsets) write(slab, name, offset, tensors.get(name)!.data, where);
      }
    },
    async loadFrom(layout, source) {
      refuseOthers(layout, source.tensors, source.path);
      const sizes = slabsOf(layout).flatMap(({ specs }) => specs.map(({ shape }) => product(shape)));
      const scratch = new Float32Array(Math.max(0, ...sizes));
      let waiting = 0;
      for (const slab of slabsOf(layout)) {
        reserve(slab);
        for (const [name, offset] of slab.offsets) {
          const data = await source.read(name, scratch);
          write(slab, name, offset, data, source.path);
          waiting += data.byteLength;
          if (waiting < UPLOAD_BYTES) continue;
          gpu.device.queue.submit([]);
          await gpu.guard.wait(gpu.device.queue.onSubmittedWorkDone());
          waiting = 0;
        }
      }
    },
    startOptimiser(layout, optimiser) {
      for (const name of momentNames(optimiser, layout.parameters.name)) {
        layouts.set(name, layout.parameters);
        set(name, new Float32Array(layout.parameters.length));
      }
    },
    async save(layout) {
      const all: StateDict = new Map();
      for (const slab of slabsOf(layout)) {
        const data = (await readBuffer(
          gpu,
          state.buffer(slab.name),
          slab.length,
          slab.dtype,
        )) as Float32Array;
        refuseNonFiniteSlab(slab.name, slab, data);
        for (const [name, tensor] of unpackSlab(slab, data)) all.set(name, tensor);
      }
      return all;
    },
    async readSlabs(names) {
      const slabs = new Map<string, Float32Array>();
      for (const name of names) slabs.set(name, await read(name));
      return slabs;
    },
    close: () => gpu.close(),
  };
}

/** The slabs that a network's layout has. */
export const slabsOf = ({ parameters, buffers, halves }: NetworkLayout): SlabLayout[] => [
  parameters,
  buffers,
  ...(halves ? [halves] : []),
];

/** @throws NotFiniteError naming the tensor that f16 cannot hold: it would become infinite. */
function refuseBeyondHalf(where: string, name: string, data: Float32Array): void {
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest <= MOST_F16) return;
  throw new NotFiniteError(`${where}: ${name} holds ${largest}, and f16 ends at ${MOST_F16}`, {
    fix: 'use --precision f32',
  });
}

/** A run's file holds several networks: only tensors with this network's name prefixes can be unexpected. */
function refuseOthers(
  layout: NetworkLayout,
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
  where: string,
): void {
  const specs = slabsOf(layout).flatMap((slab) => slab.specs);
  const parts = new Set(specs.map(({ name }) => partOf(name)));
  const named = new Map([...tensors].filter(([name]) => parts.has(partOf(name))));
  refuseMisfits(where, shapesOf(specs), named);
}

/** The first word of a tensor's name: `encoder`, `decoder`. */
const partOf = (name: string): string => name.split('.', 1)[0]!;

/** All slabs that an interrupted training of `layout` needs to go on, and how many numbers each has. */
export const trainingSlabs = (
  { parameters, buffers }: NetworkLayout,
  optimiser: OptimiserConfig,
): (readonly [name: string, length: number])[] => [
  [parameters.name, parameters.length],
  [buffers.name, buffers.length],
  ...momentNames(optimiser, parameters.name).map((name) => [name, parameters.length] as const),
];
