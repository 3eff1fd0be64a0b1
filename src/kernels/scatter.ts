import { product } from '../shape.ts';
import { type DeviceFacts, read, write } from './kernel.ts';
import type { Lowered, Lowering, OpRequest } from './lowering.ts';
import { larger, smaller } from './math/nan.ts';
import { perElement } from './perElement.ts';
import { begins, lists, loadedAs, type PickingAttrs, perUpdate, spans } from './picking.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

/** One lane per element of the result asks for its updates. `first`: the place of the indices among the inputs. */
function perTarget(
  { label, inputs, out, attrs }: OpRequest<PickingAttrs>,
  device: DeviceFacts,
  first: number,
  names: readonly string[],
  { start, visit, result }: { start: Wgsl; visit: Wgsl; result: Wgsl },
): Lowered {
  const { each } = attrs;
  const total = product(out.shape);
  const indices = inputs[first]!;
  const of = spans(out.shape, indices.shape[each ? attrs.axis : 0]!, attrs);
  const sorted = inputs.length > first + 1;
  const { bindings, operands } = lists(inputs, first, each, of);
  const values = inputs
    .slice(0, first)
    .map(({ shape, element }, i) => read(names[i]!, product(shape), element));
  const kernel = perElement(
    {
      label,
      bindings: [...values, ...bindings, write('out', total, out.element)],
      total,
      flops: sorted ? product(inputs[Math.max(0, first - 1)]!.shape) : total * of.picks,
      layout: `out [outer, ${of.rows}, ${of.inner}], updates [outer, ${of.picks}, ${of.inner}]; each element joins what names it, in order.`,
      body: wgsl`
        ${start}
        ${perUpdate(of, each, sorted, visit)}
        out[i] = ${result};`,
    },
    device,
  );
  const own = { kernel, operands: [...values.keys(), ...operands, 'out' as const] };
  if (!sorted) return { steps: [own], scratch: [] };
  const found = begins(label, of, each, device);
  return {
    steps: [{ kernel: found, operands: [first, first + 1, { scratch: 0 }] }, own],
    scratch: [found.bindings[2]!.length],
  };
}

/** dy, indices, order? -> each element adds the updates that name it. */
const gatherGrad: Lowering<PickingAttrs> = (request, device) => {
  const type = code(loadedAs(request.inputs[0]!.element));
  return perTarget(request, device, 1, ['dy'], {
    start: wgsl`var sum = ${type}(0);`,
    visit: wgsl`sum += ${type}(dy[at]);`,
    result: code('sum'),
  });
};

const lastUpdate: Lowering<PickingAttrs> = (request, device) =>
  perTarget(request, device, 0, [], {
    start: code('var last = -1;'),
    visit: code('last = i32(pick);'),
    result: code('last'),
  });

type Kind = 'mul' | 'max' | 'min';

const joined = (kind: Kind, float: boolean): Wgsl => {
  if (kind === 'mul') return code('value * updates[at]');
  if (!float) return code(`${kind}(value, updates[at])`);
  return kind === 'max'
    ? code('larger(value, updates[at])', larger)
    : code('smaller(value, updates[at])', smaller);
};

const scatterJoin: Lowering<PickingAttrs & { readonly kind: Kind }> = (request, device) =>
  perTarget(request, device, 2, ['x', 'updates'], {
    start: code('var value = x[i];'),
    visit: wgsl`value = ${joined(request.attrs.kind, request.out.element === 'f32')};`,
    result: code('value'),
  });

export const scatterKernels = { gatherGrad, lastUpdate, scatterJoin };
