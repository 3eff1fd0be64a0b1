import { product } from '../shape.ts';
import { read, touching, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { code, floatLiteral, wgsl } from './wgsl.ts';

/** Result for an index out of range. */
const NAN = code(floatLiteral(Number.NaN));

const oneHot: Lowering = ({ label, inputs, out }, device) => {
  const [n, classes] = out.shape as [number, number];
  return single(
    perElement(
      {
        label,
        bindings: [read('labels', product(inputs[0]!.shape), 'i32'), write('out', n * classes)],
        total: n * classes,
        layout: 'labels [N], out [N, classes].',
        body: wgsl`
        let label = labels[i / ${classes}u];
        let place = select(0.0, 1.0, label == i32(i % ${classes}u));
        out[i] = select(${NAN}, place, u32(label) < ${classes}u);`,
      },
      device,
    ),
  );
};

const gather: Lowering = ({ label, inputs, out }, device) => {
  const rows = inputs[0]!.shape[0]!;
  const width = product(inputs[0]!.shape.slice(1));
  const total = product(out.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          touching(total, read('x', rows * width, inputs[0]!.element)),
          read('indices', product(inputs[1]!.shape), 'i32'),
          write('out', total),
        ],
        total,
        layout: `x [${rows}, ${width}], out [N, ${width}].`,
        body: wgsl`
        let index = u32(indices[i / ${width}u]);
        let row = min(index, ${rows - 1}u);
        out[i] = select(${NAN}, f32(x[row * ${width}u + i % ${width}u]), index == row);`,
      },
      device,
    ),
  );
};

/** dy [N, ...], indices [N] -> dx [R, ...]: each row adds the cotangents that name it, in order. */
const gatherGrad: Lowering = ({ label, inputs, out }, device) => {
  const rows = out.shape[0]!;
  const width = product(out.shape.slice(1));
  const picks = product(inputs[1]!.shape);
  return single(
    perElement(
      {
        label,
        bindings: [
          read('dy', picks * width, inputs[0]!.element),
          read('indices', picks, 'i32'),
          write('out', rows * width),
        ],
        total: rows * width,
        flops: rows * width * picks,
        layout: `dy [${picks}, ${width}], out [${rows}, ${width}].`,
        body: wgsl`
        var sum = 0.0;
        for (var pick = 0u; pick < ${picks}u; pick++) {
          if (indices[pick] == i32(i / ${width}u)) { sum += f32(dy[pick * ${width}u + i % ${width}u]); }
        }
        out[i] = sum;`,
      },
      device,
    ),
  );
};

export const selectKernels = { oneHot, gather, gatherGrad };
