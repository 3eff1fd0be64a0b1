import { product, type Shape } from '../shape.ts';
import { broadcastIndex, sameInFours } from './broadcast.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single, type TensorSpec } from './lowering.ts';
import { perElement } from './perElement.ts';
import { type Program, programFlops, programLabel, programText } from './program.ts';
import { code, type Wgsl, wgsl } from './wgsl.ts';

/** Any program over broadcast inputs. */
const pointwise: Lowering<{ readonly program: Program }> = (
  { label, inputs, out, attrs: { program } },
  device,
) => {
  const total = product(out.shape);
  const ways = inputs.map((spec) => readingOf(spec, out.shape));
  // On a CPU adapter a vector is loaded number by number.
  const inFours = !device.software && total % 4 === 0 && ways.every((way) => way !== 'each');
  const vector = (whole: boolean) => inFours && whole && { vector: true as const };
  const kernel = perElement(
    {
      label: `${label} ${programLabel(program)}`,
      bindings: [
        ...inputs.map((spec, i) => ({
          ...read(`x${i}`, product(spec.shape), spec.element),
          ...vector(ways[i] === 'four'),
        })),
        { ...write('out', total, out.element), ...vector(true) },
      ],
      total: inFours ? total / 4 : total,
      flops: total * programFlops(program),
      layout: inFours ? 'out[i] is four results.' : 'out[i] from one element of each input.',
      body: inFours ? foursBody(inputs, out, ways, program) : eachBody(inputs, out, program),
    },
    device,
  );
  return single(kernel);
};

/** Four results side by side read four elements side by side, one alone, or one each. */
type Reading = 'four' | 'one' | 'each';

function readingOf({ shape }: TensorSpec, out: Shape): Reading {
  if (product(shape) === product(out)) return 'four';
  return sameInFours(out, shape) ? 'one' : 'each';
}

function eachBody(inputs: readonly TensorSpec[], out: TensorSpec, program: Program): Wgsl {
  const operands = inputs.map((spec, i) => `f32(x${i}[${broadcastIndex('i', out.shape, spec.shape)}])`);
  const { statements, result } = programText(
    program,
    operands.map((_, i) => `v${i}`),
  );
  return wgsl`
    ${operands.map((text, i) => code(`let v${i} = ${text};`))}
    ${statements}
    out[i] = ${code(out.element)}(${code(result)});`;
}

function foursBody(
  inputs: readonly TensorSpec[],
  out: TensorSpec,
  ways: readonly Reading[],
  program: Program,
): Wgsl {
  const loads = inputs.map(({ shape }, i) =>
    ways[i] === 'four'
      ? code(`let v${i} = vec4f(x${i}[i]);`)
      : code(`let v${i} = f32(x${i}[${broadcastIndex('first', out.shape, shape)}]);`),
  );
  const results = [...'xyzw'].map((part) =>
    programText(
      program,
      ways.map((way, i) => (way === 'four' ? `v${i}.${part}` : `v${i}`)),
      `${part}_`,
    ),
  );
  const type = code(`vec4<${out.element}>`);
  return wgsl`
    ${code(ways.includes('one') ? 'let first = 4u * i;' : '')}
    ${loads}
    ${results.map(({ statements }) => statements)}
    out[i] = ${type}(vec4f(${code(results.map(({ result }) => result).join(', '))}));`;
}

export const pointwiseKernels = { pointwise };
