import { DtypeError, FileError, gotText, ShapeError, shown } from '../errors.ts';
import { cast, notEqual } from '../graph/ops/pointwise.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import type { StateDict } from '../nn/init.ts';
import { refuseExtra, requireNamed, withNearest } from '../options.ts';
import { shapeText } from '../shape.ts';
import { dtypeOf, type ElementType, elementTypeOf, isInteger, typeText } from './elementType.ts';
import { float32Of, holdsFloats, hostTensor } from './hostTensor.ts';
import { operatorOf } from './operators/index.ts';
import { improve } from './passes/index.ts';
import { fullName, readModel } from './readModel.ts';
import type { GraphProto, TypeProto, ValueInfoProto } from './schema/onnx_pb.ts';
import { everyNode, refuseUnknown } from './survey.ts';
import { type Item, isSequence, isTerm, Term } from './term.ts';
import { functionKey, traceGraph } from './traceGraph.ts';

/** An input or output of a model. */
export interface OnnxPort {
  readonly name: string;
  /** ONNX's name of its elements' type (`float`, `int64`); undefined where the file does not say. */
  readonly type: ElementType | undefined;
  /** Sizes; a name or null where any will do. Undefined where the file says nothing. */
  readonly shape: readonly (number | string | null)[] | undefined;
  readonly kind: 'tensor' | 'sequence' | 'optional';
}

/** What a model's input takes: a value or tensor, a list for a sequence, null for an empty optional. */
export type OnnxInput = Operand | readonly Operand[] | null;

/** A model of an ONNX file. */
export interface OnnxNetwork {
  /**
   * The model as a function of values: its state (of `engine.load(state)`) and its inputs by name to its outputs by name.
   * Floats are f32; signed integers are i32 and unsigned ones u32, which 64 bits must fit; truth is f32 0 or 1. What shapes
   * depend on (the shape of a Reshape, the condition of an If) must be known: a `constant`. The tensors of an output that is
   * a sequence are called `name[0]`, `name[1]` and so on.
   * @throws ShapeError, DtypeError for inputs that are missing or do not fit, and with a node's name what that node refuses.
   */
  fn(
    state: Readonly<Record<string, Operand>>,
    inputs: Readonly<Record<string, OnnxInput>>,
  ): Record<string, Value>;
  /** Its float tensors by the file's names. Integers, single numbers, masks (with -infinity) and what shapes depend on are part of `fn`. */
  readonly state: StateDict;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** Version of the operator set that it was written for. */
  readonly opset: number;
}

/**
 * Reads an ONNX model (operator set 13 and newer, and older ones as far as their operators have not changed since).
 * @throws FileError for bytes that are no model, and for one with operators or attributes that are not computed here: all of
 * them are listed, with the names of their nodes.
 */
export function fromOnnx(bytes: Uint8Array, ...extra: never[]): OnnxNetwork {
  refuseExtra('fromOnnx', extra);
  if (!(bytes instanceof Uint8Array)) {
    throw new DtypeError(`fromOnnx: expects the bytes of a file (Uint8Array), got ${gotText(bytes)}`);
  }
  const { model, opset } = readModel(bytes);
  refuseUnknown(model, opset);
  const graph = model.graph!;
  if (graph.sparseInitializer.length > 0) {
    throw new FileError('fromOnnx: sparse initialisers are not read', {
      fix: 'export the model with dense ones',
    });
  }
  const functions = new Map(model.functions.map((fn) => [functionKey(fn.domain, fn.name), fn]));
  const { state, fixed } = initialisers(graph, shapingNames(model));
  const stored = new Set([...state.keys(), ...fixed.keys()]);
  const inputs = graph.input.filter(({ name }) => !stored.has(name)).map(portOf);
  const outputs = graph.output.map(portOf);
  return {
    state,
    inputs,
    outputs,
    opset,
    fn(tensors, given, ...more: never[]) {
      refuseExtra('onnx', more);
      requireNamed('onnx', 'state', tensors);
      requireNamed('onnx', 'inputs', given);
      const items = new Map<string, Item>([
        ...fixed,
        ...stateItems(state, tensors),
        ...inputItems(inputs, given),
      ]);
      const results = traceGraph(graph, items, { opset, functions });
      const named = results.flatMap((item, i) => resultsOf(outputs[i]!.name, item));
      const brought = new Set([...items.values()].flatMap(valuesOf));
      const values = improve(
        named.map(([, value]) => value),
        brought,
      );
      return Object.fromEntries(named.map(([name], i) => [name, values[i]!]));
    },
  };
}

