import { randomNormal, randomUniform } from '../graph/ops/random.ts';
import { philoxUniforms } from './reference/random.ts';
import { build } from './reference/tensor64.ts';
import type { SampleInput, SpecTable } from './spec.ts';

/** Seed (two words) and step. */
export const KEY: SampleInput = { shape: [4], dtype: 'u32', fill: (_, flat) => [12345, 6, 7, 0][flat]! };

export const randomSpecs = {
  randomUniform: {
    ulps: 0,
    differentiable: false,
    samples: [
      {
        label: 'as on the host',
        inputs: [KEY],
        run: (key) => randomUniform(key, 3, [1031]),
        reference: (key) => ({ shape: [1031], data: philoxUniforms(3, 1031, key) }),
      },
    ],
  },
  randomNormal: {
    differentiable: false,
    // Logarithms near 1 are good to 2^-21, of which the root is taken.
    ulps: 64,
    samples: [
      {
        label: 'in pairs from the same words',
        inputs: [KEY],
        run: (key) => randomNormal(key, 3, [1031]),
        reference: (key) => {
          const u = philoxUniforms(3, 1032, key);
          return build([1031], ([i]) => {
            const pair = i! - (i! % 2);
            const angle = 2 * Math.PI * u[pair + 1]! - Math.PI;
            const turn = i! % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
            return Math.sqrt(-2 * Math.log(1 - u[pair]!)) * turn;
          });
        },
      },
    ],
  },
} as const satisfies SpecTable;
