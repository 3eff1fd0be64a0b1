import { product } from '../shape.ts';
import { broadcastIndex } from './broadcast.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { type Program, programFlops, programLabel, programText } from './program.ts';
import { code, wgsl } from './wgsl.ts';

/** Any program over broadcast inputs. */
const pointwise: Lowering<{ readonly program: Program }> = (
  { label, inputs, out, attrs: { program } },
  device,
) => {
  const total = product(out.shape);
  const operands = inputs.map((spec, i) => `f32(x${i}[${broadcastIndex('i', out.shape, spec.shape)}])`);
  const named = operands.map((text, i) => code(`let v${i} = ${text};`));
  const { statements, result } = programText(
    program,
    operands.map((_, i) => `v${i}`),
  );
  const kernel = perElement(
    {
      label: `${label} ${programLabel(program)}`,
      bindings: [
        ...inputs.map((spec, i) => read(`x${i}`, product(spec.shape), spec.element)),
        write('out', total, out.element),
      ],
      total,
      flops: total * programFlops(program),
      layout: 'out[i] from one element of each input.',
      body: wgsl`
        ${named}
        ${statements}
        out[i] = ${code(out.element)}(${code(result)});`,
    },
    device,
  );
  return single(kernel);
};

export const pointwiseKernels = { pointwise };