/** Names of tensors that decide shapes somewhere in the model. */
function shapingNames(model: Parameters<typeof everyNode>[0]): Set<string> {
  const names = new Set<string>();
  for (const { opType, domain, input } of everyNode(model)) {
    for (const i of operatorOf(fullName(domain, opType))?.known ?? []) names.add(input[i] ?? '');
  }
  return names;
}

/** What a mask adds where it hides: nothing that is learned is so low. */
const HIDES = -1e30;

/** Floats of at least one axis are state, but for masks; what else the file holds is part of the function. */
function initialisers(
  graph: GraphProto,
  shaping: ReadonlySet<string>,
): { state: StateDict; fixed: Map<string, Item> } {
  const state: StateDict = new Map();
  const fixed = new Map<string, Item>();
  for (const proto of graph.initializer) {
    const tensor = hostTensor(proto);
    const { name } = proto;
    if (state.has(name) || fixed.has(name)) {
      throw new FileError(`fromOnnx: two tensors are called ${JSON.stringify(shown(name))}`);
    }
    const isWide = holdsFloats(tensor) && tensor.shape.length > 0 && !shaping.has(name);
    const isState = isWide && !Array.prototype.some.call(tensor.data, (each: number) => each <= HIDES);
    if (isState) state.set(name, { shape: tensor.shape, data: float32Of(tensor) });
    else fixed.set(name, Term.host(tensor));
  }
  return { state, fixed };
}

function stateItems(state: StateDict, tensors: Readonly<Record<string, Operand>>): [string, Item][] {
  const wrong: string[] = [];
  const items = [...state].map(([name, tensor]): [string, Item] => {
    const found = Object.hasOwn(tensors, name) ? asValue(tensors[name]!, 'onnx') : undefined;
    if (!found || shapeText(found.shape) !== shapeText(tensor.shape)) {
      wrong.push(
        `${shown(name)} expects ${shapeText(tensor.shape)}, got ${found ? shapeText(found.shape) : 'none'}`,
      );
    }
    return [name, found ? Term.of('float', found) : Term.known('float', tensor.shape, tensor.data)];
  });
  if (wrong.length > 0)
    throw new ShapeError(`onnx: state: ${wrong.join('; ')}`, { fix: 'engine.load(state)' });
  return items;
}

function inputItems(
  ports: readonly OnnxPort[],
  given: Readonly<Record<string, OnnxInput>>,
): [string, Item][] {
  const names = ports.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new ShapeError(
      `onnx: expects the inputs ${names.map((name) => shown(name)).join(', ') || '(none)'}, got ${unknown.map((name) => withNearest(name, names)).join(', ')}`,
    );
  }
  const sizes = new Map<string, number>();
  return ports.map((port) => [port.name, inputItem(port, given[port.name], sizes)]);
}

function inputItem(port: OnnxPort, given: OnnxInput | undefined, sizes: Map<string, number>): Item {
  const what = `onnx: input ${shown(port.name)}`;
  if (given === undefined || (given === null && port.kind !== 'optional')) {
    throw new ShapeError(`${what} expects a ${port.kind} of ${portText(port)}, got nothing`);
  }
  if (given === null) return { absent: true };
  if (!Array.isArray(given)) return inputTerm(what, port, given as Operand, sizes);
  if (port.kind === 'tensor') throw new ShapeError(`${what} expects one tensor, got ${given.length}`);
  return { items: (given as readonly Operand[]).map((each) => inputTerm(what, port, each, sizes)) };
}

