import { requireFlag } from '../arguments.ts';
import { ConfigError, gotText } from '../errors.ts';
import type { BufferCopy } from '../gpu/submit.ts';
import { type Graph, valuesOf } from '../graph/graph.ts';
import { optimize } from '../graph/passes/optimize.ts';
import { flattenTree, mapTree, structureText, type Tree } from '../graph/tree.ts';
import { type Dtype, input, nameOf, type Value } from '../graph/value.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { refuseExtra } from '../options.ts';
import { buildPlan } from '../plan/buildPlan.ts';
import { type Plan, wordBytes } from '../plan/plan.ts';
import type { Shape } from '../shape.ts';
import type { Executable } from './executable.ts';
import { type Executables, requireTensor } from './executables.ts';
import { FunctionPlans } from './functionPlans.ts';
import type { Gpu } from './gpu.ts';
import type { PlanCache } from './planCache.ts';
import type { StateStore } from './state.ts';
import { isResult, isTensor, type Tensor } from './tensor.ts';
import { refuseUnread } from './unread.ts';

/** How a compiled function is planned. */
export interface CompileOptions {
  /** Its name in errors and profiles; default: the function's own name. */
  label?: string;
  /** Default true; false keeps one dispatch per op, to compare against. */
  fuse?: boolean;
  /**
   * Most plans kept at once, one for each set of argument shapes; beyond it the least recently used are freed. Default
   * 16: enough for a few batch and image sizes, while shapes that never recur hold a bounded amount of memory.
   */
  maxPlans?: number;
}

/** A compiled function: from device tensors to device tensors. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: OnDevice<A>): Promise<OnDevice<R>>;
  /**
   * The graph of a call with these arguments, traced and after all passes (`printGraph`). Nothing runs. Without
   * arguments: the graph of the last call. @throws ConfigError before the first call; whatever tracing throws.
   */
  graph(...args: OnDevice<A> | []): Graph;
  /** The plan of the same call (`printPlan`). */
  plan(...args: OnDevice<A> | []): Plan;
  /** The kernels of that plan, one per dispatch, in order (`printKernel`). */
  kernels(...args: OnDevice<A> | []): Kernel[];
  /**
   * Frees its plans: calls that have begun finish, later ones throw ConfigError. Calling it twice is harmless; if it is
   * never called, the plans are freed some time after the function is garbage-collected.
   */
  dispose(): void;
  [Symbol.dispose](): void;
}

const MAX_PLANS = 16;

/** Frees the plans of garbage-collected functions. */
const collected = new FinalizationRegistry<FunctionPlans<Traced>>((plans) => plans.collected());

/** What an engine passes to its compiled functions. */
export interface FunctionMaker {
  readonly gpu: Gpu;
  readonly tensors: StateStore;
  readonly executables: Executables;
  readonly plans: PlanCache;
  /** A new tensor of this many words, into which a result is copied. */
  result(words: number, shape: Shape, dtype: Dtype): Tensor;
}

/** @throws ConfigError unless `maxPlans` is a count, `fuse` a boolean and `label` a string. */
export function compileFunction<A extends readonly unknown[], R>(
  maker: FunctionMaker,
  fn: (...args: A) => R,
  { label = fn.name || 'function', maxPlans = MAX_PLANS, fuse = true }: CompileOptions,
): Compiled<A, R> {
  if (!Number.isSafeInteger(maxPlans) || maxPlans < 1) {
    throw new ConfigError(`compile: maxPlans expects a whole number of at least 1, got ${gotText(maxPlans)}`);
  }
  requireFlag('compile', 'fuse', fuse);
  if (typeof label !== 'string') {
    throw new ConfigError(`compile: label expects a text, got ${gotText(label)}`);
  }
  const plans = new FunctionPlans<Traced>(maker.plans, label, maxPlans);
  const options = { label, fuse, maxBufferBytes: maker.gpu.device.limits.maxBufferSize };
  const { facts } = maker.gpu;
  let lastKey: string | undefined = fn.length === 0 ? keyOf([]) : undefined;
  const call = async (...args: OnDevice<A>): Promise<OnDevice<R>> => {
    maker.executables.requireOpen();
    const tree = args as unknown as Tree<Tensor>;
    const leaves = flattenTree<Tensor>(tree, isTensor);
    const key = keyOf(tree);
    lastKey = key;
    const make = async (): Promise<Traced> => {
      const { graph, result } = trace(fn as unknown as TreeFunction, key, label);
      return traced(graph, result, await maker.plans.compile(buildPlan(graph, facts, options)));
    };
    const results = await plans.call(key, make, (made) => enqueue(maker, made, leaves));
    return results as unknown as OnDevice<R>;
  };
  const tracedFor = (args: OnDevice<A> | []): Graph => {
    maker.executables.requireOpen();
    plans.requireOpen();
    const key = args.length > 0 ? keyOf(args as unknown as Tree<Tensor>) : lastKey;
    if (key === undefined) {
      throw new ConfigError(
        `${label}: has not been called yet, and its plan depends on the arguments' shapes`,
        {
          fix: 'hand it arguments, as a call would',
        },
      );
    }
    return trace(fn as unknown as TreeFunction, key, label).graph;
  };
  const planFor = (args: OnDevice<A> | []): Plan => buildPlan(tracedFor(args), facts, options);
  const dispose = (...extra: never[]): void => {
    refuseExtra(`${label}: dispose`, extra);
    collected.unregister(plans);
    plans.dispose();
  };
  const compiled = Object.assign(call, {
    graph: (...args: OnDevice<A> | []) => optimize(tracedFor(args), facts, fuse),
    plan: (...args: OnDevice<A> | []) => planFor(args),
    kernels: (...args: OnDevice<A> | []) => planFor(args).dispatches.map(({ kernel }) => kernel),
    dispose,
    [Symbol.dispose]: dispose,
  });
  collected.register(compiled, plans, plans);
  return compiled;
}

