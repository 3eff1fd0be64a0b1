import { product } from '../shape.ts';
import { type Element, read, write } from './kernel.ts';
import { type Lowering, single, type TensorSpec } from './lowering.ts';
import { isNan } from './math/nan.ts';
import { perElement } from './perElement.ts';
import { code, type WgslFunction, wgsl } from './wgsl.ts';

/** Truncates towards zero and saturates; NaN gives 0. Plain conversions differ between drivers. */
const wholeOf = (element: 'i32' | 'u32', beyond: string, most: string): WgslFunction => ({
  name: `to_${element}`,
  needs: [isNan],
  source: `
    fn to_${element}(x: f32) -> ${element} {
      return select(select(${element}(x), ${most}, x >= ${beyond}), 0${element[0]}, is_nan(x));
    }`,
});

const toI32 = wholeOf('i32', '2147483648.0', '0x7fffffffi');
const toU32 = wholeOf('u32', '4294967296.0', '0xffffffffu');

function converted(from: Element, to: Element): ReturnType<typeof code> {
  const float = from === 'f32' || from === 'f16';
  if (float && to === 'i32') return code('to_i32(f32(x[i]))', toI32);
  if (float && to === 'u32') return code('to_u32(f32(x[i]))', toU32);
  return code(to === 'f16' && !float ? 'f16(f32(x[i]))' : `${to}(x[i])`);
}

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
        body: wgsl`out[i] = ${converted(x.element, out.element)};`,
      },
      device,
    ),
  );
};

export const castKernels = { cast };
