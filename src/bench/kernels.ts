import { ConfigError } from '../errors.ts';
import { type Graph, rootsOf } from '../graph/graph.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { shift } from '../graph/ops/pointwise.ts';
import { input, nameOf, type Value } from '../graph/value.ts';
import type { Precision } from '../nn/trainable.ts';
import { requireHalf } from '../plan/limits.ts';
import type { Executable } from '../runtime/executable.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import type { EncoderName } from '../score/features.ts';
import { product } from '../shape.ts';
import { type KernelCase, networkCases } from './cases.ts';
import type { DeviceClock } from './deviceClock.ts';
import { setState } from './leaves.ts';
import { NETWORKS } from './networks.ts';
import type { Pace } from './planCase.ts';
import { planRecord, sampleReplays } from './planCase.ts';
import { randomNumbers } from './randomNetwork.ts';
import type { BenchRecord } from './record.ts';
import { requireReplayed } from './replayed.ts';

/** The large product and the copy bound what an adapter can do. */
const BOUNDS: readonly KernelCase[] = [
  bound('matmul 512x512x512', 'matmul', (x) => matmul(x(512, 512), x(512, 512))),
  bound('copy', 'copy', (x) => shift(x(4, 1024, 1024), 1)),
];

function bound(name: string, kind: string, make: (x: (...shape: number[]) => Value) => Value): KernelCase {
  const build = () => {
    let operands = 0;
    const out = make((...shape) => input(`operand ${operands++}`, shape));
    return { graph: { outputs: new Map([['out', out]]), effects: [] }, states: [] };
  };
  const shape = build().graph.outputs.get('out')!.shape.join('x');
  return { name: `bounds/${name}`, shape, kind, networks: ['bounds'], bytes: 0, macs: 0, uses: 0, build };
}

/** Networks whose heaviest cases stand for all where nothing is chosen. */
const FEW: readonly EncoderName[] = ['resnet18', 'efficientnet_b4'];

export interface KernelChoice {
  /** Matches `network/name shape`. Default: of each kind of operation the one with most work. */
  readonly filter?: RegExp;
  /** Default: all where there is a filter, else resnet18 and efficientnet_b4. */
  readonly models?: readonly EncoderName[];
  readonly batches: readonly number[];
  /** Side of the images. */
  readonly size: number;
  /** How scoring stores weights and activations; default f32. */
  readonly precision?: Precision;
  /** Only operations that it takes; default all. */
  readonly accepts?: (graph: Graph) => boolean;
}

/** @throws ConfigError where the filter matches no case; it names some that there are. */
export function chooseCases(
  { gpu }: Session,
  { filter, models, batches, size, precision, accepts = () => true }: KernelChoice,
): KernelCase[] {
  if (precision === 'f16') requireHalf(gpu.facts, 'bench kernels --precision f16');
  const networks = models ?? (filter ? NETWORKS : FEW);
  const all = [...BOUNDS, ...networkCases(gpu.facts, { networks, batches, size, precision })].filter(
    ({ build }) => accepts(build().graph),
  );
  if (!filter) return heaviest(all);
  const chosen = all.filter((each) => aliases(each).some((alias) => filter.test(alias)));
  if (chosen.length === 0) {
    throw new ConfigError(`none of ${all.length} kernel cases matches ${filter}`, {
      fix: `match for instance: ${heaviest(all)
        .map(({ name }) => name)
        .join('; ')}`,
    });
  }
  return chosen;
}

/** Its name under each network that has it, and its shape. */
function aliases({ name, shape, networks }: KernelCase): string[] {
  const own = name.slice(name.indexOf('/') + 1);
  return networks.map((network) => `${network}/${own} ${shape}`);
}

/** The bounds, and of each kind the case in which the networks do most arithmetic, or move most where they do none. */
function heaviest(cases: readonly KernelCase[]): KernelCase[] {
  const best = new Map<string, KernelCase>();
  const weight = ({ macs, bytes, uses }: KernelCase): number => uses * (macs || bytes);
  for (const each of cases) {
    if (BOUNDS.includes(each)) continue;
    const known = best.get(each.kind);
    if (!known || weight(each) > weight(known)) best.set(each.kind, each);
  }
  return [...cases.filter((each) => BOUNDS.includes(each)), ...best.values()];
}

export interface KernelOptions {
  readonly pace: Pace;
  /** That of the session's device; default none. */
  readonly clock?: DeviceClock;
  readonly onCase?: (done: number, of: number) => void;
}

export async function benchKernels(
  session: Session,
  cases: readonly KernelCase[],
  { pace, clock, onCase }: KernelOptions,
): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  for (const each of cases) {
    const { name, shape } = each;
    const { executable, destroy } = await prepareCase(session, each);
    try {
      const timing = await sampleReplays(session, executable);
      const record = planRecord(session, { suite: 'kernels', name, shape }, executable, timing, pace);
      const device = await clock?.time(session.gpu, executable);
      records.push({ ...record, ...device });
    } finally {
      destroy();
    }
    onCase?.(records.length, cases.length);
  }
  return records;
}

export interface PreparedCase {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, NumberArray>>;
  /** What the operation's operands hold, inputs and state. */
  readonly operands: ReadonlyMap<Value, NumberArray>;
  readonly executable: Executable;
  destroy(): void;
}

/** A case compiled, its operands filled, and run once. One at a time in a session: their state has the same names. */
export async function prepareCase(session: Session, { name, build }: KernelCase): Promise<PreparedCase> {
  const { graph, states } = build();
  const [operation] = rootsOf(graph);
  const given = [...new Set(operation!.inputs)].filter(({ op }) => op === 'input');
  const operands = new Map([...states, ...given].map((value, i) => [value, numbersFor(value, i)]));
  const inputs = Object.fromEntries(given.map((value) => [nameOf(value), operands.get(value)!]));
  for (const value of states) setState(session, value, operands.get(value)!);
  const forget = (): void => {
    for (const value of states) session.state.delete(nameOf(value));
  };
  try {
    const executable = await session.compile(name, graph);
    requireReplayed(executable.plan);
    executable.run(inputs);
    return {
      graph,
      inputs,
      operands,
      executable,
      destroy() {
        executable.destroy();
        forget();
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}

/** In [-1, 1): hardware is faster on zeros than on real data. Indices are zeros, valid in any table. */
function numbersFor({ shape, dtype }: Value, stream: number): Float32Array | Int32Array | Uint32Array {
  const count = product(shape);
  if (dtype === 'i32') return new Int32Array(count);
  if (dtype === 'u32') return new Uint32Array(count);
  return randomNumbers(count, 2, stream);
}
