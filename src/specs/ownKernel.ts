import { ownKernel } from '../graph/ops/ownKernel.ts';
import { exp, mul, neg, shift, sigmoid } from '../graph/ops/pointwise.ts';
import { product } from '../shape.ts';
import { build } from './reference/tensor64.ts';
import { type SpecTable, shaped } from './spec.ts';

/** Two results of one text: e^x and x + 1, each with its derivative. */
const twoResults = ownKernel({
  name: 'two results',
  inputs: ['x'],
  outputs: { power: ({ x }) => x, next: ({ x }) => [...x, 1] },
  wgsl: ({ x }) => `
    @compute @workgroup_size(8)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x >= ${product(x)}u) { return; }
      power[id.x] = exp(x[id.x]);
      next[id.x] = x[id.x] + 1.0;
    }`,
  grid: ({ x }) => Math.max(1, Math.ceil(product(x) / 8)),
  vjp: ({ outputs, cotangents }) => ({ x: mul(cotangents.power, outputs.power) }),
});

const softplus = ownKernel({
  name: 'softplus',
  inputs: ['x'],
  outputs: { y: ({ x }) => x },
  wgsl: ({ x }) => `
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x >= ${product(x)}u) { return; }
      y[id.x] = max(x[id.x], 0.0) + log(1.0 + exp(-abs(x[id.x])));
    }`,
  grid: ({ x }) => Math.max(1, Math.ceil(product(x) / 64)),
  vjp: ({ inputs: { x }, cotangents: { y } }) => ({ x: mul(y, sigmoid(x)) }),
});

export const ownKernelSpecs = {
  ownKernel: {
    ulps: 32,
    dtypes: ['f32'],
    // WGSL's own functions are the text's.
    specials: false,
    samples: [
      {
        label: 'one result',
        inputs: shaped([3, 67]),
        run: (x) => softplus(x),
        reference: (x) => build(x.shape, ([i, j]) => Math.log1p(Math.exp(x.data[i! * 67 + j!]!))),
      },
      {
        label: 'one of two results, of which the other is used too',
        inputs: shaped([5, 7]),
        run: (x) => {
          const { power, next } = twoResults(neg(x));
          return mul(power, exp(shift(mul(next.shape.length === 3 ? power : x, 0.5), -1)));
        },
        reference: (x) =>
          build(x.shape, ([i, j]) => {
            const power = Math.exp(-x.data[i! * 7 + j!]!);
            return power * Math.exp(0.5 * power - 1);
          }),
      },
    ],
  },
} as const satisfies SpecTable;
