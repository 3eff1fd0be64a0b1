import { product } from '../shape.ts';
import { read, touching, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { perElement } from './perElement.ts';
import { type PickingAttrs, spans } from './picking.ts';
import { code, floatLiteral, wgsl } from './wgsl.ts';

/** Result for an index out of range. */
const NAN = floatLiteral(Number.NaN);

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
        out[i] = select(${code(NAN)}, place, u32(label) < ${classes}u);`,
      },
      device,
    ),
  );
};

const gather: Lowering<PickingAttrs> = ({ label, inputs, out, attrs }, device) => {
  const [x, indices] = inputs as [(typeof inputs)[number], (typeof inputs)[number]];
  const { rows, inner, outer, picks } = spans(x.shape, out.shape[attrs.axis]!, attrs);
  const total = product(out.shape);
  const float = out.element === 'f32';
  const value = (at: string): string => (float ? `f32(x[${at}])` : `x[${at}]`);
  const missing = float ? NAN : `${out.element}(0)`;
  const place = outer === 1 ? `i / ${inner}u` : `(i / ${inner}u) % ${picks}u`;
  const before = outer === 1 ? '' : `(i / ${picks * inner}u) * ${rows * inner}u + `;
  return single(
    perElement(
      {
        label,
        bindings: [
          touching(total, read('x', product(x.shape), x.element)),
          read('indices', product(indices.shape), 'i32'),
          write('out', total, out.element),
        ],
        total,
        layout:
          outer === 1
            ? `x [${rows}, ${inner}], out [N, ${inner}].`
            : `x [outer, ${rows}, ${inner}], out [outer, ${picks}, ${inner}].`,
        body: wgsl`
        let index = u32(indices[${code(attrs.each ? 'i' : place)}]);
        let row = min(index, ${rows - 1}u);
        out[i] = select(${code(missing)}, ${code(value(`${before}row * ${inner}u + i % ${inner}u`))}, index == row);`,
      },
      device,
    ),
  );
};

const flatPlaces: Lowering<{ readonly sizes: readonly number[]; readonly groups: number }> = (
  { label, inputs, out, attrs: { sizes, groups } },
  device,
) => {
  const total = product(out.shape);
  const depth = sizes.length;
  const each = Math.max(1, total / groups);
  const steps = sizes.map((size, axis) =>
    code(`index = u32(indices[i * ${depth}u + ${axis}u]);
found &= index < ${size}u;
place = place * ${size}u + index;`),
  );
  return single(
    perElement(
      {
        label,
        bindings: [read('indices', product(inputs[0]!.shape), 'i32'), write('out', total, 'i32')],
        total,
        layout: `indices [N, ${depth}] into axes of sizes ${sizes}, out [N].`,
        body: wgsl`
        var place = i / ${each}u;
        var found = true;
        var index = 0u;
        ${steps}
        out[i] = select(-1, i32(place), found);`,
      },
      device,
    ),
  );
};

export const selectKernels = { oneHot, gather, flatPlaces };
