import { product } from '../shape.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { loadedAs } from './picking.ts';
import { code, wgsl } from './wgsl.ts';

type ScanAttrs = { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };

/** One lane walks one line along the axis and adds in order. */
const scan: Lowering<ScanAttrs> = ({ label, inputs, out, attrs: { axis, exclusive, reverse } }, device) => {
  const [x] = inputs;
  const length = out.shape[axis]!;
  const inner = product(out.shape.slice(axis + 1));
  const total = product(out.shape);
  const place = code(reverse ? `${length - 1}u - step` : 'step');
  const type = loadedAs(x!.element);
  const add = code(`sum += ${type}(x[at]);`);
  const store = code('out[at] = sum;');
  return single(
    perElement(
      {
        label,
        bindings: [read('x', total, x!.element), write('out', total, type)],
        total: length === 0 ? 0 : total / length,
        flops: total,
        layout: 'x and out [outer, length, inner]; one lane walks the axis of one line.',
        body: wgsl`
          let base = (i / ${inner}u) * ${length * inner}u + i % ${inner}u;
          var sum = ${code(type === 'f32' ? '0.0' : `${type}(0)`)};
          for (var step = 0u; step < ${length}u; step++) {
            let at = base + (${place}) * ${inner}u;
            ${exclusive ? store : add}
            ${exclusive ? add : store}
          }`,
      },
      device,
    ),
  );
};

export const scanKernels = { scan };