const portText = ({ type, shape }: OnnxPort): string =>
  `${type ?? 'any type'} ${shape ? `[${shape.map((size) => size ?? '?').join(', ')}]` : 'of any shape'}`;

function inputTerm(what: string, port: OnnxPort, operand: Operand, sizes: Map<string, number>): Term {
  const value = asValue(operand, what);
  const { shape, type = value.dtype === 'i32' ? 'int32' : value.dtype === 'u32' ? 'uint32' : 'float' } = port;
  const fits =
    !shape ||
    port.kind !== 'tensor' ||
    (shape.length === value.shape.length &&
      shape.every((size, axis) => fitsSize(size, value.shape[axis]!, sizes)));
  if (!fits) throw new ShapeError(`${what} expects ${portText(port)}, got ${shapeText(value.shape)}`);
  if (type === 'bool')
    return Term.of('bool', value.dtype === 'f32' ? value : notEqual(cast(value, 'f32'), 0));
  const dtype = dtypeOf(type);
  const isWhole = value.dtype === 'i32' || value.dtype === 'u32';
  const isRight = value.dtype === dtype || (isInteger(type) ? isWhole : value.dtype === 'f16');
  if (!isRight) throw new DtypeError(`${what} expects ${dtype} for ${portText(port)}, got ${value.dtype}`);
  const term = Term.of(type, value);
  return value.dtype === dtype || term.known ? term : Term.of(type, cast(value, dtype));
}

/** A size that has a name is the same wherever the name stands. */
function fitsSize(size: number | string | null, got: number, sizes: Map<string, number>): boolean {
  if (size === null) return true;
  if (typeof size === 'number') return size === got;
  const before = sizes.get(size);
  sizes.set(size, got);
  return before === undefined || before === got;
}

function resultsOf(name: string, item: Item): [string, Value][] {
  if (isTerm(item)) return [[name, item.value]];
  if (isSequence(item)) return item.items.map((each, i) => [`${name}[${i}]`, each.value]);
  return [];
}

/** Values that the caller brought. */
function valuesOf(item: Item): Value[] {
  const terms = isTerm(item) ? [item] : isSequence(item) ? item.items : [];
  return terms.filter(({ known }) => !known).map(({ value }) => value);
}

function portOf({ name, type }: ValueInfoProto): OnnxPort {
  return { name, ...typeOf(name, type) };
}

function typeOf(name: string, proto: TypeProto | undefined): Omit<OnnxPort, 'name'> {
  const { value } = proto ?? {};
  if (value?.case === 'sequenceType' || value?.case === 'optionalType') {
    const kind = value.case === 'sequenceType' ? 'sequence' : 'optional';
    return { ...typeOf(name, value.value.elemType), kind };
  }
  if (value?.case !== 'tensorType') {
    if (value?.case === undefined) return { kind: 'tensor', type: undefined, shape: undefined };
    throw new FileError(`fromOnnx: ${shown(name)} expects a tensor, got a ${value.case.replace('Type', '')}`);
  }
  const { elemType, shape } = value.value;
  const type = elementTypeOf(elemType);
  if (!type && elemType !== 0)
    throw new FileError(`fromOnnx: ${shown(name)} expects numbers, got ${typeText(elemType)}`);
  const sizes = shape?.dim.map((dim) => sizeOf(dim.value));
  return { kind: 'tensor', type, shape: sizes };
}

function sizeOf(value: { case: string | undefined; value?: bigint | string }): number | string | null {
  if (value.case === 'dimValue') return Number(value.value);
  return value.case === 'dimParam' && value.value !== '' ? String(value.value) : null;
}
