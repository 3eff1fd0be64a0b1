import { requireFunction } from '../../arguments.ts';
import { ConfigError, DtypeError, gotText, ShapeError, WgadError } from '../../errors.ts';
import type { KernelOutput, OwnKernelAttrs } from '../../kernels/ownKernel.ts';
import { type OptionNames, refuseExtra, requireNamed, requireOptions } from '../../options.ts';
import { product, requireShape, type Shape, shapesEqual, shapeText } from '../../shape.ts';
import { asValue, type Dtype, makeValue, type Operand, requireDtype, type Value } from '../value.ts';
import { withVjp } from './control.ts';
import { attributes, type OpTable } from './definition.ts';
import { slabOffsets, slabView } from './slab.ts';

export const ownKernelOps = {
  /** A kernel of the caller's text. Its results lie side by side, as `pack` lays them; a single one has its own shape. */
  ownKernel: {
    attrs: attributes<OwnKernelAttrs>(),
    nonDifferentiable: 'its derivative is that of the kernel it belongs to',
  },
} as const satisfies OpTable;

/** Types of the arrays that own kernels read and write. */
export type KernelDtype = Exclude<Dtype, 'f16'>;
const KERNEL_DTYPES: readonly Dtype[] = ['f32', 'i32', 'u32'];

type Shapes<K extends string> = Readonly<Record<K, Shape>>;
type Values<K extends string> = Readonly<Record<K, Value>>;

/** A WGSL kernel as an op: what it reads, what it writes, and how it is run. */
export interface OwnKernel<I extends string, O extends string> {
  /** In errors, profiles and plans. */
  name: string;
  /** Arrays that it reads, by their names in the text, in the order of the arguments; f32 unless types are given by name. */
  inputs: readonly I[] | Readonly<Record<I, KernelDtype>>;
  /** Arrays that it writes, every element of them, by their names in the text: shapes, or functions of the inputs' shapes. */
  outputs: Readonly<Record<O, Shape | ((shapes: Shapes<NoInfer<I>>) => Shape)>>;
  /** Type of the outputs; default f32. */
  dtype?: KernelDtype;
  /**
   * A whole module with the entry point `main`, or a function of all shapes that gives it. The arrays are declared behind
   * it, as `var<storage, read> x: array<f32>` and `var<storage, read_write> y: array<f32>`.
   */
  wgsl: string | ((shapes: Shapes<NoInfer<I | O>>) => string);
  /** Workgroups in x, y and z, at most 65,535 each, or a function of all shapes that gives them; a number is x. */
  grid: number | readonly number[] | ((shapes: Shapes<NoInfer<I | O>>) => number | readonly number[]);
  /** Floating-point operations of one dispatch, for profiles and rooflines; default unknown (0). */
  flops?: (shapes: Shapes<NoInfer<I | O>>) => number;
  /**
   * The derivative: dL/dinput by name, from values of inputs and outputs and from dL/doutput (`cotangents`). An input left
   * out has none. Without `vjp` a derivative through the kernel is refused by its name.
   */
  vjp?: (of: {
    inputs: Values<NoInfer<I>>;
    outputs: Values<NoInfer<O>>;
    cotangents: Values<NoInfer<O>>;
  }) => Partial<Record<NoInfer<I>, Value>>;
}

const OWN_KERNEL: OptionNames<OwnKernel<string, string>> = {
  name: true,
  inputs: true,
  outputs: true,
  dtype: true,
  wgsl: true,
  grid: true,
  flops: true,
  vjp: true,
};

type Single<O extends string, All extends string = O> = O extends unknown
  ? [All] extends [O]
    ? true
    : false
  : never;

/** An own kernel as a function of values: its one result, or all by name. */
export type OwnKernelCall<O extends string> = (
  ...inputs: readonly Operand[]
) => Single<O> extends true ? Value : Values<O>;

/** @throws ConfigError for a definition that cannot be one; each call says what is wrong with its values. */
export function ownKernel<const I extends string, const O extends string>(
  definition: OwnKernel<I, O>,
): OwnKernelCall<O> {
  requireOptions('kernel', definition, OWN_KERNEL);
  const { name, dtype = 'f32' } = definition;
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError(`kernel: name expects a text, got ${gotText(name)}`);
  }
  const where = `kernel ${name}`;
  const inputs = inputsOf(where, definition.inputs);
  requireNamed(where, 'outputs', definition.outputs);
  const outputs = Object.keys(definition.outputs) as O[];
  requireNames(where, [...inputs.keys(), ...outputs]);
  if (outputs.length === 0) throw new ConfigError(`${where}: outputs expect at least one name, got none`);
  requireDtype(where, dtype, KERNEL_DTYPES);
  for (const part of ['flops', 'vjp'] as const) {
    if (definition[part] !== undefined) requireFunction(where, part, definition[part]);
  }
  const call = (...operands: readonly Operand[]): Value | Values<O> => {
    const values = operandsOf(name, inputs, operands);
    const shapes = Object.fromEntries(
      [...inputs.keys()].map((input, i) => [input, values[i]!.shape]),
    ) as Record<I | O, Shape>;
    for (const output of outputs) shapes[output] = outputShape<I, O>(name, output, definition, shapes);
    const attrs = attrsOf({ ...definition, dtype }, inputs, outputs, shapes);
    const [single] = outputs;
    const length = slabOffsets(outputs.map((output) => product(shapes[output]))).length;
    const whole = makeValue(
      'ownKernel',
      values,
      attrs,
      outputs.length === 1 ? shapes[single!] : [length],
      dtype,
    );
    const parts = (flat: Value): Values<O> =>
      Object.fromEntries(
        attrs.outputs.map(({ name: output, offset }) => [
          output,
          outputs.length === 1 ? flat : slabView(flat, offset, shapes[output as O]),
        ]),
      ) as Values<O>;
    const results = parts(
      withVjp(whole, values, (cotangent) =>
        slopesOf(definition, inputs, values, parts(whole), parts(cotangent)),
      ),
    );
    return outputs.length === 1 ? results[single!] : results;
  };
  return call as OwnKernelCall<O>;
}