/** Dtypes and shapes of a call's arguments, in their structure, as JSON: a plan follows from it. */
const keyOf = (args: Tree<Tensor>): string =>
  structureText<Tensor>(args, isTensor, ({ shape, dtype }) => `${dtype} ${shape}`);

/** An argument's value by its part of the key. */
function argument(part: string, path: string): Value {
  const [dtype, sizes] = part.split(' ') as [Dtype, string];
  return input(path, sizes === '' ? [] : sizes.split(',').map(Number), dtype);
}

const isText = (node: unknown): node is string => typeof node === 'string';

/** The function's graph for arguments of these shapes, and what it returned. */
function trace(fn: TreeFunction, key: string, label: string): { graph: Graph; result: Tree<Value> } {
  const values = mapTree<string, Value>(JSON.parse(key) as Tree<string>, isText, argument);
  const args = values as readonly Tree<Value>[];
  const result = fn(...args);
  const outputs = new Map(flattenTree<Value>(result, isResult));
  if (outputs.size === 0) throw new ConfigError(`${label}: expects to return at least one value`);
  refuseUnread(label, fn, args, outputs);
  return { graph: { outputs, effects: [] }, result };
}

function traced(graph: Graph, result: Tree<Value>, executable: Executable): Traced {
  const places = mapTree<Value, ResultPlace>(
    result,
    isResult,
    ({ shape, dtype }, path) => new ResultPlace(path, shape, dtype),
  );
  return { executable, places, captured: valuesOf(graph).filter(({ op }) => op === 'state') };
}

/** Copies the arguments in, runs, copies the results out into tensors that later runs do not overwrite. */
function enqueue(
  maker: FunctionMaker,
  { executable, places }: Traced,
  leaves: readonly [string, Tensor][],
): Tree<Tensor> {
  const { tensors, executables } = maker;
  const { plan, inputs, outputs } = executable;
  executables.requireOpen();
  executables.requireTensors(plan);
  const before: BufferCopy[] = [];
  for (const [path, tensor] of leaves) {
    requireTensor(tensors, nameOf(tensor.value), `${plan.label}: argument ${path}`);
    const target = inputs.get(path);
    if (!target) continue; // not read
    const bytes = wordBytes(target.tensor.range.bytes);
    const from = tensors.buffer(nameOf(tensor.value));
    before.push({ from, fromOffset: 0, to: target.buffer, toOffset: 0, bytes });
  }
  const after: BufferCopy[] = [];
  const made: Tensor[] = [];
  try {
    const results = mapTree<ResultPlace, Tensor>(places, isPlace, ({ path, shape, dtype }) => {
      const { buffer: from, tensor } = outputs.get(path)!;
      const { offset: fromOffset } = tensor.range;
      const bytes = wordBytes(tensor.range.bytes);
      const result = maker.result(bytes / 4, shape, dtype);
      made.push(result);
      after.push({ from, fromOffset, to: tensors.buffer(nameOf(result.value)), toOffset: 0, bytes });
      return result;
    });
    executable.run({}, { before, after });
    return results;
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}

/**
 * A result's position in a plan. It does not hold the value, which would keep the graph and the user's function alive.
 */
class ResultPlace {
  readonly path: string;
  readonly shape: Shape;
  readonly dtype: Dtype;

  constructor(path: string, shape: Shape, dtype: Dtype) {
    this.path = path;
    this.shape = shape;
    this.dtype = dtype;
  }
}
const isPlace = (node: unknown): node is ResultPlace => node instanceof ResultPlace;

interface Traced {
  readonly executable: Executable;
  readonly places: Tree<ResultPlace>;
  /** Tensors that it reads in place; this reference keeps them alive. */
  readonly captured: readonly Value[];
}

type TreeFunction = (...args: readonly Tree<Value>[]) => Tree<Value>;

/** The same structure with device tensors for values. */
export type OnDevice<T> = T extends Value ? Tensor : { [K in keyof T]: OnDevice<T[K]> };
