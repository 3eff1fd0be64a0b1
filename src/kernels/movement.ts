import { MOST_F16 } from '../float16.ts';
import { product, type Shape, stridesOf } from '../shape.ts';
import { type DeviceFacts, type Element, read, touching, write } from './kernel.ts';
import { type Lowering, type OpRequest, single, type TensorSpec } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, floatLiteral, hiddenLiteral, wgsl } from './wgsl.ts';

/** The coordinate of flat index `i` along each axis of `shape`, as u32 expressions. */
function coordinates(shape: Shape): string[] {
  const strides = stridesOf(shape);
  return shape.map((size, axis) => {
    const shifted = strides[axis] === 1 ? 'i' : `(i / ${strides[axis]}u)`;
    return size === 1 ? '0u' : axis === 0 ? shifted : `(${shifted} % ${size}u)`;
  });
}

/** A kernel that fills out[i] from x at the flat index that `index` gives. */
function copying(request: OpRequest, device: DeviceFacts, layout: string, index: string) {
  const [x] = request.inputs as [TensorSpec];
  const total = product(request.out.shape);
  return single(
    perElement(
      {
        label: request.label,
        bindings: [
          touching(total, read('x', product(x.shape), x.element)),
          write('out', total, request.out.element),
        ],
        total,
        layout,
        body: wgsl`out[i] = ${code(moved(x, request.out, `x[${index}]`))};`,
      },
      device,
    ),
  );
}

/** Elements of another type are converted on the way. */
const moved = (from: TensorSpec, to: TensorSpec, value: string): string =>
  from.element === to.element ? value : `${to.element}(${value})`;

/** A number as an element; as one of f16 it may round to infinity, which only a conversion at run time may. */
const numberOf = (element: Element, value: number): string =>
  element === 'f16' && Math.abs(value) > MOST_F16
    ? `f16(${hiddenLiteral(value)})`
    : `${element}(${floatLiteral(value)})`;

const joined = (terms: readonly string[]): string => (terms.length === 0 ? '0u' : terms.join(' + '));

const permute: Lowering<{ readonly order: readonly number[] }> = (request, device) => {
  const { order } = request.attrs;
  const strides = stridesOf(request.inputs[0]!.shape);
  const terms = coordinates(request.out.shape).map((at, axis) => `${at} * ${strides[order[axis]!]}u`);
  return copying(request, device, `out's axes are x's in the order ${order}.`, joined(terms));
};

const slice: Lowering<Readonly<Record<'starts' | 'steps', readonly number[]>>> = (request, device) => {
  const { starts, steps } = request.attrs;
  const strides = stridesOf(request.inputs[0]!.shape);
  const terms = coordinates(request.out.shape).map(
    (at, axis) => `(${at} * ${steps[axis]}u + ${starts[axis]}u) * ${strides[axis]}u`,
  );
  return copying(request, device, `Axis a of x is read at start[a] + step[a] * index.`, joined(terms));
};

type Padding<Mode> = { readonly before: readonly number[]; readonly mode: Mode };
type Repeating = 'symmetric' | 'edge' | 'reflect' | 'wrap';

const pad: Lowering<Padding<'constant' | Repeating> & { readonly value: number }> = (request, device) => {
  const { before, mode, value } = request.attrs;
  const [x] = request.inputs as [TensorSpec];
  const strides = stridesOf(x.shape);
  const places = coordinates(request.out.shape).map((at, axis) => code(`i32(${at}) - ${before[axis]}`));
  const total = product(request.out.shape);
  const lines = places.map((place, axis) => {
    const last = x.shape[axis]! - 1;
    const name = code(`c${axis}`);
    if (mode === 'edge') return wgsl`let ${name} = clamp(${place}, 0, ${last});`;
    if (mode === 'constant') return wgsl`let ${name} = ${place};`;
    if (mode === 'wrap') return wgsl`let ${name} = (${place} + ${last + 1}) % ${last + 1};`;
    // Mirrored at the edge: left of a b c comes c b.
    if (mode === 'reflect') return wgsl`let ${name} = ${last} - abs(${last} - abs(${place}));`;
    // Mirrored with the edge repeated: left of a b c comes c b a.
    return wgsl`
      var ${name} = ${place};
      if (${name} < 0) { ${name} = -1 - ${name}; }
      if (${name} > ${last}) { ${name} = ${2 * last + 1} - ${name}; }`;
  });
  const index = joined(places.map((_, axis) => `u32(c${axis}) * ${strides[axis]}u`));
  const inside = places.map((_, axis) => `u32(c${axis}) < ${x.shape[axis]}u`).join(' && ') || 'true';
  const store =
    mode === 'constant'
      ? `out[i] = select(${numberOf(request.out.element, value)}, ${moved(x, request.out, `x[${index}]`)}, ${inside});`
      : `out[i] = ${moved(x, request.out, `x[${index}]`)};`;
  return single(
    perElement(
      {
        label: request.label,
        bindings: [read('x', product(x.shape), x.element), write('out', total, request.out.element)],
        total,
        layout: `c0, c1, ...: where out's element lies in x; padding mode ${mode}.`,
        body: wgsl`${[...lines, code(store)]}`,
      },
      device,
    ),
  );
};