function inputsOf<I extends string>(
  where: string,
  inputs: OwnKernel<I, string>['inputs'],
): ReadonlyMap<I, KernelDtype> {
  if (!Array.isArray(inputs)) requireNamed(where, 'inputs', inputs);
  const pairs = Array.isArray(inputs)
    ? (inputs as readonly I[]).map((input): [I, KernelDtype] => [input, 'f32'])
    : (Object.entries(inputs) as [I, KernelDtype][]);
  for (const [input, dtype] of pairs) requireDtype(`${where}: ${input}`, dtype, KERNEL_DTYPES);
  if (new Map(pairs).size < pairs.length) {
    throw new ConfigError(`${where}: inputs expect each name once, got ${gotText(inputs)}`);
  }
  return new Map(pairs);
}

function requireNames(where: string, names: readonly string[]): void {
  const odd = names.find((each) => !/^[A-Za-z]\w*$/.test(each));
  if (odd !== undefined) {
    throw new ConfigError(`${where}: names of arrays expect letters, digits and _, got ${gotText(odd)}`);
  }
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice !== undefined)
    throw new ConfigError(`${where}: ${twice} expects to be an input or an output, not both`);
}

function operandsOf(
  name: string,
  inputs: ReadonlyMap<string, KernelDtype>,
  operands: readonly Operand[],
): Value[] {
  if (operands.length > inputs.size) refuseExtra(name, operands.slice(inputs.size));
  return [...inputs].map(([input, dtype], i) => {
    if (i >= operands.length) throw new DtypeError(`${name}: expects ${input}, got nothing`);
    const value = asValue(operands[i]!, name);
    if (value.dtype === dtype) return value;
    throw new DtypeError(`${name}: ${input} expects ${dtype}, got ${value.dtype}; cast it first`);
  });
}

function outputShape<I extends string, O extends string>(
  name: string,
  output: O,
  { outputs }: OwnKernel<I, O>,
  shapes: Shapes<I>,
): Shape {
  const given = outputs[output] as Shape | ((shapes: Shapes<I>) => Shape);
  const shape = typeof given === 'function' ? given(shapes) : given;
  requireShape(`${name}: ${output}`, shape);
  return shape;
}

function attrsOf<I extends string, O extends string>(
  { name, wgsl, grid, flops }: OwnKernel<I, O>,
  inputs: ReadonlyMap<I, KernelDtype>,
  outputs: readonly O[],
  shapes: Shapes<I | O>,
): OwnKernelAttrs {
  const text = typeof wgsl === 'function' ? wgsl(shapes) : wgsl;
  if (typeof text !== 'string') throw new ConfigError(`${name}: wgsl expects a text, got ${gotText(text)}`);
  const groups = typeof grid === 'function' ? grid(shapes) : grid;
  const given: readonly number[] = typeof groups === 'number' ? [groups] : groups;
  if (
    !Array.isArray(given) ||
    given.length > 3 ||
    !given.every((each) => Number.isSafeInteger(each) && each >= 1)
  ) {
    throw new ShapeError(
      `${name}: grid expects one to three whole numbers of at least 1, got ${gotText(groups)}`,
    );
  }
  const [x = 1, y = 1, z = 1] = given;
  const work = flops?.(shapes) ?? 0;
  if (!(Number.isFinite(work) && work >= 0)) {
    throw new ConfigError(`${name}: flops expects a number of at least 0, got ${gotText(work)}`);
  }
  const lengths = outputs.map((output) => product(shapes[output]));
  const { offsets } = slabOffsets(lengths);
  return {
    name,
    wgsl: text,
    inputs: [...inputs.keys()],
    outputs: outputs.map(
      (output, i): KernelOutput => ({ name: output, offset: offsets[i]!, length: lengths[i]! }),
    ),
    grid: [x, y, z],
    flops: work,
  };
}

/** One formula for each input; the caller's `vjp` is asked once, and only if one of them is needed. */
function slopesOf<I extends string, O extends string>(
  { name, vjp }: OwnKernel<I, O>,
  inputs: ReadonlyMap<I, KernelDtype>,
  values: readonly Value[],
  outputs: Values<O>,
  cotangents: Values<O>,
): (() => Value)[] {
  let slopes: Partial<Record<I, Value>> | undefined;
  return [...inputs.keys()].map((input, i) => () => {
    const fix = 'give the kernel a vjp, or wrap its argument in stopGradient';
    if (!vjp)
      throw new WgadError('E_CONFIG', `grad: no derivative flows through kernel ${name}: it has no vjp`, {
        fix,
      });
    const named = Object.fromEntries([...inputs.keys()].map((each, k) => [each, values[k]!])) as Values<I>;
    slopes ??= vjp({ inputs: named, outputs, cotangents });
    requireNamed(`kernel ${name}`, 'results of vjp', slopes);
    const slope = slopes[input];
    if (slope === undefined) {
      throw new WgadError('E_CONFIG', `grad: the vjp of kernel ${name} gives no derivative by ${input}`, {
        fix,
      });
    }
    const value = asValue(slope, `vjp of kernel ${name}`);
    if (shapesEqual(value.shape, values[i]!.shape)) return value;
    throw new ShapeError(
      `vjp of kernel ${name}: ${input} expects ${shapeText(values[i]!.shape)}, got ${shapeText(value.shape)}`,
    );
  });
}
