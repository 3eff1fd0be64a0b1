/** A function of values over operands of its own, compiled to be replayed. */
import { requireFunction, requireList, requireOneOf } from '../arguments.ts';
import { grad } from '../autograd/reverse.ts';
import { ConfigError, gotText } from '../errors.ts';
import { type Graph, valuesOf } from '../graph/graph.ts';
import { add, mul } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { flattenTree, type Tree } from '../graph/tree.ts';
import { type Dtype, input, nameOf, requireDtype, state, type Value } from '../graph/value.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import type { Plan } from '../plan/plan.ts';
import { RandomStream } from '../random.ts';
import { compilePlan, type Executable } from '../runtime/executable.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { planOn, sessionOn } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import { isResult } from '../runtime/tensor.ts';
import type { Tuned } from '../runtime/tuned.ts';
import { product, requireShape, type Shape, shapeText } from '../shape.ts';
import type { DeviceClock } from './deviceClock.ts';
import { setState } from './leaves.ts';
import { replaysOf } from './planCase.ts';
import type { BenchCase } from './sampler.ts';

/** An open device: an engine, or a session of the command line. */
export interface BenchDevice {
  readonly gpu: Gpu;
  readonly tuned?: Tuned;
  /** Times replays by the device's own clock too, where the device was opened with its profiler; default the wall's alone. */
  readonly clock?: DeviceClock;
}

/** What runs: the function, the derivatives of its results by all f32 operands, or both. */
export const PASSES = ['forward', 'backward', 'both'] as const;
export type Pass = (typeof PASSES)[number];

/** An operand of what is measured. */
export interface BenchOperand {
  readonly shape: Shape;
  /** Default f32. */
  readonly dtype?: Dtype;
  /** Row-major; default random numbers, the same at every run. */
  readonly data?: NumberArray;
  /** Random numbers lie in [low, high); default [-1, 1), and zeros for integers, which are valid indices of any table. */
  readonly range?: readonly [low: number, high: number];
  /** Weights, which change seldom: what depends on them alone, such as their packing, is done ahead and not timed. Default false. */
  readonly state?: boolean;
}

/** What is measured. */
export interface BenchSubject {
  /** Stands in tables and records. */
  readonly name: string;
  /** A function of values as `engine.compile` takes it, an own kernel too. It captures no tensors: hand them over as operands. */
  readonly fn: (...operands: Value[]) => Tree<Value>;
  readonly operands: readonly BenchOperand[];
  /** Default forward. */
  readonly pass?: Pass;
}

const SUBJECT: OptionNames<BenchSubject> = { name: true, fn: true, operands: true, pass: true };
const OPERAND: OptionNames<BenchOperand> = {
  shape: true,
  dtype: true,
  data: true,
  range: true,
  state: true,
};

/** What a subject computes from its operands, in the order of its results. */
export interface BenchResult {
  /** Its path in what the function returns (empty where that is one value); a derivative's is `d operand 0`. */
  readonly name: string;
  readonly shape: Shape;
  readonly data: NumberArray;
}

/** A subject on the device. */
export interface PreparedOperation {
  /** Shapes of the operands -> shapes of the results. */
  readonly shape: string;
  readonly executable: Executable;
  /** What its operands hold. */
  readonly inputs: readonly NumberArray[];
  /** Runs it once and reads all results. What the kernels leave unwritten is NaN (in integers, all bits set). */
  results(): Promise<BenchResult[]>;
  /** Runs over the operands on the device, nothing read back. */
  readonly replays: BenchCase;
  destroy(): void;
}

/** What a subject computes, and its operands as leaves of that. @throws ConfigError as `prepareOperation` */
export function operationGraph(subject: BenchSubject): { graph: Graph; leaves: readonly Value[] } {
  const leaves = subject.operands.map(({ shape, dtype, state: kept }, i) =>
    (kept ? state : input)(`operand ${i}`, shape, dtype),
  );
  return { graph: passGraph(subject, leaves), leaves };
}

/** The plan by which a device computes a subject. @throws ConfigError as `prepareOperation` */
export const operationPlan = ({ gpu, tuned }: BenchDevice, subject: BenchSubject): Plan =>
  planOn(gpu, subject.name, operationGraph(subject).graph, tuned);

/**
 * Compiles a subject, fills its operands and runs it once.
 * @param subject checked by `requireSubject`
 * @param change makes another plan of its own, such as one with a kernel of the user's
 * @throws ConfigError where it captures a tensor or has no derivative; what tracing and compiling throw, such as GpuError with the
 * compiler's words on an own kernel.
 */
