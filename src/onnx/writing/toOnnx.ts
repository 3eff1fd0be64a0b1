import { requireFunction, requireList } from '../../arguments.ts';
import { ConfigError, DtypeError, gotText } from '../../errors.ts';
import { flattenTree, mapTree, type Tree } from '../../graph/tree.ts';
import { type Dtype, input, isValue, type Value } from '../../graph/value.ts';
import type { NamedTensor } from '../../nn/init.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import type { Shape } from '../../shape.ts';
import { type Port, writeModel } from './writeModel.ts';

/** Shape and type of one argument; a tensor or a value has both. */
export interface Example {
  readonly shape: Shape;
  /** Default f32. */
  readonly dtype?: Dtype;
}

/** How a function is written. */
export interface ToOnnxOptions {
  /** Name of the graph; default the function's own. */
  label?: string;
  /**
   * Tensors by name, as `parseSafetensors` and `engine.stateDict` give them: the function's first argument is an object of
   * their values, and they are written as the file's initialisers, under their names.
   */
  state?: ReadonlyMap<string, NamedTensor>;
}

const OPTIONS: OptionNames<ToOnnxOptions> = { label: true, state: true };

const isExample = (node: unknown): node is Example =>
  typeof node === 'object' && node !== null && 'shape' in node && Array.isArray(node.shape);

/**
 * Traces a function of values, as `engine.compile` would, and writes it as an ONNX model (operator set 20).
 * @param fn from values, or arrays and objects of them, to the same.
 * @param example its arguments' shapes, in the same structure: tensors, or `{ shape }`. Inputs are called by the path to
 * them (`images`, `input` for an argument that is a single value), results likewise (`output`).
 * @throws ConfigError listing every value that has no form in ONNX, and tensors that `fn` reads without being handed them.
 */
export function toOnnx(
  fn: (...args: never[]) => unknown,
  example: readonly Tree<Example>[],
  options: ToOnnxOptions = {},
  ...extra: never[]
): Uint8Array {
  refuseExtra('toOnnx', extra);
  requireFunction('toOnnx', 'fn', fn);
  requireList('toOnnx', 'example', example);
  requireOptions('toOnnx', options, OPTIONS);
  const { state = new Map(), label = fn.name || 'function' } = options;
  const stored = [...state].map(([name, tensor]) => ({ name, tensor, value: input(name, tensor.shape) }));
  const paths = pathsOf(example);
  const inputs: Port[] = [];
  const args = example.map((tree, i) =>
    mapTree<Example, Value>(tree, requireExample, ({ shape, dtype = 'f32' }, path) => {
      const name = paths(i, path);
      const value = input(name, shape, dtype);
      inputs.push({ name, value });
      return value;
    }),
  );
  const call = fn as unknown as (...args: unknown[]) => Tree<Value>;
  const weights = Object.fromEntries(stored.map(({ name, value }) => [name, value]));
  const result = options.state ? call(weights, ...args) : call(...args);
  const outputs = flattenTree<Value>(result, requireResult).map(([path, value]) => ({
    name: path === '' ? 'output' : path,
    value,
  }));
  if (outputs.length === 0) throw new ConfigError('toOnnx: fn expects to return at least one value');
  return writeModel({ label, inputs, outputs, stored: new Map(stored.map((each) => [each.value, each])) });
}

function requireExample(node: unknown): node is Example {
  if (isExample(node)) return true;
  if (typeof node === 'object' && node !== null) return false;
  throw new DtypeError(
    `toOnnx: example expects shapes ({ shape }), tensors, or structures of them, got ${gotText(node)}`,
  );
}

function requireResult(node: unknown): node is Value {
  if (isValue(node)) return true;
  if (typeof node === 'object' && node !== null && !('value' in node && isValue(node.value))) return false;
  throw new DtypeError(
    `toOnnx: fn expects to return values, or arrays and objects of them, got ${gotText(node)}`,
  );
}

/** Paths inside their argument; with its number in front where two arguments are single values or have a path in common. */
function pathsOf(example: readonly Tree<Example>[]): (argument: number, path: string) => string {
  const all = example.map((tree) => flattenTree<Example>(tree, requireExample).map(([path]) => path));
  const counts = new Map<string, number>();
  for (const path of all.flat()) counts.set(path, (counts.get(path) ?? 0) + 1);
  return (argument, path) => {
    const shared = counts.get(path)! > 1;
    if (path === '') return shared ? `input${argument}` : 'input';
    return shared ? `input${argument}.${path}` : path;
  };
}
