import { product } from '../shape.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { wgsl } from './wgsl.ts';

const resample: Lowering<{ readonly axis: number }> = ({ label, inputs, out, attrs: { axis } }, device) => {
  const [x, weights] = inputs as [(typeof inputs)[number], (typeof inputs)[number]];
  const length = x.shape[axis]!;
  const inner = product(x.shape.slice(axis + 1));
  const [places, taps] = weights.shape as [number, number];
  const total = product(out.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          read('x', product(x.shape), x.element),
          read('weights', places * taps),
          read('spans', places * 2, 'i32'),
          write('out', total),
        ],
        total,
        flops: total * taps * 2,
        layout: `x [outer, ${length}, inner], weights [${places}, ${taps}], spans [${places}, 2] of first place and count, out [outer, ${places}, inner].`,
        body: wgsl`
          let place = (i / ${inner}u) % ${places}u;
          let first = u32(spans[2u * place]);
          let count = u32(spans[2u * place + 1u]);
          let base = (i / ${places * inner}u) * ${length * inner}u + first * ${inner}u + i % ${inner}u;
          var sum = 0.0;
          for (var k = 0u; k < count; k++) {
            sum += weights[place * ${taps}u + k] * f32(x[base + k * ${inner}u]);
          }
          out[i] = sum;`,
      },
      device,
    ),
  );
};

export const resampleKernels = { resample };