export async function prepareOperation(
  { gpu, tuned }: BenchDevice,
  subject: BenchSubject,
  change: (plan: Plan) => Plan = (plan) => plan,
): Promise<PreparedOperation> {
  const { name, operands } = subject;
  // State of its own: two subjects are on the device at once.
  const session = sessionOn(gpu, tuned);
  const { graph, leaves } = operationGraph(subject);
  const numbers = operands.map(numbersFor);
  const given = new Map(leaves.map((leaf, i): [string, NumberArray] => [nameOf(leaf), numbers[i]!]));
  for (const leaf of valuesOf(graph)) {
    if (leaf.op === 'input' && !given.has(nameOf(leaf))) {
      given.set(nameOf(leaf), numbersFor(leaf, given.size));
    }
  }
  for (const leaf of leaves) if (leaf.op === 'state') setState(session, leaf, given.get(nameOf(leaf))!);
  const inputs = Object.fromEntries(
    [...given].filter(([each]) => !leaves.some((leaf) => leaf.op === 'state' && nameOf(leaf) === each)),
  );
  try {
    const plan = change(planOn(gpu, name, graph, tuned));
    const executable = await compilePlan(gpu, plan, session.state);
    executable.run(inputs);
    return {
      shape: `${operands.map(sizesText).join(' ')} -> ${[...executable.plan.outputs.values()].map(sizesText).join(' ')}`,
      executable,
      inputs: numbers,
      replays: replaysOf(gpu, executable),
      async results() {
        poison(gpu, executable);
        executable.run();
        return [...(await executable.read())].map(([path, data]): BenchResult => {
          const { shape } = executable.plan.outputs.get(path)!;
          return { name: path, shape, data };
        });
      },
      destroy() {
        executable.destroy();
        session.state.clear();
      },
    };
  } catch (error) {
    session.state.clear();
    throw error;
  }
}

/** @throws ConfigError for names that a subject or an operand does not have, and what cannot be measured. */
export function requireSubject(subject: BenchSubject): void {
  requireOptions('bench', subject, SUBJECT);
  const { name, fn, operands, pass = 'forward' } = subject;
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError(`bench: name expects a text, got ${gotText(name)}`);
  }
  requireFunction(name, 'fn', fn);
  requireList(name, 'operands', operands);
  requireOneOf(name, 'pass', pass, PASSES);
  for (const [i, operand] of operands.entries()) {
    const where = `${name}: operand ${i}`;
    requireOptions(where, operand, OPERAND);
    const { shape, dtype = 'f32', data, range } = operand;
    requireShape(where, shape);
    requireDtype(where, dtype, ['f32', 'f16', 'i32', 'u32']);
    if (data !== undefined && data.length !== product(shape)) {
      throw new ConfigError(`${where}: expects ${product(shape)} numbers, got ${data.length}`);
    }
    if (range !== undefined && !(Number.isFinite(range[0]) && range[0] < range[1])) {
      throw new ConfigError(`${where}: range expects two rising numbers, got ${gotText(range)}`);
    }
  }
}

/**
 * What a pass computes of a function's results over `leaves`.
 * @throws ConfigError where the function captures a tensor, or nothing can be differentiated.
 */
export function passGraph(
  { name, fn, pass = 'forward' }: Omit<BenchSubject, 'operands'>,
  leaves: readonly Value[],
): Graph {
  const found = flattenTree<Value>(fn(...leaves), isResult);
  const results = new Map(found);
  if (results.size === 0) throw new ConfigError(`${name}: expects to return at least one value`);
  const outputs = pass === 'forward' ? results : gradients(name, [...results.values()], leaves);
  if (pass === 'both') for (const [path, value] of results) outputs.set(path, value);
  const graph: Graph = { outputs, effects: [] };
  const foreign = valuesOf(graph).find((value) => value.op === 'state' && !leaves.includes(value));
  if (foreign) {
    throw new ConfigError(`${name}: captures a tensor ${shapeText(foreign.shape)}`, {
      fix: 'hand it over as an operand, with `state: true` where it is a weight',
    });
  }
  return graph;
}

/** Derivatives by all f32 operands, for random cotangents. */
function gradients(name: string, results: readonly Value[], leaves: readonly Value[]): Map<string, Value> {
  const smooth = results.filter(({ dtype }) => dtype === 'f32');
  const floats = leaves.filter(({ dtype }) => dtype === 'f32');
  if (smooth.length === 0 || floats.length === 0) {
    throw new ConfigError(
      `${name}: has no derivative: ${smooth.length === 0 ? 'no result' : 'no operand'} is f32`,
      { fix: 'measure its forward pass' },
    );
  }
  const loss = smooth
    .map((value, i) => sum(mul(value, input(`cotangent ${i}`, value.shape))))
    .reduce((total, each) => add(total, each));
  const slopes = grad(loss, floats);
  return new Map(slopes.map((slope, i) => [`d ${nameOf(floats[i]!)}`, slope]));
}

/** Hardware is faster on zeros than on real data. */
function numbersFor({ shape, dtype = 'f32', data, range }: BenchOperand, stream: number): NumberArray {
  const count = product(shape);
  if (data) return data;
  const random = new RandomStream(2, stream);
  const whole = dtype === 'i32' || dtype === 'u32';
  const [low, high] = range ?? (whole ? [0, 1] : [-1, 1]);
  const draw = (): number => low + (high - low) * random.next();
  if (dtype === 'i32') return Int32Array.from({ length: count }, () => Math.floor(draw()));
  if (dtype === 'u32') return Uint32Array.from({ length: count }, () => Math.floor(draw()));
  return Float32Array.from({ length: count }, draw);
}

/** As `wgad bench op` takes it. */
const sizesText = ({ shape }: { readonly shape: Shape }): string => `[${shape.join()}]`;

/** Results get buffers of their own, unless they are an operand or a constant. */
function poison({ device }: Gpu, { plan, outputs }: Executable): void {
  for (const { buffer, tensor } of outputs.values()) {
    if (plan.slots[tensor.range.slot]!.kind !== 'output') continue;
    device.queue.writeBuffer(buffer, 0, new Uint8Array(buffer.size).fill(0xff));
  }
}
