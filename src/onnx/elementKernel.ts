import { ownKernel } from '../graph/ops/ownKernel.ts';
import { constant, type Dtype, type Value } from '../graph/value.ts';
import { product, range, type Shape, stridesOf } from '../shape.ts';

const WORKGROUP = 64;
const MOST_GROUPS = 65_535;

/** What ONNX asks of elements that no function of the library computes: integers, bits, indices. */
export interface ElementKernel {
  readonly name: string;
  /** Read in the text as x0, x1, ... */
  readonly inputs: readonly Value[];
  readonly shape: Shape;
  readonly dtype: Exclude<Dtype, 'f16'>;
  /** WGSL statements that set `out`; `flat` is the element's place, c0, c1, ... its place along each axis. */
  readonly body: string;
  /** WGSL functions that the statements call. */
  readonly functions?: string;
}

const SCALAR = { f32: 'f32', i32: 'i32', u32: 'u32' } as const;

/** One result per invocation. */
export function elementKernel({ name, inputs, shape, dtype, body, functions = '' }: ElementKernel): Value {
  const count = product(shape);
  if (count === 0) return constant([], shape, dtype);
  const groups = Math.ceil(count / WORKGROUP);
  const [columns, rows] = [Math.min(groups, MOST_GROUPS), Math.ceil(groups / MOST_GROUPS)];
  const strides = stridesOf(shape);
  const places = range(shape.length).map(
    (axis) => `let c${axis} = i32(flat / ${strides[axis]}u % ${shape[axis]}u);`,
  );
  const kernel = ownKernel({
    name,
    inputs: Object.fromEntries(
      inputs.map((value, i): [string, Exclude<Dtype, 'f16'>] => [
        `x${i}`,
        value.dtype as Exclude<Dtype, 'f16'>,
      ]),
    ) as Readonly<Record<string, Exclude<Dtype, 'f16'>>>,
    outputs: { y: shape },
    dtype,
    grid: [columns, rows],
    wgsl: `${functions}
      @compute @workgroup_size(${WORKGROUP})
      fn main(@builtin(global_invocation_id) id: vec3u) {
        let flat = id.y * ${columns * WORKGROUP}u + id.x;
        if (flat >= ${count}u) { return; }
        ${places.join('\n')}
        var out = ${SCALAR[dtype]}(0);
        ${body}
        y[flat] = out;
      }`,
  });
  return kernel(...inputs);
}

/** Where an operand of `shape` has the element that meets the result's at c0, c1, ... by NumPy's rules. */
export function broadcastPlace(shape: Shape, result: Shape): string {
  const strides = stridesOf(shape);
  const before = result.length - shape.length;
  const terms = shape.flatMap((size, axis) => (size === 1 ? [] : [`c${axis + before} * ${strides[axis]}`]));
  return terms.length === 0 ? '0' : terms.join(' + ');
}

/** Where an array of `shape` has the element at these places along its axes. */
export function placeOf(shape: Shape, places: readonly string[]): string {
  const strides = stridesOf(shape);
  const terms = places.flatMap((place, axis) => (shape[axis] === 1 ? [] : [`(${place}) * ${strides[axis]}`]));
  return terms.length === 0 ? '0' : terms.join(' + ');
}
