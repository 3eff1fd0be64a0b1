import { randomNormal, randomUniform } from '../../src/graph/ops/random.ts';
import { gather, oneHot } from '../../src/graph/ops/select.ts';
import { input } from '../../src/graph/value.ts';
import { dropout } from '../../src/nn/dropout.ts';
import { philox } from '../../src/random.ts';
import { at, build } from '../../src/specs/reference/tensor64.ts';
import type { SampleInput, SpecTable } from './spec.ts';

const key: SampleInput = { shape: [4], dtype: 'u32', fill: (_, i) => [12345, 6, 7, 0][i]! };
/** What randomUniform must give: four elements from one counter, the top 24 bits of each word. */
const uniforms = (site: number, count: number, [low, high, step]: readonly number[]): number[] =>
  Array.from({ length: count }, (_, i) => {
    const words = philox([i >> 2, site, step!, 0], [low!, high!]);
    return (words[i & 3]! >>> 8) / 2 ** 24;
  });

export const selectSpecs: SpecTable = {
  oneHot: {
    differentiable: false,
    samples: [
      {
        label: '5 classes',
        inputs: [{ shape: [9], dtype: 'i32', fill: (u) => Math.floor(u * 5) }],
        run: (x) => oneHot(x, 5),
        reference: (x) => build([9, 5], ([i, j]) => Number(x.data[i!] === j)),
      },
    ],
    rejects: [[() => oneHot(input('x', [3]), 4), 'oneHot: labels expects i32, got f32']],
  },
  gather: {
    samples: [
      {
        label: 'repeated rows',
        inputs: [{ shape: [5, 3, 2] }, { shape: [7], dtype: 'i32', fill: (u) => Math.floor(u * 5) }],
        run: gather,
        reference: (x, rows) => build([7, 3, 2], ([n, a, b]) => at(x, [rows.data[n!]!, a!, b!])),
      },
    ],
    rejects: [[() => gather(input('x', [3, 2]), input('i', [2])), 'gather: indices expects i32, got f32']],
  },
  randomUniform: {
    differentiable: false,
    samples: [
      {
        label: 'equal to the host generator',
        inputs: [key],
        run: (k) => randomUniform(k, 3, [1031]),
        reference: (k) => ({ shape: [1031], data: Float64Array.from(uniforms(3, 1031, [...k.data])) }),
      },
    ],
    rejects: [
      [() => randomUniform(input('k', [4]), 0, [2]), 'randomUniform: key expects u32 [4], got f32 [4]'],
    ],
  },
  randomNormal: {
    differentiable: false,
    // Logarithms near 1 are good to 2^-21, of which the root is taken.
    ulps: 64,
    samples: [
      {
        label: 'pairs of the same words',
        inputs: [key],
        run: (k) => randomNormal(k, 3, [1031]),
        reference: (k) => {
          const u = uniforms(3, 1032, [...k.data]);
          return build([1031], ([i]) => {
            const pair = i! - (i! % 2);
            const angle = 2 * Math.PI * u[pair + 1]! - Math.PI;
            return (
              Math.sqrt(-2 * Math.log(1 - u[pair]!)) * (i! % 2 === 0 ? Math.cos(angle) : Math.sin(angle))
            );
          });
        },
      },
    ],
    rejects: [
      [() => randomNormal(input('k', [4]), 0, [2]), 'randomNormal: key expects u32 [4], got f32 [4]'],
    ],
  },
  dropout: {
    samples: [
      {
        label: 'a quarter',
        inputs: [{ shape: [13, 5] }, key],
        run: (x, k) => dropout(x, 0.25, k, 9),
        reference: (x, k) => {
          const u = uniforms(9, 65, [...k.data]);
          return { shape: x.shape, data: x.data.map((v, i) => (u[i]! >= 0.25 ? v / 0.75 : 0)) };
        },
      },
    ],
    rejects: [
      [() => dropout(input('x', [2]), 1, input('k', [4], 'u32'), 0), 'dropout: p expects 0 <= p < 1, got 1'],
    ],
  },
};
