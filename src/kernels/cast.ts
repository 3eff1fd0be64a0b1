import { product } from '../shape.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single, type TensorSpec } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, wgsl } from './wgsl.ts';

const cast: Lowering = ({ label, inputs, out }, device) => {
  const [x] = inputs as [TensorSpec];
  const total = product(out.shape);
  return single(
    perElement(
      {
        label,
        bindings: [read('x', total, x.element), write('out', total, out.element)],
        total,
        layout: `${x.element} to ${out.element}; floats truncate towards zero.`,
        body: wgsl`out[i] = ${code(out.element)}(x[i]);`,
      },
      device,
    ),
  );
};

export const castKernels = { cast } satisfies Record<string, Lowering>;