/**
 * Each element of x adds, in order, all places of the padded array that repeat it: along an edge those
 * from p_first to p_last, of a mirror at most three.
 */
const padGrad: Lowering<Padding<Repeating>> = (request, device) => {
  const { before, mode } = request.attrs;
  const [dy] = request.inputs as [TensorSpec];
  const { shape } = request.out;
  const strides = stridesOf(dy.shape);
  const total = product(shape);
  const padded = shape.map((_, axis) => axis).filter((axis) => dy.shape[axis] !== shape[axis]);
  const opened = coordinates(shape).map((at, axis) => {
    const [size, long, first] = [shape[axis]!, dy.shape[axis]!, before[axis]!];
    if (!padded.includes(axis)) return `let p${axis} = ${at};`;
    if (mode === 'edge') {
      return `let c${axis} = ${at};
for (var p${axis} = select(c${axis} + ${first}u, 0u, c${axis} == 0u); p${axis} <= select(c${axis} + ${first}u, ${long - 1}u, c${axis} == ${size - 1}u); p${axis}++) {`;
    }
    if (mode === 'wrap') {
      return `let c${axis} = i32(${at});
for (var k${axis} = -1; k${axis} < 2; k${axis}++) {
  let place${axis} = ${first} + c${axis} + k${axis} * ${size};
  if (place${axis} < 0 || place${axis} >= ${long}) { continue; }
  let p${axis} = u32(place${axis});`;
    }
    if (mode === 'reflect') {
      return `let c${axis} = i32(${at});
for (var k${axis} = 0; k${axis} < 3; k${axis}++) {
  // Itself, and its images before the first element and behind the last; those two are their own images.
  if ((k${axis} == 1 && c${axis} == 0) || (k${axis} == 2 && c${axis} == ${size - 1})) { continue; }
  let place${axis} = select(select(${first + 2 * size - 2} - c${axis}, ${first} - c${axis}, k${axis} == 1), ${first} + c${axis}, k${axis} == 0);
  if (place${axis} < 0 || place${axis} >= ${long}) { continue; }
  let p${axis} = u32(place${axis});`;
    }
    return `let c${axis} = i32(${at});
for (var k${axis} = 0; k${axis} < 3; k${axis}++) {
  // Itself, and its images before the first element and behind the last.
  let place${axis} = select(select(${first + 2 * size - 1} - c${axis}, ${first - 1} - c${axis}, k${axis} == 1), ${first} + c${axis}, k${axis} == 0);
  if (place${axis} < 0 || place${axis} >= ${long}) { continue; }
  let p${axis} = u32(place${axis});`;
  });
  const index = joined(shape.map((_, axis) => `p${axis} * ${strides[axis]}u`));
  const body = [
    'var sum = 0.0;',
    ...opened,
    `sum += f32(dy[${index}]);`,
    '}'.repeat(padded.length),
    'out[i] = sum;',
  ];
  return single(
    perElement(
      {
        label: request.label,
        bindings: [read('dy', product(dy.shape), dy.element), write('out', total)],
        total,
        flops: product(dy.shape),
        layout: `p0, p1, ...: where dy's element lies; padding mode ${mode}.`,
        body: code(body.join('\n')),
      },
      device,
    ),
  );
};

/** One dispatch per input, each writing its own part. */
const concat: Lowering<{ readonly axis: number }> = ({ label, inputs, out, attrs: { axis } }, device) => {
  const inner = product(out.shape.slice(axis + 1));
  const row = out.shape[axis]! * inner;
  let start = 0;
  const steps = inputs.flatMap((spec, index) => {
    const own = spec.shape[axis]! * inner;
    const total = product(spec.shape);
    const offset = start;
    start += own;
    if (total === 0) return [];
    const kernel = perElement(
      {
        label: `${label} part ${index}`,
        bindings: [
          read('x', total, spec.element),
          touching(total, write('out', product(out.shape), out.element)),
        ],
        total,
        layout: `x [outer, ${own}] goes to columns ${offset}.. of out [outer, ${row}].`,
        body: wgsl`out[(i / ${own}u) * ${row}u + ${offset}u + i % ${own}u] = ${code(moved(spec, out, 'x[i]'))};`,
      },
      device,
    );
    return [{ kernel, operands: [index, 'out' as const] }];
  });
  return { steps, scratch: [] };
};

const flip: Lowering<{ readonly axes: readonly number[] }> = (request, device) => {
  const { shape } = request.out;
  const strides = stridesOf(shape);
  const terms = coordinates(shape).map((at, axis) => {
    const place = request.attrs.axes.includes(axis) ? `(${shape[axis]! - 1}u - ${at})` : at;
    return `${place} * ${strides[axis]}u`;
  });
  return copying(request, device, `Axes ${request.attrs.axes} of x are read backwards.`, joined(terms));
};

export const movementKernels = { permute, slice, pad, padGrad, concat, flip };
