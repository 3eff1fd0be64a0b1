import { product } from '../shape.ts';
import { read, write } from './kernel.ts';
import { type Lowering, single } from './lowering.ts';
import { accurateLog } from './math/log.ts';
import { philox } from './math/philox.ts';
import { turn } from './math/turn.ts';
import { perElement } from './perElement.ts';
import { code, type WgslFunction, wgsl } from './wgsl.ts';

/** Attrs: site. `part` gives number `part` of the four that an invocation makes of its `words`. */
const drawn =
  (
    flops: number,
    layout: string,
    part: string,
    ...functions: WgslFunction[]
  ): Lowering<{ readonly site: number }> =>
  ({ label, out, attrs: { site } }, device) => {
    const total = product(out.shape);
    return single(
      perElement(
        {
          label,
          bindings: [read('key', 4, 'u32'), write('out', total)],
          total: Math.ceil(total / 4),
          flops: total * flops,
          layout: `key = seed low, seed high, step, 0. One invocation makes ${layout} from one counter.`,
          body: wgsl`
        let words = ${code('philox', philox)}(vec4u(i, ${site}u, key[2], 0u), vec2u(key[0], key[1]));
        for (var part = 0u; part < 4u; part++) {
          ${code(part, ...functions)}
          if (i * 4u + part < ${total}u) { out[i * 4u + part] = number; }
        }`,
        },
        device,
      ),
    );
  };

const randomUniform = drawn(
  25,
  'four neighbours',
  `// The top 24 bits are exact in f32 and never round up to 1.
let number = f32(words[part] >> 8u) * 5.9604644775390625e-8;`,
);

const randomNormal = drawn(
  65,
  'two pairs of neighbours',
  `// 1 - u is above 0: the logarithm is finite.
let radius = sqrt(-2.0 * accurate_log(1.0 - f32(words[part & 2u] >> 8u) * 5.9604644775390625e-8));
let number = radius * turn(words[part | 1u] >> 8u)[part & 1u];`,
  turn,
  accurateLog,
);

export const randomKernels = { randomUniform, randomNormal };
